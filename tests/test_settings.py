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


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "do-not-tell")
    settings = Settings()
    assert "do-not-tell" not in repr(settings) + str(settings)
    assert settings.spotify_client_secret is not None
    assert settings.spotify_client_secret.get_secret_value() == "do-not-tell"


@pytest.mark.parametrize(
    ("variable", "value"), [("SPOTITAGS_CACHE_MEGABYTES", "lots"), ("SPOTITAGS_MARKET", "Germany")]
)
def test_a_mistake_names_the_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable} in the environment cannot be used: ") as caught:
        Settings()
    assert value not in str(caught.value)


def test_what_is_passed_in_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "of the environment")
    monkeypatch.setenv("SPOTITAGS_MARKET", "DE")
    for name in ("spotify_client_id", "SPOTIPY_CLIENT_ID"):
        settings = Settings.model_validate({name: "mine", "market": "fr"})
        assert (settings.spotify_client_id, settings.market) == ("mine", "FR")
