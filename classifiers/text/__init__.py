"""Text classifiers: one file each, found here by its module name.

A classifier's file has one function, ``build(inner_folds, seed, per_cover)``, that returns an unfitted
scikit-learn classifier. Its ``fit`` takes sample weights (training balances the genres by them), its
``predict_proba`` sums to 1, and skl2onnx can convert it. On bags it calibrates itself where its raw scores
are no probabilities; on single covers (``per_cover``) pooling does so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from classifiers.registry import builder, names_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray


class Classifier(Protocol):
    """What training asks of a classifier: scikit-learn's own manners."""

    def fit(
        self,
        X: NDArray[np.float64],  # noqa: N803
        y: NDArray[np.intp],
        *,
        sample_weight: NDArray[np.float64],
    ) -> Self:
        """Learn from (n_rows, n_labels) unit rows, genre indices and weights of rows."""
        ...

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803
        """(n_rows, n_genres) probabilities."""
        ...


def classifier_names() -> list[str]:
    """Names of all text classifiers, sorted."""
    return names_in(__name__)


def build_classifier(name: str, *, inner_folds: int, seed: int, per_cover: bool = False) -> Classifier:
    """An unfitted classifier.

    Args:
        name: One of `classifier_names`.
        inner_folds: Folds for its own calibration, at most the number of rows of the smallest genre.
        seed: Of everything random in it.
        per_cover: True for rows that are single covers, False for bags.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return cast("Callable[[int, int, bool], Classifier]", builder(__name__, name))(
        inner_folds, seed, per_cover
    )
