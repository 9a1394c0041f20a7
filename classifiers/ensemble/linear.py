"""Voters whose logits are linear in their input, found by running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.image import EMBEDDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from classifiers.ensemble.graph_inputs import GraphInput
    from classifiers.ensemble.onnx_voters import OnnxVoters, Voter

    Floats = NDArray[np.float64]


_TOLERANCE: Final = 1e-5  # of logits, for a classifier that counts as linear
_SCALE: Final = 4.0  # of the rows that are tried: larger ones lose fewer digits


class LinearLogits(NamedTuple):
    """Logits ``rows @ weights + constants``, whose softmax are the votes.

    Attributes:
        weights: (width, n_genres), with mean 0 over the genres for each column.
        constants: (n_genres,) of a row of zeros, with mean 0.
    """

    weights: Floats
    constants: Floats


class LinearVoter(NamedTuple):
    """A voter on embeddings whose logits are linear in `classifiers.ensemble.onnx_voters.feature_rows`."""

    voter: Voter
    logits: LinearLogits


def linear_voters(graph: OnnxVoters, tagger: str) -> list[LinearVoter]:
    """Return the voters of a graph on a tagger's embeddings whose logits are linear.

    Raises:
        ModelFileError: The graph takes too long or computes no probabilities.
    """
    zeros = {name: np.zeros((1, source.width)) for name, source in graph.inputs.items()}
    found = []
    for source in graph.inputs.values():
        if (source.tagger, source.view) != (tagger, EMBEDDING):
            continue

        def votes(rows: Floats, source: GraphInput = source) -> Floats:
            return graph.run([source.output], zeros | {source.name: rows})[0]

        logits = linear_logits(source.width, votes)
        voters = [voter for voter in graph.voters if voter.source == source.name]
        found += [LinearVoter(voter, each) for voter in voters if (each := logits[voter.place])]
    return found


def linear_logits(width: int, votes: Callable[[Floats], Floats]) -> list[LinearLogits | None]:
    """Return the logits of each voter on an input; None for voters whose logits are not linear.

    The graph is only run, on a row for each column: what it computes may be written in any way.

    Args:
        width: Number of columns.
        votes: Returns (m, n_voters, n_genres) votes on (m, width) rows.
    """
    tried = np.vstack([np.zeros(width), _SCALE * np.eye(width)])
    probe = np.random.default_rng(0).normal(size=width) / np.sqrt(width)
    found, (probed,) = _logits(votes(tried)), _logits(votes(probe[np.newaxis]))
    constants = found[0]
    weights = (found[1:] - constants) / _SCALE
    exact = np.abs(np.einsum("w,wvg->vg", probe, weights) + constants - probed).max(axis=-1) < _TOLERANCE
    return [
        LinearLogits(weights[:, voter], constants[voter]) if linear else None
        for voter, linear in enumerate(exact)
    ]


def _logits(votes: Floats) -> Floats:
    """Return the logarithms of (..., n_genres) votes, with mean 0 over the genres."""
    logs = np.log(np.maximum(votes, np.finfo(float).tiny))
    centred: Floats = logs - logs.mean(axis=-1, keepdims=True)
    return centred
