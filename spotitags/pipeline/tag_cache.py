"""What readers said of covers: kept in the cache as it comes, and at hand while artists are in work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.records import Skipped, Tag
from spotitags.taggers.validation import checked_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from spotitags.io.cache import Cache
    from spotitags.taggers.base import FeatureExtractor


class TagCache:
    """The tags of covers by reader and digest.

    Args:
        readers: Who looks at covers.
        cache: Keeps tags by cover and reader's version.

    Raises:
        TaggerError: A tagger cannot say its version.
    """

    def __init__(self, readers: Sequence[FeatureExtractor], cache: Cache) -> None:
        self.readers = readers
        self.cache = cache
        self._versions = {reader.name: checked_version(reader) for reader in readers}
        self._tags: dict[str, dict[str, list[Tag]]] = {reader.name: {} for reader in readers}

    def get(self, reader: FeatureExtractor, digest: str) -> list[Tag] | None:
        """The tags of one cover, where they are known."""
        return self._tags[reader.name].get(digest)

    def load(self, digests: Iterable[str]) -> None:
        """Take what earlier runs kept of these covers."""
        for reader in self.readers:
            known = self._tags[reader.name]
            unknown = [digest for digest in dict.fromkeys(digests) if digest not in known]
            kept = self.cache.get_many("tags", [self._key(reader, digest) for digest in unknown])
            known |= {
                digest: tags
                for digest, rows in zip(unknown, kept, strict=True)
                if (tags := _tags(rows)) is not None
            }

    def store(self, reader: FeatureExtractor, found: Mapping[str, list[Tag] | Skipped]) -> None:
        """Keep what a reader says, for this run and later ones; nothing of covers that it could not read."""
        tags = {digest: said for digest, said in found.items() if not isinstance(said, Skipped)}
        self._tags[reader.name] |= tags
        self.cache.put_many("tags", {self._key(reader, digest): said for digest, said in tags.items()})

    def _key(self, reader: FeatureExtractor, digest: str) -> str:
        return f"{reader.name}:{self._versions[reader.name]}:{digest}"

    def retain(self, digests: Collection[str]) -> None:
        """Have these covers at hand alone; the cache keeps the others."""
        self._tags = {
            name: {digest: tags for digest, tags in known.items() if digest in digests}
            for name, known in self._tags.items()
        }


def _tags(rows: object) -> list[Tag] | None:
    """Tags as they were kept; None for none, and for what is damaged, so that it is looked at anew."""
    try:
        return [Tag(str(label), float(weight)) for label, weight in rows]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
