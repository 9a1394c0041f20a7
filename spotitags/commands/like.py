"""Command ``like``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from spotitags.commands._console import exit_code, note, print_all, print_failures
from spotitags.commands._open import album_count, open_spotitags, open_tables
from spotitags.commands._options import AlbumOptions, Columns, Covers, Folds, Seed, TaggingOptions
from spotitags.commands._progress import progress
from spotitags.commands._titles import Titles
from spotitags.errors import InputError, require_training

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.records import Artist
    from spotitags.training.ensemble import TrainingReport

EXAMPLES = (
    "spotitags like liked.csv other.csv --out models/taste",
    "spotitags like liked/ other/",
)
LEAST = 3
"""Minimum number of artists of each list."""


def like(
    liked: Annotated[
        Path,
        typer.Argument(
            metavar="LIKED", help="What you like: a table or list of artists, a table of covers, or a folder."
        ),
    ],
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="What you do not like as much: the same.")],
    source: AlbumOptions,
    tagging: TaggingOptions,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", help="Model to write: OUT.onnx and OUT.json; without, it is only measured."
        ),
    ] = None,
    columns: Columns = None,
    covers: Covers = False,
    folds: Folds = 5,
    seed: Seed = 0,
    titles: Titles = None,
) -> None:
    """Train a model of your taste on two lists, and say how often it is right; spotitags score uses it."""
    from rich.text import Text

    from spotitags.catalogs.combined import CombinedCatalog
    from spotitags.commands._render import show_training
    from spotitags.explain.ranking.ranking import LIKED, OTHER
    from spotitags.training.ensemble import train

    require_training("like")
    open_table = open_tables([liked, other], columns)
    origins: dict[str, tuple[Catalog, str]] = {}
    artists: list[Artist] = []
    single = False
    for path, genre in ((liked, LIKED), (other, OTHER)):
        catalog, listed = _listed(open_table(path), source, covers=covers)
        single = single or catalog.name == "covers"
        if len(listed) < LEAST:
            raise InputError(
                f"{path} lists {len(listed)}: give {LEAST} artists or covers, or more; tens of them tell more"
            )
        artists += [_added(artist, catalog, genre, origins, path) for artist in listed]
    spotitags = open_spotitags(
        source, tagging, catalog=_library(origins) or CombinedCatalog(origins), titles=titles,
        albums=album_count(source, default=20),
    )  # fmt: skip
    with progress(len(artists)) as step, TemporaryDirectory() as folder:
        target = Path(folder) / "taste" if out is None else out
        report = train(spotitags, artists, target, folds=folds, seed=seed, single=single, progress=step)
    print_failures(report.failed)
    print_all([*show_training(report, kept=out is not None), Text(verdict(report))])
    if out is None:
        note("the model is not kept: add --out OUT, and use it by 'spotitags score ALBUMS --model OUT'")
    raise typer.Exit(exit_code(len(artists), len(report.failed)))


def verdict(report: "TrainingReport") -> str:
    """Return whether covers tell the lists apart."""
    accuracy = report.trained.estimates["balanced_accuracy"]
    chance = 1 / len(report.trained.genres)
    if accuracy.low <= chance:
        return (
            "Covers say nothing about these lists: the interval includes chance. "
            "Give longer lists, or lists that differ more."
        )
    return (
        f"On artists that it was not trained on, it is right {accuracy.value:.0%} of the time (chance 50%)."
    )


def _library(origins: "dict[str, tuple[Catalog, str]]") -> "Catalog | None":
    """Return the bundled library if all artists are in it, since its covers are tagged already.

    Raises:
        InputError: Only one of the lists is in it.
    """
    from spotitags.catalogs.base import TaggedCatalog

    tagged = [catalog for catalog, _ in origins.values() if isinstance(catalog, TaggedCatalog)]
    if tagged and len(tagged) < len(origins):
        raise InputError("the bundled library has no pictures to tag with others: give both lists as covers")
    return tagged[0] if tagged else None


def _listed(table: "CsvTable", source: AlbumOptions, *, covers: bool) -> "tuple[Catalog, list[Artist]]":
    """Return the catalogue of a list and its artists; a single folder of pictures lists covers."""
    from spotitags.catalogs.arguments import open_covers, read_artists
    from spotitags.catalogs.pictures import is_picture
    from spotitags.catalogs.search import ArtistFinder
    from spotitags.catalogs.single_covers import SingleCovers
    from spotitags.records import Artist

    if table.path.is_dir() or is_picture(table.path) or "file" in table.columns:
        catalog = SingleCovers(table, labelled=False) if covers else open_covers(table)
        artists = catalog.artists()
        if table.path.is_dir() and len(artists) == 1:
            catalog = SingleCovers(table, labelled=False)
            artists = [Artist(artist.id) for artist in catalog.artists()]
        return catalog, artists
    finder = ArtistFinder(open_spotitags(source).source)
    return finder.catalog, [Artist(finder.id_of(ref)) for ref in read_artists(table)]


def _added(
    artist: "Artist",
    catalog: "Catalog",
    genre: str,
    origins: "dict[str, tuple[Catalog, str]]",
    path: Path,
) -> "Artist":
    """Return an artist of one of the lists under a name that no other has, and note where it is from."""
    from dataclasses import replace

    ref = artist.id
    if ref in origins:
        if catalog.name != "covers":
            raise InputError(f"{path} lists {ref}, which is in the other list, too: leave it in one of them")
        ref = f"{path}: {ref}"  # names of files are relative to their lists
    origins[ref] = (catalog, artist.id)
    return replace(artist, id=ref, name=artist.name, genre=genre)
