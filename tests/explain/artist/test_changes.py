from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.arrays import softmax
from spotitags.explain.artist.changes import search, smallest_changes
from spotitags.explain.artist.wording import change_sentences
from spotitags.pipeline.spotitags import SpotiTags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Votes = Callable[[Iterable[int]], dict[str, float]]

PAIR = ("metal", "jazz")


def voting(effects: Sequence[float], start: float = 0.0) -> Votes:
    """Votes whose log-odds for metal are a sum over the candidates that are left."""

    def votes(removed: Iterable[int]) -> dict[str, float]:
        gone = set(removed)
        odds = start + sum(effect for i, effect in enumerate(effects) if i not in gone)
        metal, jazz = softmax(np.array([odds, 0.0])).tolist()
        return {"metal": metal, "jazz": jazz}

    return votes


def smallest_size(votes: Votes, count: int) -> int | None:
    for size in range(1, count + 1):
        for removed in combinations(range(count), size):
            found = votes(removed)
            if found["jazz"] > found["metal"]:
                return size
    return None


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=7), st.integers(0, 6))
def test_a_set_that_is_found_wins_and_one_that_is_called_smallest_is(effects: list[int], start: int) -> None:
    votes = voting([effect + 0.5 for effect in effects], start)
    if votes([])["jazz"] > votes([])["metal"]:
        return
    found = search(len(effects), votes, PAIR)
    best = smallest_size(votes, len(effects))
    assert found.found == (best is not None)
    assert found.votes == votes(found.removed)
    if found.found:
        assert found.votes["jazz"] > found.votes["metal"]
        if found.smallest:
            assert len(found.removed) == best


def test_effects_that_only_work_together_are_found() -> None:
    def votes(removed: Iterable[int]) -> dict[str, float]:
        both = {2, 5} <= set(removed)
        return {"metal": 0.2, "jazz": 0.8} if both else {"metal": 0.8, "jazz": 0.2}

    found = search(6, votes, PAIR)
    assert found.removed == (2, 5)
    assert found.smallest


def test_a_third_genre_that_wins_is_no_success() -> None:
    def votes(removed: Iterable[int]) -> dict[str, float]:
        return {"metal": 0.1, "jazz": 0.3, "pop": 0.6} if set(removed) else dict.fromkeys(("metal",), 1.0)

    assert not search(3, votes, PAIR).found


def test_one_cover_stays() -> None:
    tried = search(4, voting([1.0, 1.0, 1.0, 1.0], 0.5), PAIR, keep=True)
    assert not tried.found
    assert len(tried.removed) == 3
    assert search(1, voting([1.0]), PAIR, keep=True).removed == ()


def test_what_is_said_of_an_artist_is_what_a_vote_without_the_tags_says() -> None:
    (_, voted), *_ = SpotiTags(offline=True, genres=["hiphop", "country"]).votings(["2Pac"])
    prediction = voted.predict(explain=True)
    first, second = prediction.votes
    found = smallest_changes(voted, prediction, second)
    lines = change_sentences(found)
    assert len(lines) == 2
    for tried, line in zip((found.tags, found.covers), lines, strict=True):
        assert ("does not win" in line) == (not tried.found)
        assert f"{tried.votes[second]:.2f}" in line
    kept = [i for i in range(len(voted.covers.albums)) if i not in found.covers.removed]
    again = voted.predict(voted.covers.subset(kept))
    assert again.votes == found.covers.votes
    assert {first, second} == {"hiphop", "country"}
