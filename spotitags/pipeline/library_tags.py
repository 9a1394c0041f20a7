"""What the bundled library knows of an artist, in the shape of a tagger's fresh look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotitags.errors import InputError, SpotiTagsError
from spotitags.records import TaggedCovers
from spotitags.taggers.features.embedding import unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.catalogs.library.catalog import LibraryCatalog
    from spotitags.records import Album, Tag
    from spotitags.taggers.base import FeatureExtractor, Tagger


@runtime_checkable
class FromEmbeddings(Protocol):
    """A reader of covers that is content with their embeddings."""

    name: str

    def recall(self, embeddings: NDArray[np.float32]) -> list[list[Tag]]:
        """What `FeatureExtractor.tag` would say of the covers behind (n_covers, dim) embeddings."""
        ...


def check_library_request(
    library: LibraryCatalog, taggers: Sequence[str | Tagger], *, labels: bool = False
) -> None:
    """Make sure that nobody has to look at the library's covers.

    Args:
        library: Has what one tagger saw.
        taggers: As asked for; empty for any.
        labels: Whether labels of the user's own were asked for.

    Raises:
        InputError: Another tagger is asked for, or other labels.
    """
    foreign = "--tagger" if taggers and list(taggers) != [library.tagger] else "--labels" if labels else ""
    if foreign:
        raise InputError(
            f"the bundled library holds what {library.tagger!r} saw, and no covers: leave {foreign} out, "
            "or give covers by --manifest or --catalog spotify"
        )


def library_tags(
    library: LibraryCatalog,
    ref: str,
    limit: int,
    *,
    readers: Sequence[FeatureExtractor] = (),
    embeddings: bool = False,
) -> TaggedCovers | SpotiTagsError:
    """What the library's tagger saw on one artist's covers; the same picture on two releases counts once.

    Args:
        library: Knows the covers by their digests.
        ref: Of the artist.
        limit: Most albums.
        readers: Who looks at covers besides; those that are not `FromEmbeddings` need covers and say nothing.
        embeddings: Whether the covers' embeddings are wanted, too.
    """
    try:
        albums = library.albums(ref, limit)
        pictures: dict[str, Album] = {}
        for album in albums:
            if album.digest:
                pictures.setdefault(album.digest, album)
        digests = list(pictures)
        tags = [seen or [] for seen in library.tags(digests)]
        recalling = [reader for reader in readers if isinstance(reader, FromEmbeddings)]
        packed = library.embeddings(digests) if embeddings or recalling else None
    except SpotiTagsError as error:
        return error
    if packed is None:
        return TaggedCovers(albums[0].artist, {library.tagger: tags}, tuple(pictures.values()))
    numbers = unpack(packed)
    return TaggedCovers(
        albums[0].artist,
        {library.tagger: tags} | {reader.name: reader.recall(numbers) for reader in recalling},
        tuple(pictures.values()),
        embeddings={library.tagger: numbers} if embeddings else {},
    )
