"""Classifiers of covers' embeddings: one file each, found here by its module name.

They take whatever numbers a tagger gives of a cover, and know nothing of images. A classifier's file has one
function ``build(seed)``; else the rules of `classifiers.text` hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from classifiers.finding import builder, names_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from classifiers.text import Classifier

EMBEDDING = "embedding"
"""Name of the view that these classifiers read."""


def classifier_names() -> list[str]:
    """Names of all classifiers of embeddings, sorted."""
    return names_in(__name__)


def build_classifier(name: str, *, seed: int) -> Classifier:
    """An unfitted classifier of (n_covers, dim) `unit_rows`.

    Args:
        name: One of `classifier_names`.
        seed: Of everything random in it.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return cast("Callable[[int], Classifier]", builder(__name__, name))(seed)


def unit_rows(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Embeddings with damped peaks and length 1: signed square root, then division by the row's length.

    Power normalisation of Perronnin, Sánchez and Mensink, "Improving the Fisher Kernel ..." (ECCV 2010).

    Args:
        embeddings: (n, dim), finite.

    Returns:
        (n, dim) in [-1, 1]; a row of zeros stays one.
    """
    rows = np.asarray(embeddings, dtype=np.float64)
    rows = np.sign(rows) * np.sqrt(np.abs(rows))
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, length, out=rows, where=length > 0)
    return rows
