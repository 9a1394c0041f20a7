from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spotitags.catalogs.registry import CATALOGS, choose_catalog, open_catalog
from spotitags.errors import InputError, SettingsError
from spotitags.io.cache import Cache
from spotitags.settings import Settings
from spotitags.taggers.base import OpenVocabulary, TaggerOptions
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.taggers.registry import choose_taggers, tagger_class, tagger_names

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTACT = {"contact": "me@example.org"}
KEYS = {"SPOTIPY_CLIENT_ID": "id", "SPOTIPY_CLIENT_SECRET": "secret"}
COVERS = Path("covers.csv")


def settings(values: Mapping[str, str] | None = None) -> Settings:
    return Settings.model_validate({"config_dir": Path("nowhere"), **(values or {})})


@pytest.mark.parametrize(
    ("name", "keys", "manifest", "offline", "chosen"),
    [
        ("auto", {}, None, False, "library"),
        ("auto", {}, None, True, "library"),
        ("auto", KEYS, None, False, "spotify"),
        ("auto", KEYS | CONTACT, None, False, "spotify"),
        ("auto", CONTACT, None, False, "musicbrainz"),
        ("auto", CONTACT, None, True, "library"),
        ("musicbrainz", {}, None, False, "musicbrainz"),
        ("auto", KEYS, None, True, "library"),
        ("auto", KEYS, COVERS, False, "folder"),
        ("auto", {}, COVERS, True, "folder"),
        ("library", KEYS, None, False, "library"),
        ("folder", KEYS, COVERS, True, "folder"),
        ("spotify", KEYS, None, False, "spotify"),
    ],
)
def test_the_catalogue_that_fits_is_taken_and_said(
    name: str, keys: dict[str, str], manifest: Path | None, offline: bool, chosen: str
) -> None:
    choice = choose_catalog(name, settings(keys), manifest=manifest, offline=offline)
    assert choice.name == chosen
    assert choice.line("catalog").startswith(f"catalog {chosen}: ")


@pytest.mark.parametrize(
    ("name", "manifest", "offline", "word"),
    [
        ("tidal", None, False, "auto, spotify, musicbrainz, folder, library"),
        ("spotify", COVERS, False, "--manifest"),
        ("library", COVERS, False, "--manifest"),
        ("folder", None, False, "--manifest"),
        ("spotify", None, True, "contradict"),
        ("musicbrainz", None, True, "contradict"),
        ("musicbrainz", COVERS, False, "--manifest"),
    ],
)
def test_wishes_that_contradict_each_other_are_refused(
    name: str, manifest: Path | None, offline: bool, word: str
) -> None:
    with pytest.raises(InputError, match=word):
        choose_catalog(name, settings(KEYS), manifest=manifest, offline=offline)


def test_every_catalogue_opens_without_asking_anyone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for name in set(CATALOGS) - {"auto"}:
        catalog = open_catalog(name, settings(KEYS), cache, manifest=COVERS)
        assert catalog.name == name
        assert "secret" not in repr(catalog)


def test_spotify_without_keys_names_them(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET"):
        open_catalog("spotify", settings(), Cache(tmp_path))


def test_further_releases_are_musicbrainz_s_own(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert "live" in repr(open_catalog("musicbrainz", settings(), cache, also=["live"]))
    with pytest.raises(InputError, match="bootleg"):
        open_catalog("musicbrainz", settings(), cache, also=["bootleg"])
    with pytest.raises(InputError, match="--also"):
        open_catalog("library", settings(), cache, also=["live"])


def test_taggers_asked_for_are_taken_in_order(tmp_path: Path) -> None:
    options = TaggerOptions(cache_dir=tmp_path)
    taggers, choice = choose_taggers(["lite", "clip"], options)
    assert [tagger.name for tagger in taggers] == ["lite", "clip"]
    assert choice.line("tagger") == "tagger lite, clip: requested"
    own = LiteTagger(tmp_path)
    assert choose_taggers([own], options)[0] == [own]


@pytest.mark.parametrize(
    ("names", "word"),
    [(["crystal-ball"], "clarifai, clip, google-vision, lite"), (["lite", "lite"], "twice")],
)
def test_unknown_and_double_taggers_are_refused(tmp_path: Path, names: list[str], word: str) -> None:
    with pytest.raises(InputError, match=word):
        choose_taggers(names, TaggerOptions(cache_dir=tmp_path))


def test_labels_go_to_taggers_by_name_that_take_them(tmp_path: Path) -> None:
    options = TaggerOptions(cache_dir=tmp_path, labels=("goat", "church"))
    for tagger in choose_taggers(["clip", "lite"], options)[0]:
        plain = tagger_class(tagger.name).from_options(TaggerOptions(cache_dir=tmp_path))
        assert isinstance(tagger, OpenVocabulary)
        assert tagger.labels
        assert not plain.labels
        assert tagger.version != plain.version, "tags in other words are kept apart"
    with pytest.raises(InputError, match="pass them to the constructor"):
        choose_taggers([LiteTagger(tmp_path)], options)


def test_lite_stands_in_where_clip_has_neither_gpu_nor_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))
    options = TaggerOptions(cache_dir=tmp_path, device="cpu")
    taggers, choice = choose_taggers([], options)
    assert [tagger.name for tagger in taggers] == ["lite"]
    assert choice.why == "clip cannot run here (no GPU and no weights on disk)"


def test_clip_is_preferred_where_its_weights_are_on_disk(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "open_clip_config.json").write_text("{}")
    (model / "open_clip_model.safetensors").write_bytes(b"")
    options = TaggerOptions(cache_dir=tmp_path, clip_model=f"local-dir:{model}", device="cpu", offline=True)
    taggers, choice = choose_taggers([], options)
    assert [tagger.name for tagger in taggers] == ["clip"]
    assert choice.why == "its weights are on disk"


def test_every_installed_tagger_can_be_built_and_says_whether_it_can_run(tmp_path: Path) -> None:
    options = TaggerOptions(cache_dir=tmp_path, device="cpu")
    assert {"clip", "lite"} <= set(tagger_names())
    for name in tagger_names():
        kind = tagger_class(name)
        assert kind.from_options(options).name == name
        readiness = kind.readiness(options)
        assert readiness.reason
        assert readiness.ready or readiness.remedy
