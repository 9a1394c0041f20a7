"""Weights of kinds of voters, fitted on held-out artists.

Stacked generalisation (Wolpert, 1992) with one non-negative weight for each kind (Breiman, "Stacked
Regressions", 1996): voters of one kind resemble each other and are pooled by skill, while the few kinds
differ enough to fit a weight to each.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.blends import Blend, in_order, kind_of
from classifiers.ensemble.pooling import VOTER_FLOOR, pooled
from classifiers.metrics.splits import scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


SKILL_EXPONENT = 16  # of a voter's weight inside its kind; docs/ensemble.md compares others
MOST = 1000.0  # weight of an optional voter whose kind has no skill without it
RIDGE = 0.01  # penalty that draws weights to an even blend, in nats per squared difference


class Stack(NamedTuple):
    """Weights of all voters.

    Attributes:
        weights: (n_voters,) inside the kinds: those of the default voters of a kind sum to 1.
        blends: Set of kinds to the weights of these kinds.
    """

    weights: Floats
    blends: Mapping[frozenset[str], Blend]


def fit_stack(
    names: Sequence[VoterName],
    votes: Floats,
    known: Flags,
    truth: NDArray[np.intp],
    voting: int | None = None,
) -> Stack:
    """Fit the weights of voters inside their kinds, and the weights of kinds for each set of them.

    The weights of a set are fitted on the artists that have all of its kinds; if some genre has no such
    artist, the kinds weigh the same.

    Args:
        names: Names of the voters.
        votes: (n_rows, n_voters, n_genres) on rows that the voters were not trained on.
        known: (n_rows, n_voters), False where a voter knows no feature of the artist.
        truth: (n_rows,) genre indices.
        voting: Number of default voters, the first ones; None for all. Others get a weight on the same scale
            and are not in the votes of a kind that has a default voter.
    """
    genres = votes.shape[2]
    kinds = [kind_of(name) for name in names]
    losses = np.array([scores(votes[:, i], truth).log_loss for i in range(len(names))])
    weights = np.zeros(len(names))
    of_kinds: dict[str, tuple[Floats, Flags]] = {}
    for kind in in_order(kinds):
        own = [i for i, each in enumerate(kinds) if each == kind]
        defaults = sum(voting is None or i < voting for i in own)
        weights[own] = voter_weights(losses[own], genres, defaults or None)
        used = own[: defaults or None]
        of_kinds[kind] = pooled(votes[:, used], weights[used]), np.any(known[:, used], axis=1)
    sets = [each for size in range(len(of_kinds)) for each in combinations(of_kinds, size + 1)]
    return Stack(weights, {frozenset(each): _blend({k: of_kinds[k] for k in each}, truth) for each in sets})


def _blend(of_kinds: Mapping[str, tuple[Floats, Flags]], truth: NDArray[np.intp]) -> Blend:
    """Fit the weights of some kinds to their votes on the artists of whom all of them are known."""
    rows = np.all([known for _, known in of_kinds.values()], axis=0)
    fitted = np.full(len(of_kinds), 1 / len(of_kinds))
    if set(truth[rows]) == set(truth):
        fitted = fit_weights(np.stack([votes[rows] for votes, _ in of_kinds.values()], axis=1), truth[rows])
    return Blend(dict(zip(of_kinds, fitted.tolist(), strict=True)))


def voter_weights(log_losses: Floats, genres: int, voting: int | None = None) -> Floats:
    """Compute the weights of voters of one kind from their log losses on held-out rows.

    A voter's skill is ``max(0, 1 - log_loss / log(genres))``, 0 for chance and 1 for certainty; its weight is
    proportional to its sixteenth power. If no voter has skill, all weigh the same.

    Args:
        log_losses: (n_voters,) in nats.
        genres: Number of genres.
        voting: Number of voters, the first ones, whose weights sum to 1; None for all. The weights of the
            others are on the same scale, for an ensemble that includes them and divides by the new sum.

    Returns:
        (n_voters,) weights, at least 0.
    """
    skill = np.maximum(0, 1 - log_losses / np.log(genres)) ** SKILL_EXPONENT
    if not skill[:voting].sum():
        return np.full(len(skill), 1 / len(skill[:voting]))
    weights: Floats = np.minimum(skill / skill[:voting].sum(), MOST)
    return weights


def fit_weights(votes: Floats, truth: NDArray[np.intp]) -> Floats:
    """Fit the log-linear blend with the lowest log loss; every genre weighs the same.

    The loss is convex, so there is one solution. Weights need not sum to 1: models that are right for
    different reasons are more certain together.

    Args:
        votes: (n_rows, n_models, n_genres).
        truth: (n_rows,) genre indices.

    Returns:
        (n_models,) weights, at least 0.
    """
    from scipy.optimize import minimize

    n, models, genres = votes.shape
    logs = np.log(np.maximum(votes, VOTER_FLOOR))
    targets = np.eye(genres)[truth]
    row_weights = 1 / np.maximum(targets.sum(axis=0), 1)[truth] / len(np.unique(truth))
    even = np.full(models, 1 / models)

    def loss(weights: Floats) -> tuple[float, Floats]:
        shares = softmax(np.einsum("nmg,m->ng", logs, weights))
        value = -row_weights @ np.log(np.maximum(shares[np.arange(n), truth], 1e-300))
        slope = np.einsum("ng,nmg->m", (shares - targets) * row_weights[:, None], logs)
        return float(value + RIDGE * ((weights - even) ** 2).sum()), slope + 2 * RIDGE * (weights - even)

    best: Floats = minimize(loss, even, jac=True, method="L-BFGS-B", bounds=[(0, None)] * models).x
    return best
