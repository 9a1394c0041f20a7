"""Covers of an artist with their own votes, and with maps of the places that speak for a genre or a tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.covers.thumbnails import jpeg
from spotitags.errors import InputError
from spotitags.explain.places.features import GRID, PlaceNetwork
from spotitags.explain.places.maps import PlaceMap, tag_map, vote_map
from spotitags.explain.places.occlusion import blurred
from spotitags.explain.places.picture import attention, overlay
from spotitags.io.suggestions import nearest
from spotitags.records import Cover, CoverFile
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import LiteTagger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.linear import LinearVoter
    from spotitags.records import Album, Prediction, Tag

    Mapper = Callable[[NDArray[np.uint8]], PlaceMap]

MAPPED: Final = "lite"
"""The tagger whose network has maps."""
SIDE: Final = LiteTagger.image_size
_QUALITY: Final = 82
_DELETED: Final = 16  # places
_ROWS, _COLUMNS = ("top", "", "bottom"), ("left", "", "right")


def strongest_ninth(places: NDArray[np.float64]) -> str:
    """Return the name of the ninth of a (`GRID`, `GRID`) map with the largest sum, such as ``top left``."""
    third = GRID // 3
    ninths = places.reshape(3, third, 3, third).sum(axis=(1, 3))
    row, column = np.unravel_index(int(ninths.argmax()), ninths.shape)
    return " ".join(filter(None, (_ROWS[row], _COLUMNS[column]))) or "middle"


class Deletion(NamedTuple):
    """Fall of a cover's number when 16 of its 81 places are blurred.

    Attributes:
        strongest: Blurring the places that speak most for it.
        random: Blurring places chosen at random.
    """

    strongest: float
    random: float


@dataclass(frozen=True, slots=True)
class ExplainedCover:
    """One cover of an artist.

    Attributes:
        album: Its album.
        tags: Its tags, the heaviest first.
        pixels: (side, side, 3) RGB, of the part that the network takes.
        map: Map of the log-odds of the pair of genres, or of a tag; None if the cover has none.
        deletion: What blurring its strongest places changes; None without a map.
        occlusion: (`GRID`, `GRID`) fall of the whole ensemble's log-odds when a place is blurred; None unless
            requested.
    """

    album: Album
    tags: tuple[Tag, ...]
    pixels: NDArray[np.uint8]
    map: PlaceMap | None = None
    deletion: Deletion | None = None
    occlusion: NDArray[np.float64] | None = None

    @property
    def strongest(self) -> str:
        """Name of the ninth of the cover that speaks most for the genre or tag; empty without a map."""
        if self.map is None:
            return ""
        return strongest_ninth(self.map.places)

    def picture(self) -> bytes:
        """Return the cover as JPEG."""
        from PIL import Image

        return jpeg(Image.fromarray(self.pixels), _QUALITY)

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the JPEG file of each picture: the cover and what is drawn over it."""
        yield "cover", self.picture()
        if self.map is not None:
            yield "map in colour", jpeg(overlay(self.pixels, self.map.places), _QUALITY)
            yield "brightness times attention", jpeg(attention(self.pixels, self.map.places), _QUALITY)
        if self.occlusion is not None:
            yield "occlusion of all voters", jpeg(overlay(self.pixels, self.occlusion), _QUALITY)


def explained_covers(
    prediction: Prediction, mapped: Mapper | None, *, remote: bool = True
) -> Iterator[ExplainedCover]:
    """Map the covers of an artist, one after the other.

    Args:
        prediction: Prediction of the artist.
        mapped: Map of a cover of `SIDE` pixels, from `genre_mapper` or `tag_mapper`; None for no maps.
        remote: False leaves out covers that would have to be fetched.
    """
    bags = sorted((bag for bag in prediction.bags if bag.albums), key=lambda bag: bag.tagger != MAPPED)[:1]
    tags = {a.digest: each for bag in bags for a, each in zip(bag.albums, bag.each, strict=True)}
    albums = [album for bag in bags for album in bag.albums if album.images]
    for cover in _decoded([album for album in albums if remote or cover_url(album) is None]):
        pixels = square(cover.pixels, SIDE)
        heaviest = sorted(tags.get(cover.digest, ()), key=lambda tag: -tag.weight)
        found = mapped(pixels) if mapped else None
        deletion = _deletion(mapped, pixels, found) if mapped and found else None
        yield ExplainedCover(cover.album, tuple(heaviest), pixels, found, deletion)


def _deletion(mapped: Mapper, pixels: NDArray[np.uint8], found: PlaceMap) -> Deletion:
    order = found.places.ravel().argsort()
    drawn = np.random.default_rng(0).permutation(order)
    chosen = (np.isin(np.arange(order.size), some[-_DELETED:]) for some in (order, drawn))
    strongest, random = (
        found.total - mapped(blurred(pixels, places.reshape(GRID, GRID))).total for places in chosen
    )
    return Deletion(strongest, random)


def genre_mapper(network: PlaceNetwork, voters: Sequence[LinearVoter], pair: tuple[int, int]) -> Mapper:
    """Return a function that maps the log-odds of one genre over another.

    Args:
        network: The network of `lite`.
        voters: Linear voters of the model on `lite`'s embeddings.
        pair: Columns of the two genres.
    """
    return lambda pixels: vote_map(network.split(pixels), voters, *pair)


def tag_mapper(network: PlaceNetwork, tag: str) -> Mapper:
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
