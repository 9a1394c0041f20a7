"""Start the taggers of many artists."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from spotitags.bags.merge import merge
from spotitags.errors import SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from spotitags.catalogs.base import Catalog
    from spotitags.io.cache import Cache
    from spotitags.pipeline.tagger_pool import TaggerPool
    from spotitags.records import TaggedCovers
    from spotitags.taggers.base import Extractor, Tagger


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
) -> Generator[tuple[str, TaggedCovers | SpotiTagsError]]:
    """Yield for each artist in turn the tags of its covers, or the error that prevents them.

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
        with closing(run.run(artists)) as results:  # prefetching must stop before the connections close
            for ref, found in results:
                if merged and not isinstance(found, SpotiTagsError):
                    found = merge(found, pool.names, keep_broad=keep_broad)  # noqa: PLW2901
                yield ref, found
