"""Linear SVM with the softmax of its margins as probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.arrays import softmax

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class SoftmaxLinearSVC:
    """One hyperplane per genre against the rest, and a softmax over the margins.

    Its probabilities rank genres well but are far from certain; pooling over covers sharpens them
    (`classifiers.ensemble.pooling.Sharpness`). So it needs no held-out rows, is 5 times as fast as Platt's
    calibration, and scores as well (docs/ensemble.md).

    Args:
        penalty: C of the squared hinge loss.
        seed: Random seed of the solver.
    """

    def __init__(self, penalty: float, seed: int) -> None:
        self.penalty = penalty
        self.seed = seed
        self.svm: Any = None

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Fit (n, width) rows, (n,) genre indices and (n,) weights."""
        from sklearn.svm import LinearSVC

        self.svm = LinearSVC(C=self.penalty, max_iter=20_000, random_state=self.seed)
        self.svm.fit(X, y, sample_weight=sample_weight)
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        margins: Floats = self.svm.decision_function(X)
        if margins.ndim == 1:  # two genres: one margin, above 0 for the second
            margins = np.outer(margins, [-1.0, 1.0])
        return softmax(margins)
