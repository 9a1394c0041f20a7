"""Tagger `text`: reads what is written on covers, on any CPU and without requests."""

from spotitags.taggers.text.tagger import TextTagger

__all__ = ["TextTagger"]
