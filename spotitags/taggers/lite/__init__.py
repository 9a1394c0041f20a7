"""Tagger `lite`: tags covers on any CPU without PyTorch."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotitags.taggers.lite.tagger import LiteTagger

__all__ = ["LiteTagger"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import the tagger at its first use: predictions from cached tags need only parts of this package."""
    if name != "LiteTagger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from spotitags.taggers.lite.tagger import LiteTagger

    return LiteTagger
