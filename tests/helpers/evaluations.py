"""An evaluation of random predictions, for tests of everything that reads ``scores.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.ensemble.blends import Blend
from classifiers.ensemble.pooling import pooled
from classifiers.ensemble.results import VoterName
from helpers.samples import samples
from spotitags.evaluation.predictions import EnsemblePredictions
from spotitags.evaluation.scores import scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VOTERS = (
    VoterName("lite", "all", "good"),
    VoterName("lite", "all", "poor"),
    VoterName("lite", "top", "good"),
)


OUTSIDERS = {
    "kinds": {"folk": 300, "photographs": 60},
    "sure_from": 0.8,
    "held_out": {
        "music": {"tested": 1178, "sure": 0.2598, "none": 0.5928},
        "pictures": {"tested": 48, "sure": 0.0208, "none": 0.8778},
    },
    "artists": {"tested": 24, "none_of_these": 0.0417, "none": 0.2243},
}
"""Entry ``outsiders`` of a ``scores.json``, which earlier versions did not write."""


def predictions(
    lean: float = 0.6, genres: Sequence[str] = ("jazz", "metal", "pop"), last_view: str = "top"
) -> EnsemblePredictions:
    """Random votes, nearer to the truth by ``lean``; the first artist is never tested, the second once."""
    rng, repeats = np.random.default_rng(3), 2
    n, g = 8 * len(genres), len(genres)
    truth = np.repeat(np.arange(g), 8)
    votes = rng.dirichlet(np.ones(g), size=(repeats, n, 3))
    votes[:, :, [0, 2]] += lean * np.eye(g)[truth][:, None]
    votes /= votes.sum(axis=-1, keepdims=True)
    weights = np.broadcast_to([0.7, 0.0, 0.3], (repeats, n, 3)).copy()
    votes[:, 0] = weights[:, 0] = votes[0, 1] = weights[0, 1] = np.nan
    ensemble = pooled(votes, weights)
    parts = {"tags": 1.0} if last_view != "embedding" else {"tags": 0.7, "picture": 0.3}
    blends = [Blend(parts), *(Blend({kind: 1.0}) for kind in parts if len(parts) > 1)]
    return EnsemblePredictions(
        genres=tuple(genres),
        truth=truth,
        voters=(*VOTERS[:2], VoterName("lite", last_view, "good")),
        votes=votes,
        weights=weights,
        known=~np.isnan(weights),
        blends={
            frozenset(blend.weights): np.broadcast_to(blend.row(), (repeats, n, len(blend.weights)))
            for blend in blends
        },
        control=None,
        by_covers=np.broadcast_to(ensemble[:1], (10, 1, n, g)),
        by_artists={9.0: ensemble[:1], 12.0: ensemble[:1]},
        masked=1.5,
        trained_on=16.0,
    )


def about(name: str = "first", **protocol: Any) -> Mapping[str, Any]:
    """First entries of a ``scores.json``."""
    how = {
        "folds": 5, "repeats": 2, "curve_repeats": 1, "seed": 0, "albums": 10, "train_albums": 20,
        "min_covers": 3, "shared_covers": "masked", "masked_covers": 1.5, "shuffled_genres": False,
    }  # fmt: skip
    return {
        "created": "2026-11-20",
        "dataset": "drawn artists",
        "name": name,
        "unit": "artist",
        "protocol": how | protocol,
        "taggers": [{"name": "lite", "version": "lite 1"}],
        "notes": ["2 covers that several artists have are masked on one side of each fold"],
        "failed": {},
        "seconds": 12.5,
    }


def run(
    name: str = "first", lean: float = 0.6, genres: Sequence[str] = ("jazz", "metal", "pop"), **protocol: Any
) -> dict[str, Any]:
    """Content of a ``scores.json``."""
    renamed = dict(zip(("jazz", "metal", "pop"), genres, strict=False))
    rows = samples(per_genre=8, genres=list(renamed))
    for row in rows:
        object.__setattr__(row.row, "genre", renamed[row.genre])
    return scores(rows, predictions(lean, genres), about(name, **protocol))


def seed_run() -> dict[str, Any]:
    """Content of a ``seed.json``."""
    interval = {"value": 0.9, "low": 0.85, "high": 0.95}
    cells = [
        {"view": view, "classifier": name, "balanced_accuracy": interval}
        for view in ("all", "distinct top 10")
        for name in ("a_classifier", "b_classifier")
    ]
    table = {"title": "doom against pop", "chance": 0.5, "rows": {"doom": 4, "pop": 5}, "cells": cells}
    finding = {"rows": "each cover a row", "claim": "better", "verdict": "does not hold", "measured": "-0.05"}
    head = {"format": 1, "kind": "seed", "created": "2026-11-20", "dataset": "seed", "about": "As it was."}
    return head | {"tables": [table], "findings": [finding]}
