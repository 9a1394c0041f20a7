"""Cache of extracted tags and features, by extractor version and cover digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.records import Skipped, Tag
from spotitags.taggers.base import FeatureExtractor
from spotitags.taggers.validation import checked_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from spotitags.io.cache import Cache
    from spotitags.taggers.base import Extractor

    Extracted = list[Tag] | bytes
    """Tags of a cover, or its packed features."""


class TagCache:
    """Results of extractors: on disk, with those of the current batch in memory.

    Args:
        extractors: Extractors whose results are cached.
        cache: Cache on disk.

    Raises:
        TaggerError: The version of an extractor cannot be read.
    """

    def __init__(self, extractors: Sequence[Extractor], cache: Cache) -> None:
        self.extractors = extractors
        self.cache = cache
        self._versions = {extractor.name: checked_version(extractor) for extractor in extractors}
        self._results: dict[str, dict[str, Extracted]] = {extractor.name: {} for extractor in extractors}

    def get(self, extractor: Extractor, digest: str) -> Extracted | None:
        """Return the result on one cover; None if it is unknown."""
        return self._results[extractor.name].get(digest)

    def load(self, digests: Iterable[str]) -> None:
        """Load cached results on these covers into memory."""
        for extractor in self.extractors:
            known = self._results[extractor.name]
            unknown = [digest for digest in dict.fromkeys(digests) if digest not in known]
            rows = self.cache.get_many("tags", [self._key(extractor, digest) for digest in unknown])
            for digest, row in zip(unknown, rows, strict=True):
                if (result := _decoded(extractor, row)) is not None:
                    known[digest] = result

    def store(self, extractor: Extractor, found: Mapping[str, Extracted | Skipped]) -> None:
        """Store results in memory and on disk, except of covers that could not be read."""
        results = {digest: result for digest, result in found.items() if not isinstance(result, Skipped)}
        self._results[extractor.name] |= results
        rows = {self._key(extractor, digest): _encoded(extractor, each) for digest, each in results.items()}
        self.cache.put_many("tags", rows)

    def retain(self, digests: Collection[str]) -> None:
        """Drop all but these covers from memory; the disk keeps them."""
        self._results = {
            name: {digest: result for digest, result in known.items() if digest in digests}
            for name, known in self._results.items()
        }

    def _key(self, extractor: Extractor, digest: str) -> str:
        return f"{extractor.name}:{self._versions[extractor.name]}:{digest}"


def _encoded(extractor: Extractor, result: Extracted) -> list[Tag]:
    """Return a result as JSON: packed features are the label of a single tag."""
    if isinstance(result, bytes):
        assert isinstance(extractor, FeatureExtractor)  # noqa: S101 - only these give bytes
        return [Tag(extractor.to_text(result), 1.0)]
    return result


def _decoded(extractor: Extractor, rows: object) -> Extracted | None:
    """Return a cached result; None if there is none, or if it is damaged and must be extracted again."""
    try:
        tags = [Tag(str(label), float(weight)) for label, weight in rows]  # type: ignore[attr-defined]
        return extractor.from_text(tags[0].label) if isinstance(extractor, FeatureExtractor) else tags
    except (TypeError, ValueError, IndexError):
        return None
