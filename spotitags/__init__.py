"""What an artist's album covers say about the music.

Public names load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotitags.errors import SpotiTagsError
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Prediction, Tag, TagBag

__all__ = ["Prediction", "SpotiTags", "SpotiTagsError", "Tag", "TagBag"]

_HOMES = {
    "Prediction": "records",
    "SpotiTags": "pipeline",
    "SpotiTagsError": "errors",
    "Tag": "records",
    "TagBag": "records",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"spotitags.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'spotitags' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
