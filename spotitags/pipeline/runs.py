"""Start the taggers of many artists."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from spotitags.bags.merge import merge
from spotitags.errors import SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.io.cache import Cache
    from spotitags.pipeline.tagger_pool import TaggerPool
    from spotitags.records import TaggedCovers
    from spotitags.taggers.base import Extractor, Tagger

T = TypeVar("T")


def run_taggers(  # noqa: PLR0913 - five collaborators and their settings
    artists: Iterable[str],
    catalog: Catalog,
    taggers: Sequence[Tagger],
    pool: TaggerPool,
    cache: Cache,
    *,
    extractors: Sequence[Extractor],
    embeddings: bool,
    albums: int,
    refresh: bool,
    merged: bool,
    keep_broad: bool,
) -> Generator[list[tuple[str, TaggedCovers | SpotiTagsError]]]:
    """Yield for each artist in turn the tags of its covers, or the error that prevents them, in lists.

    Args:
        artists: Artists of the catalogue.
        catalog: Source of albums.
        taggers: Taggers of the run.
        pool: Their pool.
        cache: Cache of results, and of what was fetched.
        extractors: Further extractors.
        embeddings: True also runs the taggers' extractors of embeddings.
        albums: Maximum number of albums per artist.
        refresh: True fetches covers again that earlier runs fetched.
        merged: True merges the tags of all taggers.
        keep_broad: True keeps broad tags in merged ones.

    Raises:
        TaggerError: No tagger can work.
    """
    from spotitags.covers.fetch import CoverFetcher
    from spotitags.pipeline.tagging import TaggingRun
    from spotitags.taggers.features.embedding import embedding_extractors

    embedders = embedding_extractors(taggers) if embeddings else ()
    used = [*taggers, *embedders, *extractors]
    with CoverFetcher() as covers:
        run = TaggingRun(catalog, used, covers, cache, albums=albums, refresh=refresh, pool=pool)
        with closing(run.batches(artists)) as batches:  # prefetching must stop before the connections close
            for batch in batches:
                yield [
                    (ref, found)
                    if not merged or isinstance(found, SpotiTagsError)
                    else (ref, merge(found, pool.names, keep_broad=keep_broad))
                    for ref, found in batch
                ]


def in_batches(
    refs: Iterable[str], load: Callable[[str], T], most: int = 64
) -> Iterator[list[tuple[str, T]]]:
    """Yield what is loaded for each reference, in lists of 1, 2, 4 … up to ``most``: the first come soon."""
    rest, size = iter(refs), 1
    while chunk := list(islice(rest, size)):
        yield [(ref, load(ref)) for ref in chunk]
        size = min(2 * size, most)
