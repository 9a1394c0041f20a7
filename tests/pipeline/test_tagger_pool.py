from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from helpers.fake_taggers import FakeTagger, PaidFakeTagger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotitags.io.cache import Cache
from spotitags.pipeline.tagger_pool import TagCache
from spotitags.records import Tag
from spotitags.taggers.features.colour import ColourHistogram
from spotitags.taggers.features.perceptual_hash import PerceptualHash

if TYPE_CHECKING:
    from pathlib import Path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.binary(min_size=1, max_size=99))
def test_packed_features_survive_the_cache_on_disk(tmp_path: Path, row: bytes) -> None:
    extractors = [ColourHistogram(), PerceptualHash()]
    for extractor in extractors:
        TagCache(extractors, Cache(tmp_path)).store(extractor, {"digest": row})
    tags = TagCache(extractors, Cache(tmp_path))
    tags.load(["digest", "other"])
    assert [tags.get(extractor, "digest") for extractor in extractors] == [row, row]
    assert tags.get(extractors[0], "other") is None


@pytest.mark.parametrize(
    ("extractor", "text"),
    [
        (ColourHistogram(), base64.b64encode(b"\xff\x00ab").decode()),
        (PerceptualHash(), "ff006162"),
    ],
)
def test_features_that_earlier_versions_stored_as_text_are_read_and_a_damaged_one_is_extracted_again(
    tmp_path: Path, extractor: ColourHistogram | PerceptualHash, text: str
) -> None:
    cache = Cache(tmp_path)
    key = f"{extractor.name}:{extractor.version}:digest"
    cache.put("tags", key, [[text, 1.0]])
    tags = TagCache([extractor], cache)
    tags.load(["digest"])
    assert tags.get(extractor, "digest") == b"\xff\x00ab"
    cache.put("tags", key, [["not @ packed", 1.0]])
    tags = TagCache([extractor], cache)
    tags.load(["digest"])
    assert tags.get(extractor, "digest") is None


def test_results_that_earlier_versions_paid_for_are_moved_and_found(cache: Cache) -> None:
    paid = PaidFakeTagger("paid")
    cache.put_many(
        "tags",
        {f"{name}:1:digest": [["skull", 0.5]] for name in ("paid", "clarifai", "google-vision", "looker")},
    )
    tags = TagCache([paid, FakeTagger()], cache)
    tags.move_paid()
    tags.load(["digest"])
    assert tags.get(paid, "digest") == tags.get(tags.extractors[1], "digest") == [Tag("skull", 0.5)]
    assert cache.keys("tags") == ["looker:1:digest"]
    assert len(cache.paid.keys("tags")) == 3
    cache.paid.close()
