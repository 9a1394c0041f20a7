"""Build the SpotiTags instance of a command from its options, tables and configuration."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from spotitags.commands._console import note
from spotitags.commands._options import AlbumOptions, CatalogOptions, TaggerChoice
from spotitags.commands._texts import text_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from spotitags.catalogs.base import Catalog
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Artist
    from spotitags.settings.keys import Value


NAMES_TRIED = 10  # of a table, in a catalogue that may take a second for each


class Labelled(NamedTuple):
    """Labelled artists of a command.

    Attributes:
        artists: Artists with genres.
        spotitags: Finds their covers.
        single: True if each "artist" is one cover.
        table: The table of the labels; None for the bundled library.
    """

    artists: "list[Artist]"
    spotitags: "SpotiTags"
    single: bool
    table: "CsvTable | None" = None

    @property
    def genre_column(self) -> str | None:
        """Name of the column of genres in the table; None if it has none."""
        if self.table is None or self.table.path.is_dir() or "genre" not in self.table.columns:
            return None
        return self.table.name_of("genre")


def open_spotitags(
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> "SpotiTags":
    """Build a SpotiTags instance from option groups, whose fields are named as its keywords.

    Args:
        source: Options that choose albums.
        tagging: Options that choose taggers.
        options: Further keywords of SpotiTags; they replace options of the same name.
    """
    from spotitags.pipeline.spotitags import SpotiTags

    given = vars(source) | (vars(tagging) if tagging else {})
    given["catalog"] = catalog_name(source, covers_given=options.get("manifest") is not None)
    if isinstance(source, AlbumOptions):
        given["albums"] = album_count(source)
    if "also" in given:
        given["also"] = split(given["also"])
    given |= {"notify": note} | options
    fill_in(given)
    return SpotiTags(**{name: value for name, value in given.items() if value is not None})


def user_table(path: "Path", columns: str | None) -> "CsvTable":
    """Return the table of a file; a guess of its encoding is reported.

    Args:
        path: File, or a folder of covers.
        columns: Value of the option ``--columns``.
    """
    from spotitags.catalogs.columns import parse_columns
    from spotitags.catalogs.csv_table import CsvTable

    return CsvTable(path, parse_columns(columns), note)


def open_tables(paths: "Iterable[Path]", columns: str | None) -> "Callable[[Path], CsvTable]":
    """Open the tables of one command, each once; what ``--columns`` gives is for those that have the columns.

    Args:
        paths: Files, and folders of covers.
        columns: Value of the option ``--columns``.

    Returns:
        A function that returns the table of one of the paths.

    Raises:
        InputError: No table has one of the given columns.
    """
    from spotitags.catalogs.arguments import share_columns

    tables = {path: user_table(path, columns) for path in paths}
    share_columns(tables.values())
    return tables.__getitem__


def open_for_labels(
    labels_file: "Path | None",
    genres: str | None,
    source: CatalogOptions,
    tagging: TaggerChoice | None = None,
    *,
    columns: str | None = None,
    single: bool = False,
    text_column: "list[str] | None" = None,
    keep_names: bool = False,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> Labelled:
    """Load the labelled artists of a table or folder, and build a SpotiTags instance that finds their covers.

    Args:
        labels_file: As for `spotitags.catalogs.labels.load_labelled`.
        genres: Value of the option ``--genres``.
        source: As for `open_spotitags`.
        tagging: As for `open_spotitags`.
        columns: Value of the option ``--columns``.
        single: True takes every cover on its own; a table without artists is always taken so.
        text_column: Values of the option ``--text-column``.
        keep_names: Value of the option ``--keep-names``.
        options: Further keywords of SpotiTags.
    """
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.labels import load_labelled

    table = None if labels_file is None else user_table(labels_file, columns)
    options["texts"] = text_columns(table, text_column, keep_names=keep_names)
    artists, origin = load_labelled(table, split(genres), single=single, notify=note)
    manifest = origin if isinstance(origin, CsvTable) else None
    if manifest is None and origin is not None:
        options["catalog"] = origin
    from spotitags.catalogs.single_covers import SingleCovers

    spotitags = open_spotitags(source, tagging, manifest=manifest, **options)
    if table is not None and origin is None:
        _check_names(table, artists, spotitags.source)
    return Labelled(artists, spotitags, isinstance(origin, SingleCovers), table)


def _check_names(table: "CsvTable", artists: "Sequence[Artist]", catalog: "Catalog") -> None:
    """Check that a table with names instead of ids, and without files, names artists of the catalogue.

    Raises:
        InputError: The catalogue has none of the first artists.
        CatalogError: The catalogue could not answer.
    """
    from spotitags.catalogs.arguments import unknown_artists
    from spotitags.catalogs.search import ArtistFinder
    from spotitags.errors import ArtistNotFoundError

    finder = ArtistFinder(catalog)
    for artist in artists[:NAMES_TRIED]:
        with suppress(ArtistNotFoundError):
            finder.id_of(artist.id)
            return
    raise unknown_artists(table, "artist_id", artists[0].id, catalog)


def dataset_name(labels_file: "Path") -> str:
    """Return the name of the folder with the labels."""
    path = labels_file.resolve()
    return path.name if path.is_dir() else path.parent.name


def split(names: str | None) -> tuple[str, ...]:
    """Split the value of an option such as ``--genres a,b``."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


