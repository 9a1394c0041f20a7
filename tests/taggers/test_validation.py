"""Taggers of anybody's whose members break the contract: named in one line, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers.fake_taggers import FakeTagger, PaidFakeTagger
from helpers.manifests import manifest

from spotitags.errors import TaggerError
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.settings import Settings
from spotitags.taggers.registry import tagger_class
from spotitags.taggers.validation import check_tagger

if TYPE_CHECKING:
    from pathlib import Path


def odd(kind: type[FakeTagger], member: str, value: object) -> FakeTagger:
    """A looker called ``odd``, one of whose members is ``value``, or raises it."""

    def get(_: FakeTagger) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    own = property(get, lambda *_: None)  # constructors may set what the class gives
    made: FakeTagger = type("Odd", (kind,), {member: own})("odd")
    return made


def asked(tagger: Any, folder: Path, **options: Any) -> SpotiTags:
    covers = manifest(folder / "covers", {"a": "sea"}, covers=5)
    settings = Settings(cache_dir=folder / "cache")
    return SpotiTags(manifest=covers, tagger=[tagger, FakeTagger("sound")], settings=settings, **options)


@pytest.mark.parametrize("kind", [FakeTagger, PaidFakeTagger])
@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("batch_size", 0, r"tagger odd is broken \(ValueError: its batch_size is 0, not at least 1\)"),
        ("batch_size", -1, "its batch_size is -1"),
        ("batch_size", 2.5, "its batch_size is 2.5, not a whole number"),
        ("batch_size", None, "its batch_size is None, not a whole number"),
        ("batch_size", RuntimeError("no"), r"tagger odd is broken \(RuntimeError: no\)"),
        ("image_size", None, "its image_size is None"),
        ("image_size", "large", "its image_size is 'large'"),
        ("image_size", -1, "its image_size is -1, not at least 0"),
        ("version", RuntimeError("no"), r"tagger odd is broken \(RuntimeError: no\)"),
        ("version", AttributeError("no"), r"tagger odd is broken \(AttributeError: no\)"),
        ("version", None, "tagger odd is broken .*its version is None"),
        ("version", "", "its version is ''"),
        ("name", RuntimeError("no"), r"tagger Odd is broken \(RuntimeError: no\)"),
        ("name", None, "tagger Odd is broken .*its name is None"),
        ("name", " ", "tagger Odd is broken .*its name is ' '"),
        ("preparation", lambda: 1 // 0, r"tagger odd is broken \(ZeroDivisionError"),
    ],
)
def test_what_cannot_be_used_is_named_before_a_cover_is_looked_at(
    tmp_path: Path, kind: type[FakeTagger], member: str, value: object, says: str
) -> None:
    tagger = odd(kind, member, value)
    with pytest.raises(TaggerError, match=f"{says}.*leave it out"):
        asked(tagger, tmp_path).bag("a")
    assert tagger.shown == []


@pytest.mark.parametrize("value", [RuntimeError("no price"), AttributeError("no price"), None, ""])
def test_a_tagger_that_cannot_say_its_cost_is_not_taken_for_a_free_one(tmp_path: Path, value: object) -> None:
    tagger = odd(PaidFakeTagger, "cost", value)
    with pytest.raises(TaggerError, match="the tagger odd is broken"):
        asked(tagger, tmp_path, max_calls=0).bag("a")
    assert tagger.shown == []


def test_a_number_of_calls_below_0_allows_none(tmp_path: Path) -> None:
    class Generous(PaidFakeTagger):
        def calls_for(self, sizes: object) -> int:  # noqa: ARG002
            return -1

    tagger = Generous("odd")
    bags = dict(asked(tagger, tmp_path, max_calls=0).all_bags(["a"]))["a"]
    assert isinstance(bags, list)
    assert [bag.tagger for bag in bags if bag.missing] == ["odd"]
    assert "it gave -1 calls for" in str(bags[-1].missing)
    assert tagger.shown == []


def test_an_object_that_is_no_tagger_is_named_by_its_kind(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match=r"the tagger int is broken \(AttributeError: .*'name'"):
        asked(3, tmp_path).bag("a")


def test_whole_numbers_of_any_kind_will_do() -> None:
    import numpy as np

    check_tagger(odd(FakeTagger, "batch_size", np.int64(4)))
    check_tagger(odd(FakeTagger, "image_size", 0))


@pytest.mark.parametrize("name", ["lite", "clip", "clarifai", "google-vision"])
def test_ours_keep_to_it(tmp_path: Path, name: str) -> None:
    from spotitags.taggers.base import TaggerOptions

    check_tagger(tagger_class(name).from_options(TaggerOptions(tmp_path)), name)
