"""Predictions of many artists together: those of each artist alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from spotitags import SpotiTags
from spotitags.errors import SpotiTagsError

if TYPE_CHECKING:
    from spotitags.records import Prediction


def flat(value: object, path: str = "") -> dict[str, Any]:
    """Return the leaves of a JSON value by their paths."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if items is None:
        return {path: value}
    return {key: leaf for name, each in items for key, leaf in flat(each, f"{path}/{name}").items()}


def of_all(spotitags: SpotiTags, refs: list[str]) -> list[Prediction | SpotiTagsError]:
    return [found for _, found in spotitags.predictions(refs)]


@pytest.mark.parametrize(
    "options",
    [{}, {"tagger": "lite"}, {"genres": ["metal", "jazz"]}, {"keep_broad": True}, {"voters": ["transfer"]}],
)
def test_many_artists_get_the_votes_of_each_alone(options: dict[str, Any]) -> None:
    spotitags = SpotiTags(offline=True, **options)
    refs = [artist.id for artist in spotitags.artists()][::4]
    for ref, found in zip(refs, of_all(spotitags, refs), strict=True):
        assert not isinstance(found, SpotiTagsError)
        ours, theirs = flat(found.to_dict()), flat(spotitags.predict(ref).to_dict())
        assert ours.keys() == theirs.keys()
        assert ours == pytest.approx(theirs, abs=2e-6)


def test_an_unknown_artist_among_many_has_an_error_in_its_place() -> None:
    spotitags = SpotiTags(offline=True)
    refs = [artist.id for artist in spotitags.artists()][:9]
    refs.insert(5, "0" * 22)
    found = of_all(spotitags, refs)
    assert [isinstance(each, SpotiTagsError) for each in found] == [ref == "0" * 22 for ref in refs]


def test_the_evidence_is_found_for_many_artists_too() -> None:
    spotitags = SpotiTags(offline=True)
    refs = [artist.id for artist in spotitags.artists()][:5]
    found = [each for _, each in spotitags.predictions(refs, explain=True)]
    assert all(not isinstance(each, SpotiTagsError) and each.evidence for each in found)