def catalog_name(source: "CatalogOptions", *, covers_given: bool = False) -> str:
    """Return the name of the catalogue: as requested, else as configured, else ``auto``.

    Args:
        source: Options of the command; ``--offline`` and ``--manifest`` choose for themselves.
        covers_given: True if a table of labels names covers on disk.
    """
    if source.catalog is not None:
        return str(source.catalog)
    if source.offline or covers_given or getattr(source, "manifest", None) is not None:
        return "auto"
    from spotitags.settings.config_file import run_options

    return run_options().catalog or "auto"


def album_count(source: "AlbumOptions", default: int = 10) -> int:
    """Return the maximum number of albums per artist: as requested, else as configured, else the default."""
    if source.albums is not None:
        return source.albums
    from spotitags.settings.config_file import run_options

    return run_options().albums or default


def fill_in(given: dict[str, Any]) -> None:
    """Fill in the options ``tagger``, ``words`` and ``model`` of a command that are not given.

    The bundled library and a corpus have tags of one tagger: for them, tagger and words stay as they are.

    Args:
        given: Keywords of `spotitags.pipeline.spotitags.SpotiTags`, with None for options that are not given.
    """
    from spotitags.settings.config_file import run_options

    missing = {name for name in ("tagger", "words", "model") if name in given and given[name] is None}
    found: dict[str, Any] = {
        name: value for name, value in run_options()._asdict().items() if name in missing and value
    }
    of_covers = found.keys() & {"tagger", "words"}
    if of_covers and _uses_library(given):
        for name in sorted(of_covers):
            del found[name]
        note(f"the configured {' and '.join(sorted(of_covers))} cannot be used with covers that are tagged")
    given |= found


def _uses_library(given: dict[str, Any]) -> bool:
    catalog, offline, manifest = given["catalog"], given.get("offline", False), given.get("manifest")
    from spotitags.catalogs.base import TaggedCatalog

    if not isinstance(catalog, str):
        return isinstance(catalog, TaggedCatalog)
    if manifest is not None:
        from spotitags.io.corpus import corpus_files

        return bool(corpus_files(manifest.path))
    from spotitags.catalogs.registry import choose_catalog
    from spotitags.settings import Settings

    settings = None if offline or manifest is not None or catalog != "auto" else Settings()
    return choose_catalog(catalog, settings, manifest=manifest, offline=offline).name == "library"


def save_setting(key: str, value: "Value | None") -> "Path":
    """Change a setting in the configuration file, which only its user may read; return the file.

    Args:
        key: Setting.
        value: New value; None removes the setting.

    Raises:
        SettingsError: The file cannot be changed.
        InputError: The file cannot be written.
    """
    from classifiers.files import replaced_file
    from spotitags.io.output import output_errors
    from spotitags.settings.config_file import ConfigFile

    file = ConfigFile()
    text = file.edited(key, value).encode()
    with (
        output_errors(file.path, "folder by SPOTITAGS_CONFIG_DIR"),
        replaced_file(file.path, lasting=True) as out,
    ):
        out.write(text)
        if os.name == "posix":
            os.fchmod(out.fileno(), 0o600)  # it may hold keys
    return file.path
