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
    """Effect of one tag on a genre's probability: above 0 it speaks for the genre, below 0 against it.

    ``pull`` is the fall of the probability, in [-1, 1], when the tag is removed from the bag and from every
    cover.
    """

    tagger: str
    label: str
    pull: float


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's vote.

    Attributes:
        voter: Name of the voter.
        weight: Its weight in this result, in [0, 1]; the weights of a result's votes sum to 1.
        probabilities: Genre to probability in the model's order, summing to 1.
        known: False if the voter knows no feature of the artist; its vote is flat then.
    """

    voter: VoterName
    weight: float
    probabilities: Mapping[str, float]
    known: bool


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
    """The ensemble's prediction: the weighted geometric mean of its votes, renormalised.

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
    """

    shares: Mapping[str, float]
    votes: tuple[Vote, ...]
    known: bool
    confidence: Confidence | None
    none: float | None = None

    @property
    def genre(self) -> str:
        """The genre with the largest share."""
        return next(iter(self.shares))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Tags that speak for and against one genre, strongest first, in the ensemble and in each voter."""

    genre: str
    overall: tuple[Pull, ...]
    voters: Mapping[VoterName, tuple[Pull, ...]]
