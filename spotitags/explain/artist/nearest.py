"""Nearest artists and covers of others, by the embeddings of a tagger. Every cover is compared: no index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.arrays import l2_normalised
from classifiers.ensemble.graph_inputs import feature_rows
from spotitags.catalogs.artist_names import same_name
from spotitags.errors import SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Album, Artist, TaggedCovers

    Floats = NDArray[np.float64]

SHOWN: Final = 6
"""Number of artists and of covers."""


class NearCover(NamedTuple):
    """A cover of another artist.

    Attributes:
        album: Its album, with its artist.
        similarity: In [-1, 1]; 1 for the same picture.
        own: The artist's album with the most similar cover.
    """

    album: Album
    similarity: float
    own: Album


class NearArtist(NamedTuple):
    """Another artist.

    Attributes:
        artist: As the catalogue names it, with a genre where it is known.
        similarity: Of the mean covers, in [-1, 1].
        covers: Number of its covers.
    """

    artist: Artist
    similarity: float
    covers: int


@dataclass(frozen=True, slots=True)
class Nearest:
    """Nearest of others, the most similar first.

    Attributes:
        artists: Artists.
        covers: Covers, each picture once.
        compared: Number of artists and of covers that were compared.
        source: Name of what they were taken from.
    """

    artists: tuple[NearArtist, ...]
    covers: tuple[NearCover, ...]
    compared: tuple[int, int]
    source: str


def nearest_others(
    covers: TaggedCovers,
    versions: dict[str, str],
    others: SpotiTags,
    source: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> Nearest | str:
    """Compare an artist's covers with those of all artists of a catalogue.

    Similarity is the cosine of the embeddings as voters read them, less the mean of all that are compared:
    without this, all covers resemble each other.

    Args:
        covers: Covers of the artist.
        versions: Tagger to version of the run.
        others: Instance with a catalogue that can list its artists.
        source: Name of the catalogue for people.
        progress: Called with ("artists", done, total).

    Returns:
        The nearest; or the reason why there are none.
    """
    there = others.tagger_versions()
    tagger = next((name for name, rows in covers.features.items() if name in there and len(rows)), None)
    if tagger is None:
        return f"{source} has embeddings of {', '.join(there)} alone: name covers of your own (--among)"
    if there[tagger] != versions.get(tagger):
        return f"{source} was tagged by another version of {tagger}: name covers of your own (--among)"
    ids = [artist.id for artist in others.artists()]
    found = []
    for done, (_, each) in enumerate(others.tagged_covers(ids), start=1):
        found.append(each)
        if progress:
            progress("artists", done, len(ids))
    known = [each for each in found if not isinstance(each, SpotiTagsError) and tagger in each.features]
    apart = [each for each in known if each.albums and not _same(each.artist, covers.artist)]
    if not apart:
        return f"{source} has no other artist"
    return _nearest(covers, apart, tagger, source)


def _same(artist: Artist, other: Artist) -> bool:
    """Return whether two artists are one, whose covers another catalogue may list under another id."""
    return artist.id == other.id or same_name(artist.name or artist.id, other.name or other.id)


def _nearest(covers: TaggedCovers, others: Sequence[TaggedCovers], tagger: str, source: str) -> Nearest:
    rows = [feature_rows(tagger, each.features[tagger]) for each in others]
    everything = np.concatenate(rows)
    mean = everything.mean(axis=0)
    own = l2_normalised(feature_rows(tagger, covers.features[tagger]) - mean)
    similar = l2_normalised(everything - mean) @ own.T
    albums = [album for each in others for album in each.albums]
    same = set(covers.digests)
    near = (
        NearCover(albums[i], float(similar[i].max()), covers.albums[int(similar[i].argmax())])
        for i in np.argsort(-similar.max(axis=1), kind="stable").tolist()
    )
    centre = l2_normalised(own.mean(axis=0))
    means = np.array([l2_normalised((each - mean).mean(axis=0)) for each in rows]) @ centre
    artists = (
        NearArtist(others[i].artist, float(means[i]), len(others[i].albums))
        for i in np.argsort(-means, kind="stable").tolist()
    )
    return Nearest(
        tuple(next(artists) for _ in range(min(SHOWN, len(others)))),
        tuple(_distinct(near, same)),
        (len(others), len(everything)),
        source,
    )


def _distinct(near: Iterable[NearCover], seen: set[str]) -> list[NearCover]:
    """Return the first covers, without those of the artist and without repeated files."""
    chosen: list[NearCover] = []
    for each in near:
        if each.album.digest in seen:
            continue
        seen.add(str(each.album.digest))
        chosen.append(each)
        if len(chosen) == SHOWN:
            break
    return chosen
