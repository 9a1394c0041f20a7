"""Configuration file, with one setting a line in TOML, and defaults of options from it or the environment.

Read without pydantic, which takes a tenth of a second.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from classifiers.files import read_plain
from spotitags.errors import SettingsError
from spotitags.settings.keys import (
    KEYS,
    Kind,
    Value,
    check_value,
    config_folder,
    from_environment,
    from_words,
    variable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "config.toml"
"""File in the configuration folder."""


class ConfigFile:
    """The configuration file of a folder, read once, on first use; a file that does not exist is empty.

    Args:
        folder: The configuration folder; None for that of the environment.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or config_folder()) / NAME
        self.former_contact = self.path.with_name("contact")
        """File with which earlier versions stored the contact for MusicBrainz."""

    @cached_property
    def text(self) -> str:
        """Content of the file.

        Raises:
            SettingsError: It cannot be read.
        """
        try:
            return read_plain(self.path).decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise SettingsError(f"{self.path} cannot be read ({reason}): correct or delete it") from error

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """Content of the file as TOML, with any keys.

        Raises:
            SettingsError: The file is not TOML; the message names the line.
        """
        if not self.text:
            return {}
        import tomllib

        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(
                f'{self.path} is not TOML: {error}; write lines such as catalog = "musicbrainz"'
            ) from error

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """Settings of the file; a relative path is relative to its folder.

        Raises:
            SettingsError: A key is unknown, or a value has the wrong kind; the message names the line.
        """
        for key in self.content:
            if key not in KEYS:
                near = get_close_matches(key, KEYS, n=1)
                raise SettingsError(
                    f"{self.origin(key)}: unknown setting {key!r}"
                    + (f" (did you mean {near[0]!r}?)" if near else "")
                    + f"; 'spotitags config set --help' lists all, 'spotitags config unset {key}' removes it"
                )
        checked = {key: check_value(key, value, self.origin(key)) for key, value in self.content.items()}
        return {
            key: str(self.path.parent / Path(str(value)).expanduser()) if KEYS[key] is Kind.path else value
            for key, value in checked.items()
        }

    def origin(self, key: str) -> str:
        """Return the file and the line of a key, for messages."""
        span = self._span(key)
        return f"{self.path}, line {span[0] + 1}" if span else str(self.path)

    def edited(self, key: str, value: Value | None) -> str:
        """Return the text of the file with another value of a key; all other lines and comments stay.

        Args:
            key: Key to set or to remove; to remove, it may be unknown.
            value: New value; None removes the key.

        Raises:
            SettingsError: The file is not TOML, or the key is in a table.
        """
        expected = {name: each for name, each in self.content.items() if name != key}
        lines = _lines(self.text)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        start, end, comment = self._span(key) or (len(lines), len(lines), "")
        lines[start:end] = [] if value is None else [f"{key} = {_toml(value)}{comment}\n"]
        text = "".join(lines)
        if value is not None:
            expected[key] = value
        if _loads(text) != expected:
            raise SettingsError(f"{self.path} has {key} in a form that cannot be changed here: edit the file")
        return text

    def _span(self, key: str) -> tuple[int, int, str] | None:
        """Return the first line of a key, the line after its value, and the comment behind the value."""
        lines = _lines(self.text)
        begins = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
        for start, line in enumerate(lines):
            if not begins.match(line):
                continue
            for end in range(start + 1, len(lines) + 1):
                value = _loads("".join(lines[start:end]))
                if value is not None and key in value:
                    return start, end, _comment("".join(lines[start:end]), value)
        return None


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


def _comment(text: str, value: Mapping[str, Any]) -> str:
    """Return the comment at the end of an assignment, with the spaces before it."""
    for match in re.finditer(r"\s*#", text):
        if _loads(text[: match.start()]) == value:
            return text[match.start() :].rstrip()
    return ""


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _loads(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _toml(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):  # a string of JSON is one of TOML
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
