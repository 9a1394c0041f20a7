"""Voters on embeddings whose log-probabilities are linear in their input, as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.image import EMBEDDING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.onnx_voters import GraphInput, Voter

    Floats = NDArray[np.float64]
    Votes = Callable[[GraphInput, Floats], Floats]
    """Returns (m, n_voters, n_genres) votes on (m, width) rows of an input."""


_TOLERANCE: Final = 1e-5  # of log-odds, for a voter that counts as linear
_SCALE: Final = 4.0  # of the rows that are tried: larger ones lose fewer digits


class LinearVoter(NamedTuple):
    """Voter with ``logits = rows @ weights + constants``, whose softmax are its votes.

    Attributes:
        voter: The voter.
        weights: (width, n_genres), logits with mean 0 over the genres for each unit of a column.
        constants: (n_genres,) logits of a row of zeros, with mean 0.
    """

    voter: Voter
    weights: Floats
    constants: Floats


def linear_voters(source: GraphInput, voters: Sequence[Voter], votes: Votes) -> list[LinearVoter]:
    """Return those voters on an input of embeddings whose logits are linear; others are left out.

    The graph is only run, on a row for each column: what it computes may be written in any way.

    Args:
        source: Input with the view ``embedding``.
        voters: Voters on it.
        votes: Runs the graph.
    """
    if source.view != EMBEDDING:
        return []
    tried = np.vstack([np.zeros(source.width), _SCALE * np.eye(source.width)])
    probe = np.random.default_rng(0).normal(size=(1, source.width)) / np.sqrt(source.width)
    found, probed = _logits(votes(source, tried)), _logits(votes(source, probe))
    linear = []
    for voter in voters:
        constants = found[0, voter.place]
        weights = (found[1:, voter.place] - constants) / _SCALE
        if np.abs(probe[0] @ weights + constants - probed[0, voter.place]).max() < _TOLERANCE:
            linear.append(LinearVoter(voter, weights, constants))
    return linear


def _logits(votes: Floats) -> Floats:
    """Return the logarithms of (..., n_genres) votes, with mean 0 over the genres."""
    logs = np.log(np.maximum(votes, np.finfo(float).tiny))
    centred: Floats = logs - logs.mean(axis=-1, keepdims=True)
    return centred
