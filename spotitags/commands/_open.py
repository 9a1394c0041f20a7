"""Build the SpotiTags instance of a command from its options and tables."""

from typing import TYPE_CHECKING, Any, NamedTuple

from spotitags.commands._configured import album_count, catalog_name, fill_in
from spotitags.commands._console import message
from spotitags.commands._options import AlbumOptions, CatalogOptions, TaggerChoice

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist


class Labelled(NamedTuple):
    """Labelled artists of a command.

    Attributes:
        artists: Artists with genres.
        spotitags: Finds their covers.
        single: True if each "artist" is one cover.
    """

    artists: "list[Artist]"
    spotitags: "SpotiTags"
    single: bool


def open_spotitags(
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    *,
    columns: str | None = None,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> "SpotiTags":
    """Build a SpotiTags instance from option groups, whose fields are named as its keywords.

    Args:
        source: Options that choose albums.
        tagging: Options that choose taggers.
        columns: Value of the option ``--columns``, for the manifest.
        options: Further keywords of SpotiTags; they replace options of the same name.
    """
    from spotitags.pipeline.spotitags import SpotiTags

    given = vars(source) | (vars(tagging) if tagging else {})
    given["catalog"] = catalog_name(source, covers_given=options.get("manifest") is not None)
    if isinstance(source, AlbumOptions):
        given["albums"] = album_count(source)
    if "also" in given:
        given["also"] = split(given["also"])
    if given.get("manifest") is not None:
        given["manifest"] = user_table(given["manifest"], columns)
    given |= options
    fill_in(given)
    return SpotiTags(notify=message, **{name: value for name, value in given.items() if value is not None})


def user_table(path: "Path", columns: str | None) -> "CsvTable":
    """Return the table of a file; a guess of its encoding is reported.

    Args:
        path: File, or a folder of covers.
        columns: Value of the option ``--columns``.
    """
    from spotitags.catalogs.columns import parse_columns
    from spotitags.catalogs.csv_table import CsvTable

    return CsvTable(path, parse_columns(columns), message)


def open_for_labels(
    labels_file: "Path | None",
    genres: str | None,
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    *,
    columns: str | None = None,
    single: bool = False,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> Labelled:
    """Load the labelled artists of a table, and build a SpotiTags instance that finds their covers.

    Args:
        labels_file: As for `spotitags.catalogs.labels.load_labelled`.
        genres: Value of the option ``--genres``.
        source: As for `open_spotitags`.
        tagging: As for `open_spotitags`.
        columns: Value of the option ``--columns``.
        single: True takes every cover on its own; a list without artists is always taken so.
        options: Further keywords of SpotiTags.
    """
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.labels import load_labelled

    table = None if labels_file is None else user_table(labels_file, columns)
    artists, origin = load_labelled(table, split(genres), single=single)
    manifest = origin if isinstance(origin, CsvTable) else None
    if manifest is None and origin is not None:
        options["catalog"] = origin
    return Labelled(
        artists, open_spotitags(source, tagging, manifest=manifest, **options), "catalog" in options
    )


def split(names: str | None) -> tuple[str, ...]:
    """Split the value of an option such as ``--genres a,b``."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())
