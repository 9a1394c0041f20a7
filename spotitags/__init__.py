"""Tags and genre predictions from an artist's album covers.

Public names load on first use, so that importing the package is fast.
"""

from __future__ import annotations

import classifiers  # noqa: F401  (turns off the usage reports of libraries, which must precede their import)

# ``python -m spotitags`` imports this before it can catch Ctrl-C: so nothing is imported that takes time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from spotitags.bags.display.selection import shown_tags
    from spotitags.bags.tables import tags_frame
    from spotitags.errors import SpotiTagsError
    from spotitags.pipeline.prediction_table import predictions_frame
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Cover, Prediction, Skipped, Tag, TagBag

    __version__: str

__all__ = [
    "Cover",
    "Prediction",
    "Skipped",
    "SpotiTags",
    "SpotiTagsError",
    "Tag",
    "TagBag",
    "__version__",
    "predictions_frame",
    "shown_tags",
    "tags_frame",
]

_MODULES = {
    "Cover": "records",
    "Prediction": "records",
    "Skipped": "records",
    "SpotiTags": "pipeline.spotitags",
    "SpotiTagsError": "errors",
    "Tag": "records",
    "TagBag": "records",
    "predictions_frame": "pipeline.prediction_table",
    "shown_tags": "bags.display.selection",
    "tags_frame": "bags.tables",
}


def __getattr__(name: str) -> object:
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"spotitags.{_MODULES[name]}"), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("spotitags")
    raise AttributeError(f"module 'spotitags' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
