"""Records whose fields are computed when they are read."""

from __future__ import annotations

import copy
import pickle

import pytest

from spotitags.records import Artist, Tag, TagBag
from spotitags.records.deferred import deferred

TAGS = (Tag("sea", 0.5),)


def test_a_field_is_computed_once_when_it_is_read() -> None:
    calls: list[int] = []

    def tags() -> tuple[Tag, ...]:
        calls.append(1)
        return TAGS

    bag = deferred(TagBag, {"tags": tags}, artist=Artist("a"), tagger="lite", covers=1)
    assert (calls, bag.covers, bag.missing) == ([], 1, "")
    assert (bag.tags, bag.tags, calls) == (TAGS, TAGS, [1])


def test_it_equals_a_plain_record_and_can_be_copied() -> None:
    plain = TagBag(Artist("a"), "lite", TAGS, 1)
    bag = deferred(TagBag, {"tags": lambda: TAGS}, artist=Artist("a"), tagger="lite", covers=1)
    assert bag == plain
    assert hash(bag) == hash(plain)
    assert pickle.loads(pickle.dumps(bag)) == copy.copy(bag) == plain  # noqa: S301 - of this test


def test_an_unknown_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError, match="'TagBag' object has no attribute 'x'"):
        TagBag(Artist("a"), "lite", TAGS, 1).x  # type: ignore[attr-defined]  # noqa: B018
