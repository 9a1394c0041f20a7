"""Softmax and row normalisation, the only ones of the project. Needs numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


Real = TypeVar("Real", np.float32, np.float64)


def softmax(logits: NDArray[Real]) -> NDArray[Real]:
    """Return the softmax over the last axis.

    Args:
        logits: (..., n), finite.

    Returns:
        (..., n) in [0, 1] and of the same dtype; each row sums to 1.
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[Real] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def l2_normalised(rows: NDArray[Real]) -> NDArray[Real]:
    """Scale rows to Euclidean length 1; rows of zeros stay zeros.

    Args:
        rows: (..., dim), finite.

    Returns:
        (..., dim) in [-1, 1] and of the same dtype.
    """
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: NDArray[Real] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def power_normalised(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Dampen the peaks of embeddings: take the signed square root, then scale each row to length 1.

    Power normalisation of Perronnin, Sánchez and Mensink, "Improving the Fisher Kernel ..." (ECCV 2010).

    Args:
        embeddings: (n, dim), finite.

    Returns:
        (n, dim) in [-1, 1]; a row of zeros stays zeros.
    """
    rows = np.asarray(embeddings, dtype=np.float64)
    roots = np.abs(rows)
    np.sqrt(roots, out=roots)  # in place: new arrays of this size cost more than the roots
    return l2_normalised(np.copysign(roots, rows, out=roots))
