from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.manifests import STYLES, manifest

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.training.bundle import SAMPLE, build

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_command_rebuilds_the_bundled_sample() -> None:
    assert SAMPLE.is_file()


def test_sample_and_model_are_built_from_a_manifest_and_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", str(tmp_path / "cache"))
    ids = {f"{style}{n}".ljust(22, "0"): style for style in STYLES for n in range(10)}
    covers = manifest(tmp_path / "covers", ids, covers=2)
    summary = build(covers, tmp_path / "sample.json", tmp_path / "model")
    assert "30 artists, 60 covers" in summary
    assert "held-out artists: 6 of 6 right" in summary

    library = LibraryCatalog(tmp_path / "sample.json")
    assert sorted(library.held_out) == sorted(ref for ref in ids if ref.rstrip("0")[-1] in "89")
    assert len(library.trained_on) == 24
    settings = Settings(cache_dir=tmp_path / "cache")
    model = tmp_path / "model.onnx"
    afresh = SpotiTags(manifest=covers, tagger="lite", model=model, settings=settings)
    sea = "sea8".ljust(22, "0")
    stored = library.tags([album.digest or "" for album in library.albums(sea, 5)])
    ((_, tagged),) = afresh.tagged_covers([sea])
    assert not isinstance(tagged, Exception)
    assert stored == [list(tags) for tags in tagged.tags["lite"]]
