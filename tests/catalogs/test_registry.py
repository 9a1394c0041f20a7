from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from spotitags.catalogs.registry import CATALOGS, choose_catalog, open_catalog
from spotitags.errors import InputError, SettingsError
from spotitags.io.cache import Cache
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ID = {"spotify_client_id": "id"}
SECRET = {"spotify_client_secret": "secret"}
CONTACT = {"contact": "me@example.org"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET", "SPOTITAGS_CONTACT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SPOTITAGS_CONFIG_DIR", str(tmp_path))


def chosen(settings: dict[str, Any], name: str = "auto", **options: Any) -> str:
    return choose_catalog(name, Settings(**settings), **{"manifest": None, "offline": False} | options).name


def test_spotify_is_chosen_with_both_keys_only() -> None:
    assert chosen(ID | SECRET) == chosen(ID | SECRET | CONTACT) == "spotify"
    for half in (ID, SECRET):
        assert chosen(half) == "library"
        assert chosen(half | CONTACT) == "musicbrainz"


@pytest.mark.parametrize("half", [ID, SECRET, {}])
def test_spotify_is_not_opened_without_both_keys(half: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET"):
        open_catalog("spotify", Settings.model_validate(half), Cache(tmp_path))


def test_a_manifest_comes_before_keys_and_offline_before_both(tmp_path: Path) -> None:
    assert chosen(ID | SECRET, manifest=tmp_path) == "folder"
    assert chosen(ID | SECRET | CONTACT, offline=True) == "library"
    assert chosen({}, "musicbrainz") == "musicbrainz"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tidal", {}, ", ".join(CATALOGS)),
        ("folder", {}, "needs --manifest"),
        ("spotify", {"offline": True}, "contradict each other"),
        ("library", {"manifest": "covers.csv"}, "leave one of the two out"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        chosen({}, name, **options)


def test_more_release_types_are_for_musicbrainz_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'musicbrainz', not to 'library'"):
        open_catalog("library", Settings(), Cache(tmp_path), also=["live"])
