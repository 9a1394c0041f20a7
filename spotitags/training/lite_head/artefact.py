"""The file that ships: a trained head, and what labels and genres look like through it."""

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
    """What is looked for: names, (n, dim) vectors, and (n,) log odds before a cover is looked at."""

    names: Sequence[str]
    vectors: Floats
    priors: Floats


class Reference(NamedTuple):
    """What covers in general look like to a head: (dim,) mean and (dim, dim) covariance of their vectors."""

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, covers: Floats) -> Reference:
        """From (n, dim) projected covers."""
        return cls(covers.mean(axis=0), np.cov(covers.T).astype(np.float32))


def pack(
    weights: Mapping[str, Floats],
    labels: Labels,
    genres: tuple[Sequence[str], Floats],
    reference: Reference,
    calibration: Calibration,
) -> bytes:
    """The bytes of the ``.npz`` that `spotitags.taggers.lite.head.Head` reads.

    Matrices of weights and vectors are kept as signed bytes with a scale a row. Equal input gives equal
    bytes.

    Args:
        weights: From `spotitags.training.lite_head.model.weights_of`.
        labels: The built-in ones.
        genres: Names and their (n, dim) vectors.
        reference: Of covers.
        calibration: Of labels' weights.
    """
    arrays: dict[str, NDArray[np.generic]] = {"format": np.array(FORMAT)}
    for name, array in weights.items():
        arrays |= _bytes(name, array) if array.ndim > 1 else {name: array.astype(np.float32)}
    for name, (names, vectors) in {"label": labels[:2], "genre": genres}.items():
        arrays[f"{name}s"] = np.array(names, dtype=np.str_)
        arrays |= _bytes(f"{name}_vectors", vectors)
    arrays["mean"] = reference.mean.astype(np.float32)
    arrays["covariance"] = reference.covariance.astype(np.float16)
    arrays["label_priors"] = labels.priors.astype(np.float32)
    arrays["calibration"] = np.array(calibration, dtype=np.float32)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take allow_pickle for one of them
    return file.getvalue()


def _bytes(name: str, array: Floats) -> dict[str, NDArray[np.generic]]:
    scale = np.maximum(np.abs(array).max(axis=1), 1e-12) / 127
    return {
        name: np.rint(array / scale[:, np.newaxis]).astype(np.int8),
        f"{name}_scale": scale.astype(np.float32),
    }


def priors(shown: NDArray[np.bool_]) -> Floats:
    """Log odds that a label fits a cover nobody has looked at.

    Half a cover is added to both sides (Krichevsky and Trofimov 1981), so that a label that was never seen
    is rare and not impossible.

    Args:
        shown: (n_covers, n_labels), which labels fit.

    Returns:
        (n_labels,).
    """
    counts = shown.sum(axis=0)
    odds: Floats = np.log((counts + 0.5) / (len(shown) - counts + 0.5)).astype(np.float32)
    return odds


def fitted(contrast: Floats, shown: NDArray[np.bool_], prior: Floats) -> Calibration:
    """Logistic regression on contrast and prior (Platt 1999), over all pairs of a cover and a label.

    Args:
        contrast: (n_covers, n_labels) of covers that the head has not learnt from.
        shown: (n_covers, n_labels), which labels fit.
        prior: (n_labels,) from `priors`.
    """
    from sklearn.linear_model import LogisticRegression

    pairs = np.stack([contrast.ravel(), np.broadcast_to(prior, contrast.shape).ravel()], axis=1)
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(pairs, shown.ravel())
    (likeness, prevalence), (bias,) = model.coef_[0].tolist(), model.intercept_.tolist()
    return Calibration(likeness, prevalence, bias)
