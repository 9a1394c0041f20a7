from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.manifests import STYLES, manifest
from helpers.quick_training import quick_training

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Tag
from spotitags.settings import Settings
from spotitags.taggers.base import Readiness
from spotitags.training import bundle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions


WORDS = {"fire": "flames", "sea": "waves", "moss": "forest"}


class Reader:
    """Reads a word of the covers' style."""

    name, version, image_size, batch_size = "text", "1", 64, 8

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Reader:  # noqa: ARG003
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        return Readiness(ready=True, reason="for tests")

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        return [[Tag(WORDS[cover.album.artist.genre or ""], 0.75)] for cover in covers]


def test_the_command_rebuilds_the_bundled_sample() -> None:
    assert bundle.SAMPLE.is_file()


def test_sample_and_model_are_built_from_a_manifest_and_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MIN_ARTISTS", 6)  # and not 10: a fraction of the time
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", str(tmp_path / "cache"))
    ids = {f"{style}{n}".ljust(22, "0"): style for style in STYLES for n in range(4, 10)}
    covers = manifest(tmp_path / "covers", ids, covers=2)
    with quick_training(("all", "words", "embedding"), ("complement_nb", "logistic_regression")):
        summary = bundle.build(covers, tmp_path / "sample.json", tmp_path / "model", Reader())
    assert "18 artists, 36 covers" in summary
    assert "held-out artists: 6 of 6 right" in summary

    library = LibraryCatalog(tmp_path / "sample.json")
    assert sorted(library.held_out) == sorted(ref for ref in ids if ref.rstrip("0")[-1] in "89")
    assert len(library.trained_on) == 12
    settings = Settings(cache_dir=tmp_path / "cache")
    model = tmp_path / "model.onnx"
    afresh = SpotiTags(manifest=covers, tagger="lite", model=model, settings=settings)
    sea = "sea8".ljust(22, "0")
    stored = library.tags([album.digest or "" for album in library.albums(sea, 5)])
    ((_, tagged),) = afresh.tagged_covers([sea])
    assert not isinstance(tagged, Exception)
    assert stored == [list(tags) for tags in tagged.tags["lite"]]
    assert library.taggers == {"lite": library.version, "text": "1"}
    words = library.tags([album.digest or "" for album in library.albums(sea, 5)], "text")
    assert all(read == [Tag("waves", 0.75)] for read in words)
    offline = SpotiTags(catalog=library, model=model, settings=settings)
    prediction = offline.predict(sea)
    assert [bag.tagger for bag in prediction.bags] == ["lite", "text"]
    assert [vote.kind for vote in prediction.kinds] == ["picture", "tags", "words"]
    assert prediction.genre == "sea"


def test_the_bundled_model_knows_its_training_covers_and_no_held_out_ones() -> None:
    library, spotitags = LibraryCatalog(), SpotiTags(offline=True, albums=1000)
    for refs, known in ((sorted(library.trained_on)[:10], True), (sorted(library.held_out), False)):
        for ref in refs:
            prediction = spotitags.predict(ref)
            assert prediction.trained_on is not None
            if not known:
                assert prediction.trained_on == 0
            else:
                assert 0 < prediction.trained_on <= prediction.bags[0].covers
