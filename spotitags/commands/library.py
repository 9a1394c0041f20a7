"""Command ``library``."""

from spotitags.commands._console import print_all, print_json, stdout
from spotitags.commands._options import Json

NARROW = 60  # columns of a terminal that shows names only


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
    table.add_column("artist", no_wrap=True)
    narrow = stdout().width < NARROW
    for column in ("name",) if narrow else ("name", "genre", "in training"):
        table.add_column(column, overflow="fold")
    for artist in sorted(sample.artists(), key=lambda artist: (artist.genre or "", artist.name or "")):
        reason = "held out" if artist.id in sample.held_out else "no such genre in the model"
        trained = "yes" if artist.id in sample.trained_on else reason
        cells = (artist.name or "", artist.genre or "", trained)
        table.add_row(artist.id, *(cells[:1] if narrow else cells))
    print_all([table])
