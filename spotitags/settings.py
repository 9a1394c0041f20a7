"""The only place that reads the environment."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (pydantic reads the annotation at run time)

from platformdirs import user_cache_path
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Keys and folders, from ``SPOTITAGS_…`` variables and the services' own variable names.

    Attributes:
        cache_dir: Folder of everything kept between runs (``SPOTITAGS_CACHE_DIR``; default: the user's
            cache folder).
        cache_megabytes: Size from which the oldest cached answers make room (``SPOTITAGS_CACHE_MEGABYTES``).
        market: ISO 3166-1 country that Spotify's listings are asked for (``SPOTITAGS_MARKET``).
        spotify_client_id: ``SPOTIPY_CLIENT_ID``.
        spotify_client_secret: ``SPOTIPY_CLIENT_SECRET``.
        spotify_api_url: Another address for Spotify's Web API, for a proxy or a test
            (``SPOTITAGS_SPOTIFY_API_URL``).
        spotify_token_url: Another address for Spotify's tokens (``SPOTITAGS_SPOTIFY_TOKEN_URL``).
    """

    model_config = SettingsConfigDict(env_prefix="SPOTITAGS_", env_ignore_empty=True, populate_by_name=True)

    cache_dir: Path = Field(default_factory=lambda: user_cache_path("spotitags"))
    cache_megabytes: int = Field(default=2048, gt=0)
    market: str = Field(default="US", pattern="^[A-Z]{2}$")
    spotify_client_id: str | None = Field(
        default=None, validation_alias=AliasChoices("SPOTIPY_CLIENT_ID", "spotify_client_id")
    )
    spotify_client_secret: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("SPOTIPY_CLIENT_SECRET", "spotify_client_secret")
    )
    spotify_api_url: str | None = None
    spotify_token_url: str | None = None
