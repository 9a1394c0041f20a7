"""Tagger `clip`: zero-shot labels by CLIP."""

from spotitags.taggers.clip.tagger import ClipTagger

__all__ = ["ClipTagger"]
