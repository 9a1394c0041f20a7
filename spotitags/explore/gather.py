"""Gather covers: tags, votes, embeddings, columns of tables, and small pictures."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.explore.colours import colour_of_tags
from spotitags.explore.records import MAX_TAGS, ExploredCover, Gathered
from spotitags.records import Cover, CoverFile
from spotitags.taggers.features.embedding import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from numpy.typing import NDArray

    from spotitags.explore.columns import TableCells
    from spotitags.pipeline.cover_votes import CoverVotes
    from spotitags.records import Album, TaggedCovers

THUMB: Final = 128
"""Longer side in pixels of the small pictures that are kept."""

_QUALITY: Final = 70
_AT_ONCE: Final = 64  # covers in memory
_YEAR: Final = re.compile(r"\b(1[89]|20)\d\d\b")
_TAG_SPACE: Final = 512  # numbers of a vector that is made of tags


def gather(
    tagged: Iterable[tuple[TaggedCovers, Sequence[CoverVotes]]],
    cells: TableCells,
    known: Container[str],
    *,
    remote: bool = True,
    progress: Callable[[int], None] = lambda _count: None,
) -> Gathered:
    """Gather the covers that are not known yet, each file once.

    Args:
        tagged: Tagged covers of artists with votes on each cover.
        cells: Further columns of the user's tables.
        known: Digests of the covers that need not be gathered.
        remote: False fetches no pictures from the web; those covers are shown by their colour.
        progress: Called with the number of pictures after each step.
    """
    covers: dict[str, ExploredCover] = {}
    albums: dict[str, Album] = {}
    rows: list[NDArray[np.float32]] = []
    for found, votes in tagged:
        vectors = _vectors(found)
        for number, album in enumerate(found.albums):
            if not album.digest or album.digest in known or album.digest in covers:
                continue
            tags = _tags(found, number)
            covers[album.digest] = _record(album, tags, votes[number], cells)
            albums[album.digest] = album
            rows.append(vectors[number])
    thumbs = _thumbs(list(albums.values()), remote=remote, progress=progress)
    for digest, cover in covers.items():
        if digest in thumbs:
            cover.colour = thumbs[digest][1]
        else:
            cover.colour = colour_of_tags(dict(cover.tags))
    packed = pack(np.stack(rows)) if rows else np.zeros((0, 0), np.uint8)
    return Gathered(list(covers.values()), packed, [thumbs.get(d, (b"", None))[0] for d in covers])


def _vectors(found: TaggedCovers) -> NDArray[np.float32]:
    """Return the embeddings of `lite`, else of another tagger, else vectors of the tags."""
    if found.features:
        name = "lite" if "lite" in found.features else next(iter(found.features))
        vectors = found.features[name]
        if np.isfinite(vectors).all():
            return np.asarray(vectors, np.float32)
    made = np.zeros((len(found.albums), _TAG_SPACE), np.float32)
    for number in range(len(found.albums)):
        for label, weight in _tags(found, number):
            place = int.from_bytes(label.encode()[-8:], "little") % _TAG_SPACE
            made[number, place] += weight
    return made


def _tags(found: TaggedCovers, number: int) -> list[tuple[str, float]]:
    """Return the tags of one cover by all taggers that see pictures, heaviest first."""
    weights: dict[str, float] = {}
    for tagger, tags in found.tags.items():
        if tagger == "text" and len(found.tags) > 1:
            continue  # words on covers are of single covers, and say nothing of regions
        for label, weight in tags[number]:
            weights[label] = max(weight, weights.get(label, 0.0))
    heaviest = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    return [(label, round(min(weight, 1.0), 4)) for label, weight in heaviest]


def _record(
    album: Album, tags: list[tuple[str, float]], votes: CoverVotes, cells: TableCells
) -> ExploredCover:
    file = album.images[0].url if album.images and cover_url(album) is None else None
    own = cells.of(album, file)
    single = file is not None and album.name == album.id == album.artist.id  # a cover without an artist
    date = _YEAR.search(album.release_date or own.date or "")
    return ExploredCover(
        digest=album.digest or "",
        album=(own.title or Path(album.name).stem) if single else album.name,
        album_id=album.id,
        artist=album.artist.name or ("Unknown artist" if single else album.artist.id),
        artist_id=album.artist.id,
        genre=album.artist.genre,
        year=int(date[0]) if date else None,
        file=file,
        tags=[*((f"{tag} (table)", 1.0) for tag in own.tags), *tags][:MAX_TAGS],
        votes={genre: round(share, 4) for genre, share in votes.votes.items()},
        none=None if votes.none is None else round(votes.none, 4),
        numbers=own.numbers,
    )


def _thumbs(
    albums: Sequence[Album], *, remote: bool, progress: Callable[[int], None]
) -> dict[str, tuple[bytes, tuple[int, int, int]]]:
    """Return the WebP file and the mean colour of each cover that can be read, by digest."""
    from PIL import Image

    wanted = [album for album in albums if album.images and (remote or cover_url(album) is None)]
    made: dict[str, tuple[bytes, tuple[int, int, int]]] = {}
    with CoverFetcher() as fetcher:
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            files = [file for file in fetcher.fetch(part, THUMB) if isinstance(file, CoverFile)]
            for cover in decode_many(files, THUMB):
                if isinstance(cover, Cover):
                    image = Image.fromarray(cover.pixels)
                    side = min(image.size)
                    left, top = (image.width - side) // 2, (image.height - side) // 2
                    square = image.crop((left, top, left + side, top + side)).resize((THUMB, THUMB))
                    red, green, blue = square.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
                    stream = io.BytesIO()
                    square.save(stream, "WEBP", quality=_QUALITY, method=2)
                    made[cover.digest] = stream.getvalue(), (int(red), int(green), int(blue))
            progress(len(part))
    return made
