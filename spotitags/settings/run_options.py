"""Defaults of command-line options from the environment and the configuration file, read without pydantic."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from spotitags.settings.config_file import ConfigFile
from spotitags.settings.keys import Value, check_value, from_environment, from_words, variable


class Configured(NamedTuple):
    """Value of a setting, and its source for messages."""

    value: Value
    origin: str


class RunOptions(NamedTuple):
    """Defaults of options; None where neither the environment nor the file sets one.

    Attributes:
        catalog: Name of a catalogue.
        tagger: Names of taggers.
        words: File of words to look for.
        model: Trained ensemble.
        albums: Maximum number of albums per artist.
    """

    catalog: str | None = None
    tagger: list[str] | None = None
    words: Path | None = None
    model: Path | None = None
    albums: int | None = None


def configured(key: str, file: ConfigFile) -> Configured | None:
    """Return the value of a setting from the environment, else from the file; None if neither has it.

    Raises:
        SettingsError: The value does not fit the setting, or the file cannot be used.
    """
    if text := from_environment(key):
        origin = f"{variable(key)} in the environment"
        return Configured(check_value(key, from_words(key, [text], origin), origin), origin)
    value = file.values.get(key)
    return None if value is None else Configured(value, file.origin(key))


def run_options() -> RunOptions:
    """Read the defaults of options.

    Raises:
        SettingsError: A value does not fit its setting, or the file cannot be used.
    """
    file = ConfigFile()
    found = {key: configured(key, file) for key in RunOptions._fields}
    given = {key: each.value for key, each in found.items() if each}
    words, model, tagger, albums = (given.get(key) for key in ("words", "model", "tagger", "albums"))
    return RunOptions(
        catalog=None if "catalog" not in given else str(given["catalog"]),
        tagger=[tagger] if isinstance(tagger, str) else tagger if isinstance(tagger, list) else None,
        words=None if words is None else Path(str(words)),
        model=None if model is None else Path(str(model)),
        albums=albums if isinstance(albums, int) else None,
    )
