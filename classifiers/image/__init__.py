"""Image classifiers, one module each, registered by its name: they vote on features of single covers.

They take feature vectors and know nothing of image files. A classifier's module has a function
``build(seed)`` and names the feature that it takes in ``FEATURE``:

- ``embedding``: a tagger's embeddings, after `classifiers.arrays.power_normalised`;
- ``colours``: a histogram of hue, saturation and value, 8 x 8 x 8 bins that sum to 1;
- ``thumbnail``: red, green and blue of a small picture, row by row, in [0, 1].

With ``DEFAULT = True`` it votes in every ensemble that has its feature; otherwise it is an optional model,
which votes on request and is named with hyphens in place of underscores. The other rules are those of
`classifiers.text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from classifiers.registry import find_modules, get_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from classifiers.text import Classifier

EMBEDDING: Final = "embedding"
"""Name of the view that these classifiers use, and of a tagger's embeddings in ``FEATURE``."""
COLOURS: Final = "colours"
THUMBNAIL: Final = "thumbnail"
PIXEL_FEATURES: Final = (COLOURS, THUMBNAIL)
"""Features computed from a cover's pixels; their name takes the place of a tagger's name."""


def classifier_names(*, default: bool | None = None) -> list[str]:
    """Return the names of classifiers, sorted.

    Args:
        default: True for those that vote in every ensemble, False for those that vote on request, None for
            all.
    """
    return sorted(name for name, module in _modules().items() if default in {None, _is_default(module)})


def feature_of(name: str) -> str:
    """Return the feature that a classifier takes: ``embedding``, or one of `PIXEL_FEATURES`.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return str(get_module(_modules(), name).FEATURE)


def build_classifier(name: str, *, seed: int) -> Classifier:
    """Build an unfitted classifier of (n_covers, dim) `classifiers.ensemble.onnx_voters.feature_rows`.

    Args:
        name: One of `classifier_names`.
        seed: Random seed.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    return cast("Callable[[int], Classifier]", get_module(_modules(), name).build)(seed)


def _modules() -> dict[str, ModuleType]:
    """Name to module of every classifier."""
    modules = find_modules(__name__)
    return {
        name if _is_default(module) else name.replace("_", "-"): module for name, module in modules.items()
    }


def _is_default(module: ModuleType) -> bool:
    return bool(getattr(module, "DEFAULT", False))
