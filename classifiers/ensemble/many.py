"""Votes of an ensemble on many artists, in one run of each graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.blends import blended_weights, in_order, kind_of
from classifiers.ensemble.confidence import OUTSIDERS, cover_evidence
from classifiers.ensemble.many_rows import ManyInputs, rows_of_many
from classifiers.ensemble.pooling import COVER_FLOOR, flat_where_unknown, pooled, temper
from classifiers.ensemble.results import KindVote, Result, Vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.ensemble import Ensemble
    from classifiers.ensemble.onnx_voters import OnnxVoters, Voter
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import Confidence

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ManyVotes:
    """Votes on many artists; those on one are in `result`.

    Attributes:
        genres: Names of the genres.
        voters: Voters whose input is given.
        votes: (n_artists, n_voters, n_genres) probabilities.
        known: (n_artists, n_voters), False if a voter knows no feature of the artist.
        weights: (n_artists, n_voters) weights of the voters beside each other.
        shares: (n_artists, n_genres) pooled votes.
        informed: (n_artists,), False if no voter with a weight knows any feature.
        none: (n_artists,) probability of none of the genres; None if it is unknown.
        confidences: Confidence in the largest share of each artist.
        by_kind: True for models with weights for kinds of voters.
    """

    genres: tuple[str, ...]
    voters: Sequence[Voter]
    votes: Floats
    known: Flags
    weights: Floats
    shares: Floats
    informed: Flags
    none: Floats | None
    confidences: Sequence[Confidence | None]
    by_kind: bool

    def result(self, artist: int) -> Result:
        """Return the result of one artist, as `classifiers.ensemble.ensemble.Ensemble.vote` does."""
        return Result(
            shares=self.shares_of(artist),
            votes=self.votes_of(artist),
            known=bool(self.informed[artist]),
            confidence=self.confidences[artist],
            none=self.none_of(artist),
            kinds=self.kinds_of(artist),
        )

    def shares_of(self, artist: int) -> dict[str, float]:
        """Return the share of each genre, largest first."""
        shares = zip(self.genres, self.shares[artist].tolist(), strict=True)
        return dict(sorted(shares, key=lambda share: -share[1]))

    def none_of(self, artist: int) -> float | None:
        """Return the probability of none of the genres; None if it is unknown."""
        return None if self.none is None else float(self.none[artist])

    def votes_of(self, artist: int) -> tuple[Vote, ...]:
        """Return the vote of each voter."""
        weights = self.weights[artist]
        parts = weights / weights.sum() if weights.any() else weights
        return tuple(
            Vote(voter.name, weight, dict(zip(self.genres, vote, strict=True)), knows)
            for voter, weight, vote, knows in zip(
                self.voters,
                parts.tolist(),
                self.votes[artist].tolist(),
                self.known[artist].tolist(),
                strict=True,
            )
        )

    def kinds_of(self, artist: int) -> tuple[KindVote, ...]:
        """Pool the voters of each kind with a weight."""
        found = []
        names = [kind_of(voter.name) for voter in self.voters]
        votes, weights = self.votes[artist], self.weights[artist]
        for kind in in_order(names) if self.by_kind else ():
            own = np.array([name == kind for name in names])
            if total := float(weights[own].sum()):
                shares = pooled(votes[own], weights[own] / total).tolist()
                found.append(KindVote(kind, total, dict(zip(self.genres, shares, strict=True))))
        return tuple(found)


def vote_many(ensemble: Ensemble, inputs: ManyInputs) -> ManyVotes | None:
    """Pool the votes of all voters whose input is given on each artist.

    Args:
        ensemble: The ensemble.
        inputs: Tags and features of the artists.

    Returns:
        The votes; None if the model knows none of the taggers.

    Raises:
        ModelFileError: A graph takes too long or computes no probabilities.
    """
    found = [_graph_votes(graph, inputs) for graph in ensemble.graphs]
    voters = [voter for available, _, _, _ in found for voter in available]
    if not voters:
        return None
    votes = np.concatenate([each for _, each, _, _ in found], axis=1)
    known = np.concatenate([each for _, _, each, _ in found], axis=1)
    inside = ensemble.inside(voters)
    weights = np.broadcast_to(inside, known.shape)
    if ensemble.blends:
        rows = {kinds: blend.row() for kinds, blend in ensemble.blends.items()}
        weights = blended_weights([kind_of(voter.name) for voter in voters], weights, known, rows)
    shares = pooled(votes, weights)
    informed: Flags = np.any(known & (inside > 0), axis=1)
    evidence = found[0][3]
    none = None
    if ensemble.outsiders and evidence is not None:
        none = ensemble.outsiders.none_probability(evidence, np.diff(inputs.covers))
    return ManyVotes(
        ensemble.genres, voters, votes, known, weights, shares, informed, none,
        _confidences(ensemble, voters, known, shares.max(axis=1), informed, none), bool(ensemble.blends),
    )  # fmt: skip


def _confidences(  # noqa: PLR0913, PLR0917 - the parts of a vote
    ensemble: Ensemble,
    voters: Sequence[Voter],
    known: Flags,
    largest: Floats,
    informed: Flags,
    none: Floats | None,
) -> list[Confidence | None]:
    """Return the confidence of each vote; artists of the same known voters share a calibration."""
    patterns, numbers = np.unique(known, axis=0, return_inverse=True)
    calibrations = [ensemble.calibration_of(voters, pattern.tolist()) for pattern in patterns]
    nones = [None] * len(largest) if none is None else none.tolist()
    return [
        calibration.confidence(share, missing) if informs and (calibration := calibrations[number]) else None
        for number, share, informs, missing in zip(
            numbers.ravel().tolist(), largest.tolist(), informed.tolist(), nones, strict=True
        )
    ]


def _graph_votes(graph: OnnxVoters, inputs: ManyInputs) -> tuple[list[Voter], Floats, Flags, Floats | None]:
    """Return a graph's available voters, their votes, which know a feature, and outsiders' evidence."""
    sources = {name: rows_of_many(source, inputs) for name, source in graph.inputs.items()}
    voters = [voter for voter in graph.voters if sources[voter.source] is not None]
    names = list(dict.fromkeys(voter.source for voter in voters))
    if not names:
        return [], np.empty((inputs.artists, 0, 0)), np.empty((inputs.artists, 0), bool), None
    outsiders = graph.outsider_input in names
    rows = {
        name: np.zeros((1, graph.inputs[name].width)) if each is None else each[0]
        for name, each in sources.items()
    }
    outputs = graph.run([*(graph.inputs[name].output for name in names), *[OUTSIDERS] * outsiders], rows)
    by_name = dict(zip(names, outputs, strict=False))
    votes = np.empty((inputs.artists, len(voters), by_name[names[0]].shape[-1]))
    known = np.empty(votes.shape[:2], bool)
    for number, voter in enumerate(voters):
        source = sources[voter.source]
        assert source is not None  # noqa: S101 - its voters are left out
        _, knows, starts = source
        each = by_name[voter.source][:, voter.place]
        each = each / each.sum(axis=1, keepdims=True)
        if starts is not None and voter.sharpness:
            votes[:, number] = _pool_covers(each, knows, starts, voter.sharpness)
            known[:, number] = np.logical_or.reduceat(knows, starts[:-1])
        else:
            each = flat_where_unknown(each, knows)
            bags = inputs.bags[voter.name.tagger]
            votes[:, number] = temper(each, bags.cover_counts()[:, np.newaxis])
            known[:, number] = knows
    evidence = None
    if outsiders:
        log_odds = cover_evidence(outputs[-1])
        evidence = np.add.reduceat(log_odds, inputs.covers[:-1]) / np.diff(inputs.covers)
    return voters, votes, known, evidence


def _pool_covers(votes: Floats, known: Flags, starts: NDArray[np.int64], sharpness: Sharpness) -> Floats:
    """Pool votes on covers as `classifiers.ensemble.pooling.pool_covers`, for any number of them each."""
    logs = np.log(np.maximum(votes, COVER_FLOOR)) * known[:, np.newaxis]
    covers = np.add.reduceat(known.astype(np.float64), starts[:-1])[:, np.newaxis]
    exponent = sharpness.scale * np.maximum(covers, 1) ** (sharpness.growth - 1)
    return softmax(exponent * np.add.reduceat(logs, starts[:-1], axis=0))
