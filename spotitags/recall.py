"""What the bundled library knows of an artist, in the shape of a tagger's fresh look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.embeddings import unpack
from spotitags.errors import SpotiTagsError
from spotitags.tagging import Seen

if TYPE_CHECKING:
    from spotitags.catalogs.library import LibraryCatalog
    from spotitags.records import Album


def recalled(library: LibraryCatalog, ref: str, limit: int, *, embeddings: bool) -> Seen | SpotiTagsError:
    """What the library's tagger saw on one artist's covers; the same picture on two releases counts once.

    Args:
        library: Knows the covers by their digests.
        ref: Of the artist.
        limit: Most albums.
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
        packed = library.embeddings(digests) if embeddings else None
    except SpotiTagsError as error:
        return error
    return Seen(
        albums[0].artist,
        {library.tagger: tags},
        tuple(pictures.values()),
        embeddings={} if packed is None else {library.tagger: unpack(packed)},
    )
