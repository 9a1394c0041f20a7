"""Random covers of each genre, to look at the data before anything is learnt from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotitags.covers import Covers, decode
from spotitags.errors import CoverError, InputError, SpotiTagsError
from spotitags.records import Cover, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotitags.catalogs import Catalog
    from spotitags.records import Album, Artist

SIDE = 300  # pixels that a drawn cover keeps at least, where its file has them
MOST_ALBUMS = 100  # of an artist, among which one is drawn
FRUITLESS = 50  # covers in a row that cannot be used, after which a genre is given up


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn of one genre.

    Attributes:
        genre: Its label.
        labelled: Artists, or single covers, that the labels have of it.
        covers: Drawn at random, none twice.
    """

    genre: str
    labelled: int
    covers: tuple[Cover, ...]


def draw(
    catalog: Catalog, artists: Sequence[Artist], *, per_genre: int = 8, seed: int = 0
) -> tuple[list[Drawn], list[Skipped]]:
    """Draw covers of each genre, each of another artist while there are any left.

    Args:
        catalog: Where the artists' covers are.
        artists: With genres; single covers stand as artists of one cover each.
        per_genre: Covers of a genre, at least 1.
        seed: Equal seeds and labels draw equal covers.

    Returns:
        The genres, alphabetical; and the covers and artists that could not be used, in whose place others
        were drawn.

    Raises:
        InputError: Not one cover could be used.
    """
    if per_genre < 1:
        raise InputError(f"a sample needs 1 cover of a genre at least, not {per_genre}")
    drawn, skipped = [], []
    with Covers() as covers:
        for number, genre in enumerate(sorted({str(artist.genre) for artist in artists})):
            own = [artist for artist in artists if artist.genre == genre]
            rng = np.random.default_rng([seed, number])
            found, bad = _drawn(covers, _albums(catalog, own, rng), per_genre)
            drawn.append(Drawn(genre, len(own), tuple(found)))
            skipped += bad
    if not any(genre.covers for genre in drawn):
        why = next(iter(skipped), Skipped("", "there is none"))
        raise InputError(f"not one cover could be used: {why.cover} {why.reason}")
    return drawn, skipped


def _drawn(
    covers: Covers, albums: Iterator[Album | Skipped], wanted: int
) -> tuple[list[Cover], list[Skipped]]:
    """The first ``wanted`` covers that can be used, and what stood among them that cannot."""
    found: dict[str, Cover] = {}
    bad: list[Skipped] = []
    since = 0
    for album in albums:
        cover = album if isinstance(album, Skipped) else _cover(covers, album)
        if isinstance(cover, Cover):
            found.setdefault(cover.digest, cover)
            since = 0
        else:
            bad.append(cover)
            since += 1
        if len(found) == wanted or since == FRUITLESS:
            break
    return list(found.values()), bad


def _cover(covers: Covers, album: Album) -> Cover | Skipped:
    (file,) = covers.fetch([album], SIDE)
    if not isinstance(file, CoverFile):
        return file._replace(cover=_name(album))
    try:
        return decode(file, SIDE)
    except CoverError as error:
        return Skipped(_name(album), f"{error.reason}: {error.detail}" if error.detail else error.reason)


def _name(album: Album) -> str:
    names = (album.artist.name, album.name or album.id)
    return ", ".join(name for name in names if name)


def _albums(
    catalog: Catalog, artists: Sequence[Artist], rng: np.random.Generator
) -> Iterator[Album | Skipped]:
    """Every album in random order: a first one of each artist, then a second one of each, and so on."""
    rest: list[list[Album]] = []
    for i in rng.permutation(len(artists)).tolist():
        try:
            albums = catalog.albums(artists[i].id, MOST_ALBUMS)
        except SpotiTagsError as error:
            yield Skipped(artists[i].name or artists[i].id, str(error))
            continue
        rest.append([albums[j] for j in rng.permutation(len(albums)).tolist()])
        if rest[-1]:
            yield rest[-1].pop()
    while rest := [albums for albums in rest if albums]:
        for albums in rest:
            yield albums.pop()
