"""Explanation of an ensemble's vote, from its votes with and without each tag. Needs numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.blends import COLUMN, PICTURE, TAGS, TITLES, WRITTEN, in_order, kind_of
from classifiers.ensemble.pooling import log_odds, pooled
from classifiers.ensemble.results import Evidence, Explanation, Pull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName

    Floats = NDArray[np.float64]

_NOISE = 1e-9  # rounding of sums; tags that change less change nothing


class OccludedVotes(NamedTuple):
    """Votes of an ensemble on one artist, with and without each of its tags.

    Attributes:
        genres: Names of the genres.
        voters: Names of the voters.
        weights: (n_voters,), at least 0.
        tags: Tagger and label of each tag.
        votes: (1 + n_tags, n_voters, n_genres) probabilities; first with all tags, then without each.
    """

    genres: Sequence[str]
    voters: Sequence[VoterName]
    weights: Floats
    tags: Sequence[tuple[str, str]]
    votes: Floats


def explain_votes(occluded: OccludedVotes, pair: tuple[str, str], n: int) -> Explanation:
    """Compare the votes with all tags to those without each tag.

    The pool of votes is a weighted sum of logarithms (`classifiers.ensemble.pooling.pooled`), so the log-odds
    of two genres are the weighted sum of the voters' log-odds. A tag's part is the difference of that sum
    with and without the tag. Both are taken before a voter's probability is limited to ``VOTER_FLOOR``, since
    no tag would change anything beyond. Parts of several tags do not add up: tags overlap.

    Args:
        occluded: The votes.
        pair: Winner and runner-up.
        n: Maximum number of tags in each list.
    """
    genres, voters, weights, tags, votes = occluded
    winner, runner_up = (genres.index(genre) for genre in pair)
    shares, odds = pooled(votes, weights), log_odds(votes, winner, runner_up)
    total, kinds = odds @ weights, np.array([kind_of(voter) for voter in voters])
    parts = {
        kind: float(odds[0, kinds == kind] @ weights[kinds == kind])
        for kind in in_order([*kinds.tolist(), TAGS, WRITTEN, TITLES])
        if kind != PICTURE
    }
    return Explanation(
        evidence=Evidence(
            *pair,
            log_odds=float(total[0]),
            tags=parts[TAGS],
            pictures=float(total[0]) - sum(parts.values()),
            words=parts[WRITTEN],
            titles=parts[TITLES],
            in_shares=float(log_odds(shares[0], winner, runner_up)),
            texts=tuple(
                (kind.removeprefix(COLUMN), part) for kind, part in parts.items() if kind.startswith(COLUMN)
            ),
        ),
        overall=_strongest(tags, shares[:, winner], total, n),
        voters={
            voter: _strongest(tags, votes[:, i, winner], odds[:, i], n) for i, voter in enumerate(voters)
        },
    )


def _strongest(tags: Sequence[tuple[str, str]], shares: Floats, odds: Floats, n: int) -> tuple[Pull, ...]:
    """Return the ``n`` tags with the largest changes of the log-odds, ties by name, without those of none.

    Args:
        tags: Tagger and label of each tag.
        shares: (1 + n_tags,) probability of the winner, with all tags and without each.
        odds: (1 + n_tags,) the same for the log-odds.
        n: Maximum number of tags.
    """
    changes = zip(tags, (shares[0] - shares[1:]).tolist(), (odds[0] - odds[1:]).tolist(), strict=True)
    named = [Pull(*tag, pull, part) for tag, pull, part in changes if abs(part) > _NOISE]
    return tuple(sorted(named, key=lambda p: (-abs(p.log_odds), p.tagger, p.label))[:n])
