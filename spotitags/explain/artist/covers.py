"""Covers of an artist with their own votes, and with maps of the places that speak for a genre or a tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.covers.thumbnails import jpeg
from spotitags.errors import InputError
from spotitags.explain.places.features import GRID, PlaceNetwork
from spotitags.explain.places.maps import PlaceMap, tag_map, vote_map
from spotitags.explain.places.picture import attention, overlay
from spotitags.io.suggestions import nearest
from spotitags.records import Cover, CoverFile
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.tagger import LiteTagger, square

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.linear import LinearVoter
    from spotitags.records import Album, Prediction, Tag

MAPPED: Final = "lite"
"""The tagger whose network has maps."""
SIDE: Final = LiteTagger.image_size
_QUALITY: Final = 82
_ROWS, _COLUMNS = ("top", "", "bottom"), ("left", "", "right")


@dataclass(frozen=True, slots=True)
class ExplainedCover:
    """One cover of an artist.

    Attributes:
        album: Its album.
        tags: Its tags, the heaviest first.
        map: Map of the log-odds of the pair of genres, or of a tag.
        pixels: (side, side, 3) RGB, of the part that the network takes.
    """

    album: Album
    tags: tuple[Tag, ...]
    map: PlaceMap
    pixels: NDArray[np.uint8]

    @property
    def strongest(self) -> str:
        """Name of the ninth of the cover that speaks most for the genre or tag, such as ``top left``."""
        third = GRID // 3
        ninths = self.map.places.reshape(3, third, 3, third).sum(axis=(1, 3))
        row, column = np.unravel_index(int(ninths.argmax()), ninths.shape)
        return " ".join(filter(None, (_ROWS[row], _COLUMNS[column]))) or "middle"

    def picture(self) -> bytes:
        """Return the cover as JPEG."""
        from PIL import Image

        return jpeg(Image.fromarray(self.pixels), _QUALITY)

    def overlay(self) -> bytes:
        """Return the map in colour over the cover, as JPEG."""
        return jpeg(overlay(self.pixels, self.map.places), _QUALITY)

    def attention(self) -> bytes:
        """Return brightness times attention in black and white, as JPEG."""
        return jpeg(attention(self.pixels, self.map.places), _QUALITY)


def explained_covers(
    prediction: Prediction, mapped: Callable[[NDArray[np.uint8]], PlaceMap], *, remote: bool = True
) -> Iterator[ExplainedCover]:
    """Map the covers of an artist, one after the other.

    Args:
        prediction: Prediction of the artist, with a bag of `lite`.
        mapped: Map of a cover of `SIDE` pixels, from `genre_mapper` or `tag_mapper`.
        remote: False leaves out covers that would have to be fetched.
    """
    bags = [bag for bag in prediction.bags if bag.tagger == MAPPED]
    tags = {a.digest: each for bag in bags for a, each in zip(bag.albums, bag.each, strict=True)}
    albums = [album for bag in bags for album in bag.albums if album.images]
    for cover in _decoded([album for album in albums if remote or cover_url(album) is None]):
        pixels = square(cover.pixels, SIDE)
        heaviest = sorted(tags.get(cover.digest, ()), key=lambda tag: -tag.weight)
        yield ExplainedCover(cover.album, tuple(heaviest), mapped(pixels), pixels)


def genre_mapper(
    network: PlaceNetwork, voters: Sequence[LinearVoter], pair: tuple[int, int]
) -> Callable[[NDArray[np.uint8]], PlaceMap]:
    """Return a function that maps the log-odds of one genre over another.

    Args:
        network: The network of `lite`.
        voters: Linear voters of the model on `lite`'s embeddings.
        pair: Columns of the two genres.

    Raises:
        InputError: There are no such voters.
    """
    if not voters:
        raise InputError("this model has no linear voters on lite's embeddings: map a tag (--where)")
    return lambda pixels: vote_map(network.split(pixels), voters, *pair)


def tag_mapper(network: PlaceNetwork, tag: str) -> Callable[[NDArray[np.uint8]], PlaceMap]:
    """Return a function that maps the contrast of a label of `lite`.

    Raises:
        InputError: `lite` has no such label.
    """
    label = _label(tag)
    head = load_head()
    vectors = head.label_vectors[label : label + 1]
    known = head.statistics(vectors)
    mean, spread = float(known.mean[0]), float(known.spread[0])
    return lambda pixels: tag_map(network.split(pixels), vectors[0], mean, spread)


def explained_share(prediction: Prediction, voters: Sequence[LinearVoter]) -> float:
    """Return the share of the voters' weight that the maps of votes explain, in [0, 1]."""
    linear = {each.voter.name for each in voters}
    total = sum(vote.weight for vote in prediction.voters)
    names = [(vote.tagger, vote.view, vote.classifier) for vote in prediction.voters]
    mapped = sum(vote.weight for vote, name in zip(prediction.voters, names, strict=True) if name in linear)
    return mapped / total if total else 0.0


def _label(tag: str) -> int:
    labels = load_head().labels
    if tag.casefold() in labels:
        return labels.index(tag.casefold())
    near = nearest(tag, labels)
    hint = f": did you mean {near!r}?" if near else "; 'spotitags tag' shows tags of an artist"
    raise InputError(f"lite has no map of {tag!r}{hint}")


def _decoded(albums: Sequence[Album]) -> Iterator[Cover]:
    """Fetch and decode covers; those that cannot be used, which the prediction named, are left out."""
    with CoverFetcher() as fetcher:
        files = [file for file in fetcher.fetch(albums, SIDE) if isinstance(file, CoverFile)]
    yield from (cover for cover in decode_many(files, SIDE) if isinstance(cover, Cover))
