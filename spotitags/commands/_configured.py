"""Options that are not given, from the environment and the configuration file."""

import os
from typing import TYPE_CHECKING, Any

from spotitags.commands._console import message

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.commands._options import AlbumOptions, CatalogOptions
    from spotitags.settings.keys import Value


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
    from spotitags.settings.run_options import run_options

    return run_options().catalog or "auto"


def album_count(source: "AlbumOptions", default: int = 10) -> int:
    """Return the maximum number of albums per artist: as requested, else as configured, else the default."""
    if source.albums is not None:
        return source.albums
    from spotitags.settings.run_options import run_options

    return run_options().albums or default


def fill_in(given: dict[str, Any]) -> None:
    """Fill in the options ``tagger``, ``words`` and ``model`` of a command that are not given.

    The bundled library has tags of one tagger and no covers: for it, tagger and words stay as they are.

    Args:
        given: Keywords of `spotitags.pipeline.spotitags.SpotiTags`, with None for options that are not given.
    """
    from spotitags.settings.run_options import run_options

    missing = {name for name in ("tagger", "words", "model") if name in given and given[name] is None}
    found: dict[str, Any] = {
        name: value for name, value in run_options()._asdict().items() if name in missing and value
    }
    of_covers = found.keys() & {"tagger", "words"}
    if of_covers and _uses_library(given):
        for name in sorted(of_covers):
            del found[name]
        message(f"the configured {' and '.join(sorted(of_covers))} cannot be used with the bundled library")
    given |= found


def _uses_library(given: dict[str, Any]) -> bool:
    catalog, offline, manifest = given["catalog"], given.get("offline", False), given.get("manifest")
    if not isinstance(catalog, str):
        return False
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
    from spotitags.io.output import output_errors, replaced_file
    from spotitags.settings.config_file import ConfigFile

    file = ConfigFile()
    text = file.edited(key, value).encode()
    with (
        output_errors(file.path, "folder by SPOTITAGS_CONFIG_DIR"),
        replaced_file(file.path.resolve()) as out,
    ):
        out.write(text)
        if os.name == "posix":
            os.fchmod(out.fileno(), 0o600)  # it may hold keys
    return file.path
