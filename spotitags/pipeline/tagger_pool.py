"""Taggers of a run: cached results, failures, taggers that drop out, and the limit on paid calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from spotitags.io.interrupts import finish
from spotitags.pipeline.paid_calls import calls_for
from spotitags.pipeline.stored_results import decoded, encoded
from spotitags.records import Skipped
from spotitags.taggers.base import FeatureExtractor, HasCost, StoresEarly
from spotitags.taggers.validation import (
    as_tagger_error,
    checked_tags,
    checked_version,
    extracted_rows,
    tagger_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from spotitags.errors import SpotiTagsError
    from spotitags.io.cache import Cache
    from spotitags.pipeline.stored_results import Extracted
    from spotitags.records import Cover, Tag
    from spotitags.taggers.base import Extractor, TagExtractor


TAGS: Final = "tags"
"""Kind of the cached results."""
_PAID_BEFORE: Final = ("clarifai", "google-vision")


class TagCache:
    """Results of extractors: on disk, with those of the current batch in memory.

    Results of paid taggers are in a cache of their own, `spotitags.io.cache.Cache.paid`.

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
            rows = self.store_of(extractor).get_many(
                TAGS, [self.key(extractor, digest) for digest in unknown]
            )
            for digest, row in zip(unknown, rows, strict=True):
                if (result := decoded(extractor, row)) is not None:
                    known[digest] = result

    def add(self, other: TagCache) -> None:
        """Add what another has in memory."""
        for name, known in other._results.items():
            self._results[name] |= known

    def store(self, extractor: Extractor, found: Mapping[str, Extracted | Skipped]) -> None:
        """Store results in memory and on disk, except of covers that could not be read."""
        results = {digest: result for digest, result in found.items() if not isinstance(result, Skipped)}
        self._results[extractor.name] |= results
        rows = {self.key(extractor, digest): encoded(extractor, each) for digest, each in results.items()}
        self.store_of(extractor).put_many(TAGS, rows)

    def retain(self, digests: Collection[str]) -> None:
        """Drop all but these covers from memory; the disk keeps them."""
        self._results = {
            name: {digest: result for digest, result in known.items() if digest in digests}
            for name, known in self._results.items()
        }

    def move_paid(self) -> None:
        """Move results of paid taggers that earlier versions stored among the others."""
        paid = {extractor.name for extractor in self.extractors if isinstance(extractor, HasCost)}
        for name in sorted(paid.union(_PAID_BEFORE)):
            self.cache.move(TAGS, f"{name}:", self.cache.paid)

    def store_of(self, extractor: Extractor) -> Cache:
        """Return the cache on disk that has the results of an extractor."""
        return self.cache.paid if isinstance(extractor, HasCost) else self.cache

    def key(self, extractor: Extractor, digest: str) -> str:
        """Return the key of the result on a cover."""
        return f"{extractor.name}:{self._versions[extractor.name]}:{digest}"


