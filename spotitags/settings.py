"""The only place that reads the environment."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (pydantic reads the annotation at run time)
from typing import Annotated, Any

from platformdirs import user_cache_path
from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from spotitags.errors import SettingsError


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

    Raises:
        SettingsError: A variable does not hold what it should.
    """

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  (pydantic's)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(
                _mistakes(error)
            ) from None  # its own words would repeat values, keys' among them

    model_config = SettingsConfigDict(env_prefix="SPOTITAGS_", env_ignore_empty=True, populate_by_name=True)

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


def _mistakes(error: ValidationError) -> str:
    """Which variables are wrong and what they want, without their values."""
    wrong = []
    for mistake in error.errors(include_input=False, include_url=False):
        name = str(mistake["loc"][0])
        variable = name if name.isupper() else f"SPOTITAGS_{name.upper()}"
        wrong.append(f"{variable} in the environment cannot be used: {mistake['msg']}")
    return "; ".join(wrong)
