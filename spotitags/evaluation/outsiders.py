"""Evaluate the answer "none of these genres", on outsiders and on the evaluated artists themselves.

docs/outsiders.md describes the method, docs/evaluation.md the entry of ``scores.json``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.evaluation.estimates import rounded
from spotitags.evaluation.folds import fold_dataset
from spotitags.records import NONE_FROM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import VoterName
    from classifiers.training.detector import References
    from classifiers.training.outsiders import TrainedOutsiders
    from spotitags.evaluation.folds import Protocol, Split
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.samples import Sample


def evaluate_outsiders(
    samples: Sequence[Sample],
    protocol: Protocol,
    predictions: EnsemblePredictions,
    references: References | None,
) -> dict[str, Any] | None:
    """Train the detector of outsiders on the first repeat's folds, and build its entry of ``scores.json``.

    Each artist and each outsider is judged by a detector that was trained without it.

    Args:
        samples: Samples of the cross-validation.
        protocol: Its settings.
        predictions: Its predictions; a vote is sure by their calibration.
        references: Covers of outsiders.

    Returns:
        Rates on outsiders of kinds that the detector was trained without, and on the artists; None without
        references, or if no voter uses the embeddings that they have.
    """
    from threadpoolctl import threadpool_limits

    from classifiers.training.calibrate import calibrate, limit_none
    from classifiers.training.detector import CATEGORIES
    from classifiers.training.outsiders import train_outsiders

    if references is None:
        return None
    dataset = fold_dataset(samples, replace(protocol, repeats=1, curve_repeats=0))
    (split,) = dataset.splits
    tested = {row.id: row for fold in split.folds for row in fold.test}
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        trained = train_outsiders(
            [tested.get(sample.id, sample.row) for sample in dataset.samples],
            split.folds,
            dataset.genres,
            references,
            _embedding_voters(split, predictions.voters, dataset.genres, references.tagger),
            seed=split.seed,
        )
    if trained is None:
        return None
    calibration = limit_none(
        calibrate(predictions.ensemble, predictions.truth),
        trained,
        [sample.id for sample in dataset.samples],
        predictions.ensemble[0],
        predictions.truth,
    )
    rates = trained.rates(calibration)
    return {
        "kinds": trained.kinds,
        "sure_from": calibration.sure_from,
        "none_below": calibration.none_below,
        "held_out": {category: rounded(rates[category]) for category in CATEGORIES if category in rates},
        "artists": rounded(_artist_rates(trained)),
    }


def _embedding_voters(
    split: Split, voters: Sequence[VoterName], genres: Sequence[str], tagger: str
) -> list[tuple[VoterName, float, Sharpness | None]]:
    """Fit sharpness and weight of the voters on a tagger's embeddings, which alone vote on outsiders."""
    from classifiers.image import EMBEDDING
    from classifiers.metrics.splits import scores
    from classifiers.training.cross_validation import fit_all_sharpness, predict_held_out
    from classifiers.training.stacking import voter_weights

    names = [name for name in voters if name.tagger == tagger and name.view == EMBEDDING]
    if not names:
        return []
    (held,) = predict_held_out(split.folds, names, genres, seed=split.seed)
    sharpness = fit_all_sharpness([held])
    votes = held.votes(sharpness)
    losses = [scores(votes[:, i], held.truth).log_loss for i in range(len(names))]
    weights = voter_weights(np.array(losses), len(genres))
    return list(zip(names, weights.tolist(), sharpness, strict=True))


def _artist_rates(trained: TrainedOutsiders) -> Mapping[str, float]:
    """Rates on artists of the genres: answered none of these, and the mean probability of none."""
    none = trained.model.none_probability(*trained.rows.T)
    return {
        "tested": len(none),
        "none_of_these": float((none >= NONE_FROM).mean()),
        "none": float(none.mean()),
    }
