"""Tagger `lite`: tags covers on any CPU without PyTorch."""

from spotitags.taggers.lite.tagger import LiteTagger

__all__ = ["LiteTagger"]
