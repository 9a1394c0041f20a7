"""Load an artist's precomputed tags and embeddings from the bundled library or a corpus."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotitags.bags.own_names import mask_names
from spotitags.catalogs.search import ArtistFinder
from spotitags.errors import InputError, SpotiTagsError
from spotitags.records import TaggedCovers
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.catalogs.base import TaggedCatalog
    from spotitags.records import Album, Tag
    from spotitags.taggers.base import Extractor, Tagger, TaggerOptions


@runtime_checkable
class FromEmbeddings(Protocol):
    """Extractor of tags that needs only the embeddings of covers."""

    name: str

    def tag_embeddings(self, embeddings: NDArray[np.float32]) -> list[list[Tag]]:
        """Return the tags of the covers behind (n_covers, dim) embeddings."""
        ...


def check_request(
    library: TaggedCatalog, taggers: Sequence[str | Tagger], *, words: bool = False, merge: bool = False
) -> None:
    """Check that a catalogue of tagged covers can serve a request: it has tags of some taggers, no pictures.

    Args:
        library: Catalogue of tagged covers.
        taggers: Requested taggers; empty for any.
        words: True if custom labels are requested.
        merge: True if one bag of all taggers is requested.

    Raises:
        InputError: Another tagger, custom labels or a merged bag are requested.
    """
    other = not {tagger if isinstance(tagger, str) else None for tagger in taggers} <= library.taggers.keys()
    option = "--tagger" if other else "--words" if words else "--merge" if merge else ""
    if option:
        what = "the bundled library" if library.name == "library" else f"the {library.name}"
        held = " and ".join(map(repr, library.taggers))
        raise InputError(
            f"{what} holds tags of {held} and no covers: leave {option} out, "
            "or give covers by --manifest or --catalog spotify"
        )


def versions(library: TaggedCatalog, taggers: Sequence[str | Tagger]) -> dict[str, str]:
    """Return the versions of the requested taggers of the library; of all if none is requested."""
    return {name: each for name, each in library.taggers.items() if not taggers or name in taggers}


def library_tags(  # noqa: PLR0913 - each is a choice of its own
    library: TaggedCatalog,
    ref: str,
    limit: int,
    extractors: Sequence[Extractor] = (),
    *,
    finder: ArtistFinder | None = None,
    taggers: Sequence[str] = (),
    embeddings: bool = False,
) -> TaggedCovers | SpotiTagsError:
    """Return the cached tags of one artist's covers; a cover on several releases counts once.

    Args:
        library: Catalogue of tagged covers.
        ref: Artist id or name.
        limit: Maximum number of different covers.
        extractors: Further extractors; those that are not `FromEmbeddings` need covers and are ignored.
        finder: Finder of its artists, which lists them once for many calls; None for a new one.
        taggers: Names of taggers of the library; empty for all.
        embeddings: True also returns the embeddings of the covers.
    """
    try:
        by_digest: dict[str, Album] = {}
        copies = 0
        for album in (finder or ArtistFinder(library)).albums(ref, sys.maxsize):
            if len(by_digest) == limit:
                break
            if album.digest in by_digest:
                copies += 1
            elif album.digest:
                by_digest[album.digest] = album
        digests = list(by_digest)
        tags = {
            name: [found or [] for found in library.tags(digests, name)]
            for name in taggers or library.taggers
        }
        usable = [extractor for extractor in extractors if isinstance(extractor, FromEmbeddings)]
        packed = library.embeddings(digests) if embeddings or usable else None
    except SpotiTagsError as error:
        return error
    unique = tuple(by_digest.values())
    artist = unique[0].artist
    if packed is None:
        return mask_names(TaggedCovers(artist, tags, unique, copies=copies))
    from spotitags.taggers.features.embedding import unpack

    vectors = unpack(packed)
    votes = {extractor.name: extractor.tag_embeddings(vectors) for extractor in usable}
    features = {library.tagger: vectors} if embeddings else {}
    return mask_names(TaggedCovers(artist, tags | votes, unique, features=features, copies=copies))


def taggers(library: TaggedCatalog, options: Callable[[], TaggerOptions], *, used: bool) -> list[Tagger]:
    """Return the catalogue's tagger, which votes on its cached embeddings; none if it is not used.

    Args:
        library: The catalogue.
        options: Returns the options of the tagger, which take time to read.
        used: True if it votes.
    """
    return [tagger_class(library.tagger).from_options(options())] if used else []
