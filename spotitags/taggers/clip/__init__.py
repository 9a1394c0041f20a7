"""Tagger `clip`: zero-shot tags by CLIP."""

from spotitags.taggers.clip.tagger import ClipTagger

__all__ = ["ClipTagger"]
