"""Results of extractors as values of the cache: tags and features as bytes; earlier versions stored JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import numpy as np

from classifiers.text.coded import LABELS
from spotitags.io.cache_values import FEATURES, TAGS
from spotitags.records import Tag
from spotitags.records.coded_tags import CodedTags
from spotitags.taggers.base import FeatureExtractor, HasCost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.taggers.base import Extractor

    Extracted = Sequence[Tag] | bytes
    """Tags of a cover, or its packed features."""

_WEIGHT: Final = np.dtype("<f8")
_START: Final = 5  # of the weights, after the number of tags
_BETWEEN: Final = "\n"  # labels


def encoded(extractor: Extractor, result: Extracted) -> list[Tag] | bytes:
    """Return a result as a value: packed features as they are, tags as their weights and then their labels.

    Tags of paid taggers, and labels of several lines, are JSON.
    """
    if isinstance(result, bytes):
        return FEATURES + result
    labels = [label for label, _ in result]
    if isinstance(extractor, HasCost) or any(
        _BETWEEN in label or not label.isprintable() for label in labels
    ):
        return list(result)
    weights = np.array([weight for _, weight in result], _WEIGHT)
    return TAGS + len(labels).to_bytes(4, "little") + weights.tobytes() + _BETWEEN.join(labels).encode()


def decoded(extractor: Extractor, value: object) -> Extracted | None:
    """Return a cached result; None if there is none, or if it is damaged and must be extracted again."""
    if not isinstance(extractor, FeatureExtractor):
        return stored_tags(value)
    try:
        if isinstance(value, bytes):
            return value[1:] if value[:1] == FEATURES else None
        text = str(value[0][0])  # type: ignore[index]  # JSON of earlier versions
        return bytes.fromhex(text) if extractor.encoding == "hex" else base64.b64decode(text, validate=True)
    except (TypeError, ValueError, IndexError, KeyError):
        return None


def stored_tags(value: object) -> Sequence[Tag] | None:
    """Return the cached tags of a cover; None if there are none, or if they are damaged."""
    try:
        if isinstance(value, bytes):
            return _decoded_tags(value) if value[:1] == TAGS else None
        tags = [Tag(str(label), float(weight)) for label, weight in value]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    coded = CodedTags.of(tags)
    return coded if coded.is_valid() else tags


def _decoded_tags(value: bytes) -> CodedTags:
    count = int.from_bytes(value[1:_START], "little")
    end = _START + count * _WEIGHT.itemsize
    labels = value[end:].decode().split(_BETWEEN) if count else []
    if len(value) < _START or len(labels) != count:
        raise ValueError("it has not as many labels as weights")
    return CodedTags(LABELS.numbers(labels), np.frombuffer(value, _WEIGHT, count, _START))
