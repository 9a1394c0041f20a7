"""Settings from the environment; no other module reads the variables that are named here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from platformdirs import user_cache_path, user_config_path
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

from spotitags.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

CONTACT_FILE: Final = "contact"
"""File in the configuration folder that stores the contact for MusicBrainz."""

_VARIABLES: Final = {  # of the services; all others begin with SPOTITAGS_
    "spotify_client_id": "SPOTIPY_CLIENT_ID",
    "spotify_client_secret": "SPOTIPY_CLIENT_SECRET",
    "clarifai_pat": "CLARIFAI_PAT",
    "google_credentials": "GOOGLE_APPLICATION_CREDENTIALS",
}


class Settings(BaseModel):
    """Keys, folders and URLs: as passed in, else from ``SPOTITAGS_…`` and the variables of the services.

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
        contact: E-mail or web address to send to MusicBrainz (``SPOTITAGS_CONTACT``); default: what
            `save_contact` stored.
        config_dir: Folder of the stored contact (``SPOTITAGS_CONFIG_DIR``; default: the user's configuration
            folder).
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
        SettingsError: A variable has an invalid value.
    """

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  (pydantic's)
        try:
            super().__init__(**_environment(type(self).model_fields, values) | values)
        except ValidationError as error:  # its message would show values, such as keys
            raise SettingsError(_invalid_variables(error)) from None

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
    config_dir: Path = Field(default_factory=lambda: user_config_path("spotitags"))
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
            try:
                self.contact = (self.config_dir / CONTACT_FILE).read_text(encoding="utf-8").strip() or None
            except (OSError, UnicodeDecodeError):
                self.contact = None
        return self

    def save_contact(self, contact: str) -> None:
        """Set the contact, and store it for later runs.

        Raises:
            SettingsError: The configuration folder cannot be written.
        """
        try:
            self.config_dir.mkdir(parents=True, exist_ok=True)
            (self.config_dir / CONTACT_FILE).write_text(contact + "\n", encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"{self.config_dir} cannot be written ({error}): set SPOTITAGS_CONTACT instead, "
                "or SPOTITAGS_CONFIG_DIR to another folder"
            ) from error
        self.contact = contact


def _environment(fields: Iterable[str], given: Container[str]) -> dict[str, str]:
    """Return the environment's value of each field that is not given; an empty variable counts as unset.

    pydantic-settings does the same, but imports asyncio and ssl: 60 ms at every start.
    """
    variables = {name: _variable(name) for name in fields}
    return {
        name: value
        for name, variable in variables.items()
        if name not in given and variable not in given and (value := os.environ.get(variable))
    }


def _variable(field: str) -> str:
    return _VARIABLES.get(field, f"SPOTITAGS_{field.upper()}")


def _gcloud_credentials() -> Path | None:
    """Return the file that ``gcloud auth application-default login`` writes, if it exists."""
    default = "${APPDATA}/gcloud" if os.name == "nt" else "~/.config/gcloud"
    folder = os.environ.get("CLOUDSDK_CONFIG") or os.path.expandvars(default)
    try:
        file = Path(folder).expanduser() / "application_default_credentials.json"
        return file if file.is_file() else None
    except (OSError, RuntimeError):  # the folder may not be read, or there is no home folder
        return None


def _invalid_variables(error: ValidationError) -> str:
    """Name the invalid variables and what is wrong with them, without their values."""
    messages = []
    for detail in error.errors(include_input=False, include_url=False):
        name = str(detail["loc"][0])
        variable = name if name.isupper() else _variable(name)
        messages.append(f"{variable} in the environment is invalid: {detail['msg']}")
    return "; ".join(messages)
