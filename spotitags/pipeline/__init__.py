"""Pipeline: catalogue, covers, taggers, bags and votes in order."""

from spotitags.pipeline.spotitags import SpotiTags

__all__ = ["SpotiTags"]
