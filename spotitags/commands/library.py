"""Command ``library``."""

from spotitags.commands._console import print_json, stdout
from spotitags.commands._options import Json


def library(*, as_json: Json = False) -> None:
    """List the artists of the bundled library, which --offline uses."""
    from spotitags.catalogs.library.catalog import LibraryCatalog

    sample = LibraryCatalog()
    if as_json:
        for artist in sample.artists():
            row = {"id": artist.id, "name": artist.name, "genre": artist.genre}
            print_json(
                row | {"held_out": artist.id in sample.held_out, "trained": artist.id in sample.trained_on}
            )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("artist", "name", "genre", "in training"):
        table.add_column(column)
    for artist in sorted(sample.artists(), key=lambda artist: (artist.genre or "", artist.name or "")):
        reason = "held out" if artist.id in sample.held_out else "no such genre in the model"
        trained = "yes" if artist.id in sample.trained_on else reason
        table.add_row(artist.id, artist.name, artist.genre, trained)
    stdout().print(table)
