"""Keys, folders and URLs, from the environment and the configuration file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import unquote, urlsplit

from platformdirs import user_cache_path
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from classifiers.files import read_plain
from spotitags.errors import SettingsError
from spotitags.errors.secrets import hide
from spotitags.settings.config_file import ConfigFile
from spotitags.settings.keys import Value, check_value, config_folder, from_environment, variable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping


class Settings(BaseModel):
    """Keys, folders and URLs: as passed in, else from the environment, else from the configuration file.

    The variables are ``SPOTITAGS_…`` and those of the services; the keys of the file are the attributes.

    Attributes:
        cache_dir: Folder of the cache (``SPOTITAGS_CACHE_DIR``; default: the user's cache folder).
        cache_megabytes: Maximum size of the cache; beyond it, the oldest entries are deleted
            (``SPOTITAGS_CACHE_MEGABYTES``).
        market: ISO 3166-1 country whose releases Spotify lists (``SPOTITAGS_MARKET``).
        spotify_client_id: Client id of a Spotify app (``SPOTIPY_CLIENT_ID``).
        spotify_client_secret: Secret of the same app (``SPOTIPY_CLIENT_SECRET``).
        spotify_api_url: URL instead of that of Spotify's Web API, for a proxy or a test
            (``SPOTITAGS_SPOTIFY_API_URL``).
        spotify_token_url: URL instead of that of Spotify's tokens (``SPOTITAGS_SPOTIFY_TOKEN_URL``).
        spotify_calls_a_day: Maximum number of calls of one kind in 24 hours, to stay below Spotify's quota; 0
            for no limit (``SPOTITAGS_SPOTIFY_CALLS_A_DAY``).
        contact: E-mail or web address to send to MusicBrainz (``SPOTITAGS_CONTACT``).
        config_dir: Folder of the configuration file (``SPOTITAGS_CONFIG_DIR``; default: the user's
            configuration folder).
        musicbrainz_url: URL instead of that of MusicBrainz, such as a mirror (``SPOTITAGS_MUSICBRAINZ_URL``).
        musicbrainz_pause: Seconds between two requests to it, at least 1 except for a mirror
            (``SPOTITAGS_MUSICBRAINZ_PAUSE``).
        coverart_url: URL instead of that of the Cover Art Archive (``SPOTITAGS_COVERART_URL``).
        clarifai_pat: Personal access token of Clarifai (``CLARIFAI_PAT``).
        clarifai_address: Another gRPC server for Clarifai, ``host:port`` for TLS or ``http://127.0.0.1:port``
            (``SPOTITAGS_CLARIFAI_ADDRESS``).
        google_credentials: File of Google's application default credentials
            (``GOOGLE_APPLICATION_CREDENTIALS``; default: the file of ``gcloud``, if it exists).
        google_vision_address: Another gRPC server for Google Vision, in the form of ``clarifai_address``
            (``SPOTITAGS_GOOGLE_VISION_ADDRESS``).

    Raises:
        SettingsError: A variable or a line of the file has an invalid value.
    """

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  (pydantic's)
        file = ConfigFile(Path(folder) if (folder := values.get("config_dir")) else None)
        given = _environment(type(self).model_fields, values) | values
        stored = {
            name: value
            for name, value in file.values.items()
            if name in type(self).model_fields and name not in given and variable(name) not in given
        }
        try:
            super().__init__(**stored | given)
        except ValidationError as error:  # its message would show values, such as keys
            origins = {name: file.origin(name) for name in stored}
            raise SettingsError(_invalid(error, values, origins)) from None
        hide(*_secrets(self))

    model_config = ConfigDict(populate_by_name=True, extra="forbid")

    cache_dir: Path = Field(default_factory=lambda: user_cache_path("spotitags"))
    cache_megabytes: int = Field(default=2048, gt=0)
    market: Annotated[str, BeforeValidator(str.upper)] = Field(default="US", pattern="^[A-Z]{2}$")
    spotify_client_id: str | None = Field(
        default=None, validation_alias=AliasChoices("SPOTIPY_CLIENT_ID", "spotify_client_id")
    )
    spotify_client_secret: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("SPOTIPY_CLIENT_SECRET", "spotify_client_secret")
    )
    spotify_api_url: str | None = None
    spotify_token_url: str | None = None
    spotify_calls_a_day: int = Field(default=500, ge=0)
    contact: str | None = None
    config_dir: Path = Field(default_factory=config_folder)
    musicbrainz_url: str | None = None
    musicbrainz_pause: float = Field(default=1.0, ge=0, le=60)
    coverart_url: str | None = None
    clarifai_pat: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("CLARIFAI_PAT", "clarifai_pat")
    )
    clarifai_address: str | None = None
    google_credentials: Path | None = Field(
        default_factory=lambda: _gcloud_credentials(),  # noqa: PLW0108  (defined below)
        validation_alias=AliasChoices("GOOGLE_APPLICATION_CREDENTIALS", "google_credentials"),
    )
    google_vision_address: str | None = None

    @model_validator(mode="after")
    def _load_contact(self) -> Self:
        if not self.contact:
            file = ConfigFile(self.config_dir).former_contact
            with suppress(OSError, UnicodeDecodeError):
                self.contact = read_plain(file).decode().strip() or None
        return self


def check_setting(key: str, value: Value, origin: str) -> None:
    """Check the value of one setting as a `Settings` would.

    Args:
        key: One of `spotitags.settings.keys.KEYS`.
        value: Its value.
        origin: Source of the value, for the message.

    Raises:
        SettingsError: The value does not fit the setting; the message does not show it.
    """
    check_value(key, value, origin)
    if key in Settings.model_fields:
        try:
            Settings.__pydantic_validator__.validate_assignment(Settings.model_construct(), key, value)
        except ValidationError as error:
            raise SettingsError(_invalid(error, {}, {key: origin})) from None


def _environment(fields: Iterable[str], given: Container[str]) -> dict[str, str]:
    """Return the environment's value of each field that is not given.

    pydantic-settings does the same, but imports asyncio and ssl: 60 ms at every start.
    """
    return {
        name: value
        for name in fields
        if name not in given and variable(name) not in given and (value := from_environment(name))
    }


def _gcloud_credentials() -> Path | None:
    """Return the file that ``gcloud auth application-default login`` writes, if it exists."""
    default = "${APPDATA}/gcloud" if os.name == "nt" else "~/.config/gcloud"
    folder = os.environ.get("CLOUDSDK_CONFIG") or os.path.expandvars(default)
    try:
        file = Path(folder).expanduser() / "application_default_credentials.json"
        return file if file.is_file() else None
    except (OSError, RuntimeError):  # the folder may not be read, or there is no home folder
        return None


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield the keys, and the passwords in addresses."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value().strip()
        elif isinstance(value, str) and "@" in value and "://" in value:
            with suppress(ValueError):
                yield unquote(urlsplit(value).password or "")


def _invalid(error: ValidationError, given: Container[str], stored: Mapping[str, str]) -> str:
    """Name the source of each invalid value and the reason, without the value.

    Args:
        error: Error of pydantic.
        given: Names that were passed in.
        stored: Origin of each value in the configuration file.
    """
    messages = []
    for detail in error.errors(include_input=False, include_url=False):
        name = str(detail["loc"][0])
        field = next((key for key in Settings.model_fields if variable(key) == name), name)
        if field in stored:
            origin = f"{stored[field]}: {field}"
        elif name in given:
            origin = name
        else:
            origin = f"{variable(field)} in the environment"
        messages.append(f"{origin} is invalid: {detail['msg']}")
    return "; ".join(messages)
