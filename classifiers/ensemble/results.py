"""What an ensemble answers: votes, shares and the tags behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class VoterName(NamedTuple):
    """What a voter reads and by what: the name of a tagger, a view and a classifier."""

    tagger: str
    view: str
    classifier: str


class Pull(NamedTuple):
    """What one tag does to a genre's probability: above 0 it speaks for the genre, below 0 against it.

    The fall of the probability, in [-1, 1], when the tag is taken off the bag and off every cover.
    """

    tagger: str
    label: str
    pull: float


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's answer.

    Attributes:
        voter: Who votes.
        weight: Its part in this result, in [0, 1]; the weights of a result's votes sum to 1.
        probabilities: Genre to probability in the model's order, summing to 1.
        known: False where the voter knows nothing of what it was shown; its vote is flat then.
    """

    voter: VoterName
    weight: float
    probabilities: Mapping[str, float]
    known: bool


class Confidence(NamedTuple):
    """How often votes as sure as this one were right on artists held out of training.

    Attributes:
        right: Part of them that named the right genre, in (0, 1).
        artists: How many held-out artists that was found on.
        sure: Whether ``right`` is high enough to name a genre at all.
    """

    right: float
    artists: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The ensemble's answer: the weighted geometric mean of its votes, renormalised.

    Attributes:
        shares: Genre to share, largest first, summing to 1.
        votes: Of every voter that was shown what it reads.
        known: False where no voter with a weight knows anything: the shares are flat and say nothing.
        confidence: Of the largest share; None where it was not measured on answers like this one: the model
            carries no calibration, no voter knows anything, or those that weigh anything are not those of the
            model's evaluation: one of them abstains, or an optional voter has a weight, too.
    """

    shares: Mapping[str, float]
    votes: tuple[Vote, ...]
    known: bool
    confidence: Confidence | None

    @property
    def genre(self) -> str:
        """The genre with the largest share."""
        return next(iter(self.shares))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Tags that spoke for and against one genre, strongest first, by the ensemble and by each voter."""

    genre: str
    overall: tuple[Pull, ...]
    voters: Mapping[VoterName, tuple[Pull, ...]]
