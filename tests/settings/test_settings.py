from __future__ import annotations

from pathlib import Path

import pytest

from spotitags.errors import SettingsError
from spotitags.settings import Settings


def test_the_environment_is_read_when_asked_and_empty_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", "/somewhere")
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "id")
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "")
    monkeypatch.setenv("SPOTITAGS_MARKET", "de")
    settings = Settings()
    assert settings.cache_dir == Path("/somewhere")
    assert (settings.spotify_client_id, settings.spotify_client_secret) == ("id", None)
    assert settings.market == "DE"


@pytest.mark.parametrize(
    ("variable", "name"),
    [("SPOTIPY_CLIENT_SECRET", "spotify_client_secret"), ("CLARIFAI_PAT", "clarifai_pat")],
)
def test_a_secret_is_never_shown(variable: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "do-not-tell")
    settings = Settings()
    assert "do-not-tell" not in repr(settings) + str(settings)
    assert getattr(settings, name).get_secret_value() == "do-not-tell"


def test_credentials_of_google_are_where_it_is_said_or_where_gcloud_keeps_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    assert Settings().google_credentials is None
    kept = tmp_path / "application_default_credentials.json"
    kept.touch()
    assert Settings().google_credentials == kept
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/elsewhere.json")
    assert Settings().google_credentials == Path("/elsewhere.json")


@pytest.mark.parametrize(
    ("variable", "value"), [("SPOTITAGS_CACHE_MEGABYTES", "lots"), ("SPOTITAGS_MARKET", "Germany")]
)
def test_a_mistake_names_the_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable} in the environment is invalid: ") as caught:
        Settings()
    assert value not in str(caught.value)


def test_what_is_passed_in_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "of the environment")
    monkeypatch.setenv("SPOTITAGS_MARKET", "DE")
    for name in ("spotify_client_id", "SPOTIPY_CLIENT_ID"):
        settings = Settings.model_validate({name: "mine", "market": "fr"})
        assert (settings.spotify_client_id, settings.market) == ("mine", "FR")
