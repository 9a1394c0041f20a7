"""Load an artist's precomputed tags and embeddings from the bundled library or a corpus."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotitags.catalogs.search import ArtistFinder
from spotitags.errors import InputError, SpotiTagsError
from spotitags.records import TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.catalogs.base import TaggedCatalog
    from spotitags.records import Album, Tag
    from spotitags.taggers.base import Extractor, Tagger


@runtime_checkable
class FromEmbeddings(Protocol):
    """Extractor of tags that needs only the embeddings of covers."""

    name: str

    def tag_embeddings(self, embeddings: NDArray[np.float32]) -> list[list[Tag]]:
        """Return the tags of the covers behind (n_covers, dim) embeddings."""
        ...


def check_library_request(
    library: TaggedCatalog, taggers: Sequence[str | Tagger], *, words: bool = False
) -> None:
    """Check that a catalogue of tagged covers can serve a request: it has tags of one tagger and no pictures.

    Args:
        library: Catalogue of tagged covers.
        taggers: Requested taggers; empty for any.
        words: True if custom labels are requested.

    Raises:
        InputError: Another tagger or custom labels are requested.
    """
    option = "--tagger" if taggers and list(taggers) != [library.tagger] else "--words" if words else ""
    if option:
        what = "the bundled library" if library.name == "library" else f"the {library.name}"
        raise InputError(
            f"{what} holds tags of {library.tagger!r} and no covers: leave {option} out, "
            "or give covers by --manifest or --catalog spotify"
        )


def library_tags(
    library: TaggedCatalog,
    ref: str,
    limit: int,
    extractors: Sequence[Extractor] = (),
    *,
    embeddings: bool = False,
) -> TaggedCovers | SpotiTagsError:
    """Return the cached tags of one artist's covers; a cover on several releases counts once.

    Args:
        library: Catalogue of tagged covers.
        ref: Artist id or name.
        limit: Maximum number of different covers.
        extractors: Further extractors; those that are not `FromEmbeddings` need covers and are ignored.
        embeddings: True also returns the embeddings of the covers.
    """
    try:
        by_digest: dict[str, Album] = {}
        copies = 0
        for album in ArtistFinder(library).albums(ref, sys.maxsize):
            if len(by_digest) == limit:
                break
            if album.digest in by_digest:
                copies += 1
            elif album.digest:
                by_digest[album.digest] = album
        digests = list(by_digest)
        tags = [found or [] for found in library.tags(digests)]
        usable = [extractor for extractor in extractors if isinstance(extractor, FromEmbeddings)]
        packed = library.embeddings(digests) if embeddings or usable else None
    except SpotiTagsError as error:
        return error
    unique = tuple(by_digest.values())
    artist = unique[0].artist
    if packed is None:
        return TaggedCovers(artist, {library.tagger: tags}, unique, copies=copies)
    from spotitags.taggers.features.embedding import unpack

    vectors = unpack(packed)
    votes = {extractor.name: extractor.tag_embeddings(vectors) for extractor in usable}
    features = {library.tagger: vectors} if embeddings else {}
    return TaggedCovers(artist, {library.tagger: tags} | votes, unique, features=features, copies=copies)
