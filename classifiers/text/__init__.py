"""Text classifiers: one file each, found here by its module name.

A classifier's file has one function, ``build(inner_folds, seed)``, that returns an unfitted scikit-learn
classifier. Its ``fit`` takes sample weights (training balances the genres by them), its ``predict_proba``
sums to 1, and skl2onnx can convert it. It calibrates itself where its raw scores are no probabilities.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from classifiers.errors import ClassifierError

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


def _builders() -> dict[str, Callable[[int, int], Classifier]]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {
        module.__name__.rpartition(".")[2]: cast("Callable[[int, int], Classifier]", module.build)
        for module in modules
        if hasattr(module, "build")
    }


def classifier_names() -> list[str]:
    """Names of all text classifiers, sorted."""
    return sorted(_builders())


def build_classifier(name: str, *, inner_folds: int, seed: int) -> Classifier:
    """An unfitted classifier.

    Args:
        name: One of `classifier_names`.
        inner_folds: Folds for its own calibration, at most the number of rows of the smallest genre.
        seed: Of everything random in it.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    builders = _builders()
    if name not in builders:
        raise ClassifierError(f"no classifier is called {name!r}; there are: {', '.join(builders)}")
    return builders[name](inner_folds, seed)
