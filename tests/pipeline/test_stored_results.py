"""Tags as values of the cache."""

from __future__ import annotations

from helpers.fake_taggers import FakeTagger, PaidFakeTagger
from hypothesis import given
from hypothesis import strategies as st

from spotitags.pipeline.stored_results import decoded, encoded
from spotitags.records import Tag

TAGS = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.floats(0, 1))


@given(TAGS)
def test_tags_come_back_to_the_last_bit(tags: dict[str, float]) -> None:
    given = [Tag(*tag) for tag in tags.items()]
    assert decoded(FakeTagger(), encoded(FakeTagger(), given)) == given
    assert encoded(PaidFakeTagger(), given) == given


def test_tags_of_earlier_versions_are_read() -> None:
    assert decoded(FakeTagger(), [["sea", 0.5], ["fire", 0.25]]) == [Tag("sea", 0.5), Tag("fire", 0.25)]


def test_damaged_tags_are_extracted_again() -> None:
    value = encoded(FakeTagger(), [Tag("sea", 0.5), Tag("fire", 0.25)])
    assert isinstance(value, bytes)
    for damaged in (value[:20], b"\xff" * 9, b"", b"t", value.replace(b"\n", b" "), "text", None, [["sea"]]):
        assert decoded(FakeTagger(), damaged) is None