class TaggerPool:
    """Run taggers so that one may fail while others go on, and count paid calls.

    The state lasts as long as the pool, so that a tagger that failed is not called again.

    Args:
        taggers: All taggers. Feature extractors may run, too; their failures stop the run.
        max_calls: Maximum number of paid calls of all taggers together; None for no limit.
        offline: True forbids paid calls.
        notify: Called with one line when a tagger drops out or reaches the limit.

    Attributes:
        names: Names of the taggers.
        calls: Number of paid calls so far.
        dropped: Reason by the name of each tagger that is not called any more.
        over_limit: Names of taggers that reached the limit of paid calls.
        unreadable: Reason by the names of an extractor and the digest of a cover that it could not read.
    """

    def __init__(
        self,
        taggers: Sequence[Extractor],
        *,
        max_calls: int | None = None,
        offline: bool = False,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.names = tuple(tagger.name for tagger in taggers)
        self.max_calls = 0 if offline else max_calls
        self._limit = (
            "--offline forbids paid calls: leave it out to continue"
            if offline
            else "--max-calls 0 allows no calls: allow some to continue"
            if max_calls == 0
            else f"--max-calls {max_calls} allows no more calls: run again to continue"
        )
        self.notify = notify or (lambda _line: None)
        self.calls = 0
        self.dropped: dict[str, str] = {}
        self.over_limit: set[str] = set()
        self.unreadable: dict[tuple[str, str], str] = {}
        self._untagged: defaultdict[str, set[str]] = defaultdict(set)

    def is_active(self, extractor: Extractor) -> bool:
        """Return whether an extractor still takes part."""
        return tagger_name(extractor) not in self.dropped

    def extract(
        self,
        extractor: Extractor,
        covers: Sequence[Cover],
        store: Callable[[Mapping[str, list[Tag]]], None] = lambda _found: None,
    ) -> Mapping[str, Extracted | Skipped]:
        """Run an extractor on covers.

        Args:
            extractor: Tagger or feature extractor.
            covers: At most as many as its batch size.
            store: Called with the tags of a paid tagger, by digest, as soon as they arrive, in any thread.

        Returns:
            By digest, valid tags or packed features, or the reason why a cover could not be read.

        Raises:
            SpotiTagsError: It failed; unexpected exceptions become a TaggerError with its name.
        """
        with as_tagger_error(tagger_name(extractor)):
            if isinstance(extractor, FeatureExtractor):
                return extracted_rows(extractor, covers)
            found = checked_tags(self._tag(extractor, covers, store), covers)
        for digest, tags in found.items():
            if isinstance(tags, Skipped):
                self.unreadable[extractor.name, digest] = tags.reason
        return found

    def _tag(
        self, extractor: Extractor, covers: Sequence[Cover], store: Callable[[Mapping[str, list[Tag]]], None]
    ) -> Sequence[list[Tag] | Skipped]:
        """Run a tagger; Ctrl-C does not break off a call that is paid for, nor lose its tags."""
        tagger = cast("TagExtractor", extractor)
        if isinstance(extractor, StoresEarly):
            return extractor.tag_and_store(covers, store)
        if not isinstance(extractor, HasCost):
            return tagger.tag(covers)

        def tag_and_store() -> Sequence[list[Tag] | Skipped]:
            found = tagger.tag(covers)
            tags = checked_tags(found, covers)
            store({digest: each for digest, each in tags.items() if not isinstance(each, Skipped)})
            return found

        return finish(tag_and_store, notify=self.notify)

    def drop(self, extractor: Extractor, error: SpotiTagsError) -> None:
        """Continue without the tagger of an extractor.

        Raises:
            SpotiTagsError: ``error``, if there is no other tagger, or if the extractor belongs to none.
        """
        name = tagger_name(extractor)
        others = [other for other in self.names if other != name and other not in self.dropped]
        if name not in self.names or not others:
            raise error
        self.dropped[name] = f"it dropped out: {error}"
        rest = f"{' and '.join(others)} continue{'s' if len(others) == 1 else ''}"
        self.notify(f"warning: the tagger {name} drops out, {rest}: {error}")

    def reserve_calls(self, extractor: Extractor, covers: Sequence[Cover]) -> list[Cover]:
        """Return the first of these covers that may be paid for, and count their calls.

        If some covers exceed the limit, the tagger is not called again.
        """
        if not isinstance(extractor, HasCost):
            return list(covers)
        allowed = list(covers)
        while allowed and not self._is_affordable(extractor, allowed):
            allowed.pop()
        if len(allowed) < len(covers):
            self.dropped[tagger_name(extractor)] = self._limit
            self.over_limit.add(tagger_name(extractor))
        if allowed:
            self.calls += calls_for(extractor, allowed)
        return allowed

    def add_untagged(self, name: str, covers: Iterable[str]) -> None:
        """Record covers, by digest or album id, that a tagger over the limit did not tag."""
        self._untagged[name].update(covers)

    def report(self) -> None:
        """Report once how many covers each tagger over the limit did not tag."""
        calls = f"{self.calls} paid call{'' if self.calls == 1 else 's'}"
        for name, covers in self._untagged.items():
            left = f"{len(covers)} cover{'' if len(covers) == 1 else 's'} left untagged"
            self.notify(f"tagger {name}: {left} after {calls}, whose results are cached; {self._limit}")
        self._untagged.clear()

    def _is_affordable(self, tagger: HasCost, covers: Sequence[Cover]) -> bool:
        return self.max_calls is None or self.calls + calls_for(tagger, covers) <= self.max_calls
