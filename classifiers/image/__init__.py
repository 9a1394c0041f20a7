"""Classifiers of what is seen on single covers without tags: one file each, found here by its module name.

They take numbers of a cover and know nothing of images. A classifier's file has a function ``build(seed)``
and says in ``FEATURE`` which numbers it takes:

- ``embedding``: those of a tagger, after `power_normalised`;
- ``colours``: a histogram of hue, saturation and value, 8 x 8 x 8 bins that sum to 1;
- ``thumbnail``: the red, green and blue of a small picture, row by row, in [0, 1].

Where it says ``DEFAULT = True`` it votes in every ensemble that has its numbers; else it is a model that
votes where it is asked for, and is named with hyphens for underscores. Else the rules of `classifiers.text`
hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from classifiers.registry import chosen, files_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from classifiers.text import Classifier

EMBEDDING: Final = "embedding"
"""Name of the view that these classifiers read, and of a tagger's numbers in ``FEATURE``."""
COLOURS: Final = "colours"
THUMBNAIL: Final = "thumbnail"
MEASURED: Final = (COLOURS, THUMBNAIL)
"""Numbers that are measured on a cover's pixels: their name stands where else the name of a tagger does."""


def classifier_names(*, default: bool | None = None) -> list[str]:
    """Names of classifiers, sorted.

    Args:
        default: True for those that vote in every ensemble, False for those that vote where they are asked
            for, None for all.
    """
    return sorted(name for name, file in _files().items() if default in {None, _is_default(file)})


def reads(name: str) -> str:
    """Which numbers of a cover a classifier takes: ``embedding``, or one of `MEASURED`.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return str(chosen(_files(), name).FEATURE)


def build_classifier(name: str, *, seed: int) -> Classifier:
    """An unfitted classifier of (n_covers, dim) rows from `prepared`.

    Args:
        name: One of `classifier_names`.
        seed: Of everything random in it.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return cast("Callable[[int], Classifier]", chosen(_files(), name).build)(seed)


def prepared(source: str, numbers: NDArray[np.floating]) -> NDArray[np.float64]:
    """A cover's numbers as classifiers take them.

    Args:
        source: One of `MEASURED`, left unchanged, or the name of a tagger, for `power_normalised`.
        numbers: (n_covers, dim), finite.

    Returns:
        (n_covers, dim).
    """
    return np.asarray(numbers, dtype=np.float64) if source in MEASURED else power_normalised(numbers)


def power_normalised(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
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


def _files() -> dict[str, ModuleType]:
    """Name to file of every classifier."""
    files = files_in(__name__)
    return {name if _is_default(file) else name.replace("_", "-"): file for name, file in files.items()}


def _is_default(file: ModuleType) -> bool:
    return bool(getattr(file, "DEFAULT", False))
