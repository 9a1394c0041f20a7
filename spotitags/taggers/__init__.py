"""Taggers: covers in, weighted tags out.

Third-party taggers join through the entry-point group ``spotitags.taggers``.
"""

from spotitags.taggers.base import (
    Embedder,
    Extractor,
    FeatureExtractor,
    HasCost,
    NeedsPreparation,
    OpenVocabulary,
    Paid,
    Readiness,
    Tagger,
    TaggerOptions,
)

__all__ = [
    "Embedder",
    "Extractor",
    "FeatureExtractor",
    "HasCost",
    "NeedsPreparation",
    "OpenVocabulary",
    "Paid",
    "Readiness",
    "Tagger",
    "TaggerOptions",
]
