"""Serialise the trained head with the vectors of its labels and genres."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.taggers.lite.head import FORMAT, Calibration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Labels(NamedTuple):
    """Labels: n names, (n, dim) vectors, and (n,) log odds that each fits any cover."""

    names: Sequence[str]
    vectors: Floats
    priors: Floats


class Reference(NamedTuple):
    """The reference covers: (dim,) mean and (dim, dim) covariance of their vectors."""

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, covers: Floats) -> Reference:
        """Compute it from (n, dim) projected covers."""
        return cls(covers.mean(axis=0), np.cov(covers.T).astype(np.float32))


def pack(
    weights: Mapping[str, Floats],
    labels: Labels,
    genres: tuple[Sequence[str], Floats],
    reference: Reference,
    calibration: Calibration,
) -> bytes:
    """Pack a head into the bytes of the ``.npz`` file that `spotitags.taggers.lite.head.Head` reads.

    Matrices of weights and vectors are stored as signed bytes with a scale per row. Equal arguments give
    equal bytes.

    Args:
        weights: The result of `spotitags.training.lite_head.model.weights_of`.
        labels: The built-in labels.
        genres: n names and their (n, dim) vectors.
        reference: The reference covers.
        calibration: The calibration of labels' probabilities.
    """
    arrays: dict[str, NDArray[np.generic]] = {"format": np.array(FORMAT)}
    for name, array in weights.items():
        arrays |= _quantised(name, array) if array.ndim > 1 else {name: array.astype(np.float32)}
    for name, (names, vectors) in {"label": labels[:2], "genre": genres}.items():
        arrays[f"{name}s"] = np.array(names, dtype=np.str_)
        arrays |= _quantised(f"{name}_vectors", vectors)
    arrays["mean"] = reference.mean.astype(np.float32)
    arrays["covariance"] = reference.covariance.astype(np.float16)
    arrays["label_priors"] = labels.priors.astype(np.float32)
    arrays["calibration"] = np.array(calibration, dtype=np.float32)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take allow_pickle for one of them
    return file.getvalue()


def _quantised(name: str, array: Floats) -> dict[str, NDArray[np.generic]]:
    """Return a matrix as signed bytes and the scale of each row."""
    scale = np.maximum(np.abs(array).max(axis=1), 1e-12) / 127
    return {
        name: np.rint(array / scale[:, np.newaxis]).astype(np.int8),
        f"{name}_scale": scale.astype(np.float32),
    }


def log_odds(fits: NDArray[np.bool_]) -> Floats:
    """Compute the log odds that each label fits any cover.

    Half a cover is added to both counts (Krichevsky and Trofimov 1981), so that a label without covers is
    rare and not impossible.

    Args:
        fits: (n_covers, n_labels), True if a label fits.

    Returns:
        (n_labels,).
    """
    counts = fits.sum(axis=0)
    odds: Floats = np.log((counts + 0.5) / (len(fits) - counts + 0.5)).astype(np.float32)
    return odds


def fit_calibration(contrast: Floats, fits: NDArray[np.bool_], priors: Floats) -> Calibration:
    """Fit a logistic regression on contrast and prior (Platt 1999), over all pairs of a cover and a label.

    Args:
        contrast: (n_covers, n_labels) of covers that the head was not trained on.
        fits: (n_covers, n_labels), True if a label fits.
        priors: (n_labels,) from `log_odds`.
    """
    from sklearn.linear_model import LogisticRegression

    pairs = np.stack([contrast.ravel(), np.broadcast_to(priors, contrast.shape).ravel()], axis=1)
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(pairs, fits.ravel())
    (likeness, prevalence), (bias,) = model.coef_[0].tolist(), model.intercept_.tolist()
    return Calibration(likeness, prevalence, bias)
