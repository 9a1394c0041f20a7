"""Text classifiers, one module each, registered by its name.

A classifier's module has one function, ``build(inner_folds, seed, per_cover)``, that returns an unfitted
scikit-learn classifier. Its ``fit`` takes sample weights (training balances the genres with them), its
``predict_proba`` sums to 1, and skl2onnx can convert it. On bags it calibrates its own scores if they are not
probabilities; on single covers (``per_cover``) pooling does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from classifiers.registry import find_modules, get_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray


class Classifier(Protocol):
    """Interface of a classifier in training, as scikit-learn has it."""

    def fit(
        self,
        X: NDArray[np.float64],  # noqa: N803
        y: NDArray[np.intp],
        *,
        sample_weight: NDArray[np.float64],
    ) -> Self:
        """Fit (n_rows, width) rows, (n_rows,) genre indices and (n_rows,) weights."""
        ...

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803
        """Return (n_rows, n_genres) probabilities."""
        ...


def classifier_names() -> list[str]:
    """Return the names of all text classifiers, sorted."""
    return sorted(find_modules(__name__))


def build_classifier(name: str, *, inner_folds: int, seed: int, per_cover: bool = False) -> Classifier:
    """Build an unfitted classifier.

    Args:
        name: One of `classifier_names`.
        inner_folds: Number of folds for its own calibration, at most the rows of the smallest genre.
        seed: Random seed.
        per_cover: True for rows that are single covers, False for bags.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    build = cast("Callable[[int, int, bool], Classifier]", get_module(find_modules(__name__), name).build)
    return build(inner_folds, seed, per_cover)
