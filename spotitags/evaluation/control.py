"""Control of voters on words: each artist gets the words of another one, which must give no gain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.training.cross_validation import HeldOut
    from classifiers.training.dataset import Row
    from spotitags.evaluation.folds import Split


def control_shares(held: HeldOut, split: Split, genres: Sequence[str]) -> NDArray[np.float64] | None:
    """Train and weight the voters on words anew with the words of other artists, in the same folds.

    All words of an artist are passed on to one other artist, so none are on both sides of a fold. What the
    ensemble still gains by them, compared with the one without words, is luck or an error of the protocol.

    Args:
        held: Predictions of all voters in these folds.
        split: The folds.
        genres: Order of the probabilities.

    Returns:
        (n_tested, n_genres) shares in the order of ``held.rows``; None if no voter reads words.
    """
    from classifiers.text.views import WORDS
    from classifiers.training.cross_validation import Fold, ensemble_predictions, predict_held_out

    reading = [i for i, name in enumerate(held.names) if name.view == WORDS]
    if not reading:
        return None
    names = [held.names[i] for i in reading]
    words = {name.tagger: _passed_on(held.rows, name.tagger, split.seed) for name in names}
    folds = [
        Fold([_with_words(row, words) for row in fold.train], [_with_words(row, words) for row in fold.test])
        for fold in split.folds
    ]
    (other,) = predict_held_out(folds, names, genres, seed=split.seed)
    predictions = list(held.predictions)
    for i, found in zip(reading, other.predictions, strict=True):
        predictions[i] = found
    return ensemble_predictions(replace(held, predictions=predictions)).shares


def _passed_on(rows: Sequence[Row], source: str, seed: int) -> dict[str, Mapping[str, float]]:
    """Artist to the words of the artist before it in a random circle of all artists."""
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    return {
        rows[taker].id: rows[giver].bag(source)
        for giver, taker in zip(order, order[1:] + order[:1], strict=True)
    }


def _with_words(row: Row, words: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Row:
    """Replace the words of a row, all on its first cover; an artist that no fold tests gets none."""
    covers = {source: [each.get(row.id, {}), *[{}] * (len(row) - 1)] for source, each in words.items()}
    return replace(row, covers={**row.covers, **covers})
