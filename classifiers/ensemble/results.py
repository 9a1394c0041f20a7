"""Results of an ensemble: votes, shares and the tags behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class VoterName(NamedTuple):
    """Name of a voter: its tagger (or pixel feature), its view and its classifier."""

    tagger: str
    view: str
    classifier: str


class Pull(NamedTuple):
    """Effect of one tag: what falls when it is removed from the bag and from every cover.

    Attributes:
        tagger: Tagger of the tag.
        label: Label of the tag.
        pull: Fall of the winner's probability, in [-1, 1]; it nears 0 where the probability is near 1.
        log_odds: Fall of the log-odds of the winner over the runner-up: above 0 the tag speaks for the
            winner, below 0 for the runner-up.
    """

    tagger: str
    label: str
    pull: float
    log_odds: float


class Evidence(NamedTuple):
    """Evidence for the winner against the runner-up, in log-odds (natural logarithm).

    Attributes:
        winner: Genre with the largest share.
        runner_up: Genre with the second largest share.
        log_odds: Weighted sum, over all voters, of ``log(p(winner) / p(runner_up))``; the sum of ``tags``,
            ``pictures``, ``words``, ``titles`` and ``texts``.
        tags: Part of the voters that use tags; 0 without any known tag.
        pictures: Part of the voters on embeddings and pixel features, which use whole pictures.
        in_shares: ``log(share of the winner / share of the runner-up)``. It is ``log_odds`` unless a voter
            gives one of the two a probability below `classifiers.ensemble.pooling.VOTER_FLOOR`.
        words: Part of the voters on words that were read on covers.
        titles: Part of the voters on the titles of albums.
        texts: Text column and the part of its voters, for each text column.
    """

    winner: str
    runner_up: str
    log_odds: float
    tags: float
    pictures: float
    in_shares: float
    words: float = 0.0
    titles: float = 0.0
    texts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's vote.

    Attributes:
        voter: Name of the voter.
        weight: Its part of the weight of all voters in this result, in [0, 1].
        probabilities: Genre to probability in the model's order, summing to 1.
        known: False if the voter knows no feature of the artist; its vote is flat then.
    """

    voter: VoterName
    weight: float
    probabilities: Mapping[str, float]
    known: bool


class KindVote(NamedTuple):
    """Vote of all voters of one kind.

    Attributes:
        kind: As `classifiers.ensemble.blends.kind_of` names it.
        weight: Its exponent in the shares, at least 0. Weights of kinds need not sum to 1: sources that are
            right for different reasons are more certain together.
        probabilities: Genre to probability in the model's order, summing to 1.
    """

    kind: str
    weight: float
    probabilities: Mapping[str, float]


class Confidence(NamedTuple):
    """Rate at which votes with a similar share were right on held-out artists of the model's genres.

    Attributes:
        right: Fraction of them that named the right genre, in (0, 1).
        artists: Number of held-out artists behind that fraction.
        sure: Whether ``right`` is high enough to name a genre at all, and none of the genres unlikely enough.
        fits: False if none of the genres is too likely for a sure vote, whatever ``right`` is.
    """

    right: float
    artists: int
    sure: bool
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """The ensemble's prediction: the weighted product of its votes, renormalised.

    Attributes:
        shares: Genre to share, largest first, summing to 1.
        votes: Votes of all voters whose input was given.
        known: False if no voter with a weight knows any feature of the artist: the shares are flat then and
            mean nothing.
        confidence: Confidence in the largest share. None if it was not measured on results like this one: the
            model has no calibration, no voter knows a feature, or the voters with a weight are not those of
            the model's evaluation, because one abstains or an optional voter takes part.
        none: Probability, in (0, 1), that the artist belongs to none of the genres, if half of all artists
            do; None if the model was trained without outsiders, or the covers have no embeddings.
        kinds: Votes of each kind of voters that counts; empty for models of format 2.
    """

    shares: Mapping[str, float]
    votes: tuple[Vote, ...]
    known: bool
    confidence: Confidence | None
    none: float | None = None
    kinds: tuple[KindVote, ...] = ()

    @property
    def genre(self) -> str:
        """The genre with the largest share."""
        return next(iter(self.shares))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Evidence for the winner, and the tags that speak for and against it, by the size of their log-odds.

    Attributes:
        evidence: Evidence of all voters, weighted.
        overall: Effect of tags on all voters, weighted.
        voters: Effect of tags on each voter alone, unweighted.
    """

    evidence: Evidence
    overall: tuple[Pull, ...]
    voters: Mapping[VoterName, tuple[Pull, ...]]
