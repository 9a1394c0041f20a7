"""Names of all settings, with their kinds and their variables in the environment."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spotitags.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = str | int | float | list[str]

CATALOGS: Final = ("auto", "spotify", "musicbrainz", "folder", "library")


class Kind(StrEnum):
    """Kind of the value of a setting, as messages name it."""

    text = "text in quotes"
    path = "a path in quotes"
    whole = "a whole number"
    number = "a number"
    names = "a name in quotes, or a list of them"


KEYS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "catalog": Kind.text,
        "tagger": Kind.names,
        "words": Kind.path,
        "model": Kind.path,
        "albums": Kind.whole,
        "contact": Kind.text,
        "market": Kind.text,
        "cache_dir": Kind.path,
        "cache_megabytes": Kind.whole,
        "spotify_client_id": Kind.text,
        "spotify_client_secret": Kind.text,
        "spotify_calls_a_day": Kind.whole,
        "spotify_api_url": Kind.text,
        "spotify_token_url": Kind.text,
        "musicbrainz_url": Kind.text,
        "musicbrainz_pause": Kind.number,
        "coverart_url": Kind.text,
        "clarifai_pat": Kind.text,
        "clarifai_address": Kind.text,
        "google_credentials": Kind.path,
        "google_vision_address": Kind.text,
    }
)
"""Settings of the configuration file."""
SECRETS: Final = frozenset({"spotify_client_secret", "clarifai_pat"})
"""Settings that are never shown."""

_VARIABLES: Final = {  # of the services; all others begin with SPOTITAGS_
    "spotify_client_id": "SPOTIPY_CLIENT_ID",
    "spotify_client_secret": "SPOTIPY_CLIENT_SECRET",
    "clarifai_pat": "CLARIFAI_PAT",
    "google_credentials": "GOOGLE_APPLICATION_CREDENTIALS",
}


def variable(key: str) -> str:
    """Return the name of a setting in the environment."""
    return _VARIABLES.get(key, f"SPOTITAGS_{key.upper()}")


def from_environment(key: str) -> str | None:
    """Return the value of a setting in the environment; an empty variable counts as unset."""
    return os.environ.get(variable(key)) or None


def config_folder() -> Path:
    """Return the folder of the configuration file: ``SPOTITAGS_CONFIG_DIR``, or the user's."""
    if given := from_environment("config_dir"):
        return Path(given)
    from platformdirs import user_config_path  # not for --help

    return user_config_path("spotitags")


def from_words(key: str, words: Sequence[str], origin: str) -> Value:
    """Convert a value of the command line or the environment into that of a setting.

    Args:
        key: One of `KEYS`.
        words: One word; for a list of names any number.
        origin: Source of the value, for the message.

    Raises:
        SettingsError: The words do not fit the setting.
    """
    kind = KEYS[key]
    if kind is Kind.names:
        return [name.strip() for word in words for name in word.split(",") if name.strip()]
    if len(words) != 1:
        raise SettingsError(f"{origin}: {key} takes one value, not {len(words)}")
    (word,) = words
    if kind is Kind.path:
        return str(Path(word).expanduser().absolute())
    if kind not in {Kind.whole, Kind.number}:
        return word
    try:
        return int(word) if kind is Kind.whole else float(word)
    except ValueError:
        raise SettingsError(f"{origin}: {key} must be {kind}") from None


def check_value(key: str, value: object, origin: str) -> Value:
    """Check the kind of a value, and the range of those that no other class checks.

    Args:
        key: One of `KEYS`.
        value: Value of the setting.
        origin: Source of the value, for the message.

    Raises:
        SettingsError: The value does not fit the setting; the message does not show it.
    """
    kind = KEYS[key]
    fits = {
        Kind.whole: type(value) is int,
        Kind.number: type(value) in {int, float},
        Kind.names: isinstance(value, str)
        or (isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)),
    }
    if not fits.get(kind, isinstance(value, str)):
        raise SettingsError(f"{origin}: {key} must be {kind}")
    if key == "albums" and isinstance(value, int) and value < 1:
        raise SettingsError(f"{origin}: albums must be at least 1")
    if key == "catalog" and value not in CATALOGS:
        raise SettingsError(f"{origin}: catalog must be one of {', '.join(CATALOGS)}")
    return value  # type: ignore[return-value]  # its kind was checked
