"""Typical covers of a tagger: vectors of the covers that it tagged, from the cache and from this run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from classifiers.ensemble.carried import Typical
from spotitags.bags.bag import broad_labels
from spotitags.pipeline.stored_results import stored_tags
from spotitags.pipeline.tagger_pool import TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.io.cache import Cache

    Vectors = Callable[[Sequence[Mapping[str, float]]], tuple[NDArray[np.float64], NDArray[np.bool_]]]

MAX_COVERS: Final = 2000
"""Maximum number of cached covers that are read; more change the mean by less than its noise."""


class TypicalCovers:
    """Vectors of the covers that one tagger has tagged. The cache is read on first use.

    Args:
        vectors: Turns the tags of covers into (n, dim) vectors and (n,) ``known``.
        dim: Dimension of a vector.
        prefix: Name and version of the tagger, as in the keys of the cache.
        cache: Opens the cache of tags; None for no cache.
    """

    def __init__(
        self, vectors: Vectors, dim: int, prefix: str, cache: Callable[[], Cache] | None = None
    ) -> None:
        self._vectors = vectors
        self._prefix = prefix
        self._open = cache
        self._rows: dict[str, NDArray[np.float64]] | None = None
        self._sum = Typical.of(np.zeros((0, dim)))

    def without(self, digests: Sequence[str]) -> Typical:
        """Return the sums over all known covers but these, given by digest."""
        rows = self._known()
        own = [rows[digest] for digest in dict.fromkeys(digests) if digest in rows]
        return self._sum - Typical.of(np.array(own)) if own else self._sum

    def add(self, digests: Sequence[str], covers: Sequence[Mapping[str, float]]) -> None:
        """Add covers of the current run; a cover that is known already does not count twice."""
        rows = self._known()
        vectors, known = self._vectors([readable(tags) for tags in covers])
        new = {
            digest: vector
            for digest, vector, knows in zip(digests, vectors, known, strict=True)
            if knows and digest and digest not in rows
        }
        if new:
            rows.update(new)
            self._sum += Typical.of(np.array(list(new.values())))

    def _known(self) -> dict[str, NDArray[np.float64]]:
        if self._rows is None:
            self._rows = {}
            if self._open is not None:
                self.add(*self._cached(self._open()))
        return self._rows

    def _cached(self, cache: Cache) -> tuple[list[str], list[Mapping[str, float]]]:
        """Return digests and tags of cached covers; damaged values are left out."""
        found: dict[str, Mapping[str, float]] = {}
        for store in (cache.paid, cache):
            keys = sorted(store.keys(TAGS, self._prefix))[: MAX_COVERS - len(found)]
            values = store.get_many(TAGS, keys) if keys else []
            for key, value in zip(keys, values, strict=True):
                if (tags := stored_tags(value)) is not None:
                    found[key.removeprefix(self._prefix)] = dict(tags)
        return list(found), list(found.values())


def readable(tags: Mapping[str, float]) -> dict[str, float]:
    """Return the tags of a cover without broad ones, which `spotitags.bags.bag.bag` drops, too."""
    return {label: weight for label, weight in tags.items() if label not in broad_labels()}
