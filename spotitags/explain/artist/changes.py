"""Smallest changes of an artist's tags or covers after which another genre wins.

Each set is tried by a vote of the whole ensemble without it; nothing is inferred from single effects. With
tags, the search is limited to those with the largest effects, and voters on whole pictures see the same
pictures as before; a cover is removed with all that is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, log
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from spotitags.pipeline.artist_voting import ArtistVoting
    from spotitags.records import Album, Prediction, TaggedCovers

MOST_TAGS: Final = 80
"""Maximum number of tags that are tried."""
MOST_COVERS: Final = 60
"""Maximum number of covers that are tried."""
LARGEST: Final = 12
"""Largest number of tags or covers that are removed at once."""
_SETS: Final = 130  # of one size, that are tried at most
_LEAST: Final = 1e-12  # share


class Tried(NamedTuple):
    """Search for the smallest set whose removal makes another genre win.

    Attributes:
        removed: Numbers of the removed candidates; if no set was found, those of the largest that was tried.
        votes: Share of each genre without them; empty if there are no candidates.
        found: True if the other genre wins without them.
        smallest: True if all smaller sets of the candidates were tried.
        candidates: Number of candidates.
    """

    removed: tuple[int, ...]
    votes: Mapping[str, float]
    found: bool
    smallest: bool
    candidates: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Sets of tags and of covers without which another genre would win.

    Attributes:
        genre: The genre that wins now.
        other: The genre that would win.
        tags: Search among tags.
        covers: Search among covers.
        labels: Tagger and label of each candidate of ``tags``.
        albums: Album of each candidate of ``covers``.
    """

    genre: str
    other: str
    tags: Tried
    covers: Tried
    labels: tuple[tuple[str, str], ...]
    albums: tuple[Album, ...]

    @property
    def removed_labels(self) -> list[str]:
        """Labels of the removed tags."""
        return [self.labels[i][1] for i in self.tags.removed]

    @property
    def removed_albums(self) -> list[Album]:
        """Albums of the removed covers."""
        return [self.albums[i] for i in self.covers.removed]


def smallest_changes(voting: ArtistVoting, prediction: Prediction, other: str) -> Changes:
    """Search for the smallest sets of tags and of covers without which another genre wins.

    Args:
        voting: Covers of the artist, and the voters.
        prediction: Their prediction, with evidence.
        other: The genre that is to win, such as the runner-up.
    """
    covers, winner = voting.covers, prediction.leading
    labels = _candidates(prediction)
    shown = range(min(len(covers.albums), MOST_COVERS))

    def votes(changed: TaggedCovers) -> Mapping[str, float]:
        return voting.predict(changed).votes

    def without_tags(removed: Iterable[int]) -> Mapping[str, float]:
        return votes(_without(covers, {labels[i] for i in removed}))

    def without_covers(removed: Iterable[int]) -> Mapping[str, float]:
        gone = set(removed)
        return votes(covers.subset([i for i in range(len(covers.albums)) if i not in gone]))

    return Changes(
        winner,
        other,
        search(len(labels), without_tags, (winner, other)),
        search(len(shown), without_covers, (winner, other), keep=len(covers.albums) == len(shown)),
        tuple(labels),
        covers.albums,
    )


def search(
    count: int,
    votes_without: Callable[[Iterable[int]], Mapping[str, float]],
    pair: tuple[str, str],
    *,
    keep: bool = False,
) -> Tried:
    """Search for the smallest set of candidates without which the second genre wins.

    The candidates with the largest effects by themselves are removed one after the other until the genre
    wins, and those that turn out to be needless are put back. Then all smaller sets are tried, as long as
    there are not more than a hundred or so of one size.

    Args:
        count: Number of candidates.
        votes_without: Returns the share of each genre without some of them, given by number.
        pair: The genre that wins with all, and the one that is to win.
        keep: True if at least one candidate must stay.
    """
    winner, other = pair
    most = min(LARGEST, count - keep)

    def lead(removed: Iterable[int]) -> float:
        """Return the log-odds of the other genre over the winner; above 0 only if it wins."""
        votes = votes_without(removed)
        odds = log(max(votes[other], _LEAST) / max(votes[winner], _LEAST))
        return odds if max(votes, key=votes.__getitem__) == other else min(odds, 0.0)

    if most < 1:
        return Tried((), {}, found=False, smallest=True, candidates=count)
    singles = [lead([i]) for i in range(count)]
    order = sorted(range(count), key=lambda i: -singles[i])[:most]
    found = _greedy(order, lead)
    if not found:
        return Tried(tuple(order), votes_without(order), found=False, smallest=False, candidates=count)
    exhausted = 1
    for size in range(2, len(found)):
        if comb(count, size) > _SETS:
            break
        best = max(combinations(range(count), size), key=lead)
        if lead(best) > 0:
            found = best
            break
        exhausted = size
    smallest = len(found) <= exhausted + 1
    return Tried(found, votes_without(found), found=True, smallest=smallest, candidates=count)


def _greedy(order: Sequence[int], lead: Callable[[Iterable[int]], float]) -> tuple[int, ...]:
    """Remove candidates in order until the genre wins, then put back those that are needless."""
    for size in range(1, len(order) + 1):
        if lead(order[:size]) > 0:
            removed = list(order[:size])
            for candidate in reversed(order[:size]):
                fewer = [i for i in removed if i != candidate]
                if fewer and lead(fewer) > 0:
                    removed = fewer
            return tuple(removed)
    return ()


def _candidates(prediction: Prediction) -> list[tuple[str, str]]:
    """Return tagger and label of the tags that speak most for the winner, to all voters or to one of them."""
    weighted: dict[tuple[str, str], float] = {}
    for tag, effect in _effects(prediction):
        weighted[tag] = max(effect, weighted.get(tag, 0.0))
    return sorted(weighted, key=lambda tag: (-weighted[tag], tag))[:MOST_TAGS]


def _effects(prediction: Prediction) -> Iterator[tuple[tuple[str, str], float]]:
    for reason in prediction.reasons:
        if reason.log_odds > 0:
            yield (reason.tagger, reason.label), reason.log_odds
    for voter in prediction.voters:
        for reason in voter.reasons:
            if reason.log_odds > 0 and voter.weight > 0:
                yield (reason.tagger, reason.label), voter.weight * reason.log_odds


def _without(covers: TaggedCovers, removed: set[tuple[str, str]]) -> TaggedCovers:
    """Return the covers without some tags, given by tagger and label."""
    kept = {
        tagger: [[tag for tag in each if (tagger, tag.label) not in removed] for each in of_tagger]
        for tagger, of_tagger in covers.tags.items()
    }
    return replace(covers, tags=kept)
