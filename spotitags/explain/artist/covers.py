"""Covers of an artist with their own votes, and with maps of the places that speak for a genre or a tag."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.errors import InputError
from spotitags.explain.places.features import GRID, PlaceNetwork
from spotitags.explain.places.maps import PlaceMap, tag_map, vote_map
from spotitags.explain.places.picture import attention, overlay
from spotitags.records import Cover, CoverFile
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import LiteTagger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from classifiers.ensemble.ensemble import Ensemble
    from classifiers.ensemble.linear import LinearVoter
    from spotitags.explain.places.features import PlaceFeatures
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

        return _jpeg(Image.fromarray(self.pixels))

    def overlay(self) -> bytes:
        """Return the map in colour over the cover, as JPEG."""
        return _jpeg(overlay(self.pixels, self.map.places))

    def attention(self) -> bytes:
        """Return brightness times attention in black and white, as JPEG."""
        return _jpeg(attention(self.pixels, self.map.places))


def explained_covers(
    prediction: Prediction,
    model: Ensemble,
    pair: tuple[str, str],
    *,
    tag: str | None = None,
    remote: bool = True,
) -> Iterator[ExplainedCover]:
    """Map the covers of an artist, one after the other.

    Args:
        prediction: Prediction of the artist, with a bag of `lite`.
        model: The model of the prediction.
        pair: The genre that is explained, and the one that it is compared with.
        tag: A label of `lite` to map instead.
        remote: False leaves out covers that would have to be fetched.

    Raises:
        InputError: The model has no linear voters on `lite`'s embeddings, or `lite` has no such label.
    """
    voters = model.linear_voters(MAPPED)
    if not voters and tag is None:
        raise InputError("this model has no linear voters on lite's embeddings: map a tag (--where)")
    label = None if tag is None else _label(tag)
    genres = [model.genres.index(genre) for genre in pair]
    bags = [bag for bag in prediction.bags if bag.tagger == MAPPED]
    tags = {a.digest: each for bag in bags for a, each in zip(bag.albums, bag.each, strict=True)}
    albums = [album for bag in bags for album in bag.albums if album.images]
    network = PlaceNetwork()
    for cover in _decoded([album for album in albums if remote or cover_url(album) is None]):
        pixels = square(cover.pixels, SIDE)
        split = network.split(pixels)
        found = _vote(split, voters, genres) if label is None else _tag(split, label)
        heaviest = sorted(tags.get(cover.digest, ()), key=lambda tag: -tag.weight)
        yield ExplainedCover(cover.album, tuple(heaviest), found, pixels)


def explained_share(prediction: Prediction, model: Ensemble) -> float:
    """Return the share of the voters' weight that the maps of votes explain, in [0, 1]."""
    linear = {each.voter.name for each in model.linear_voters(MAPPED)}
    total = sum(vote.weight for vote in prediction.voters)
    names = [(vote.tagger, vote.view, vote.classifier) for vote in prediction.voters]
    mapped = sum(vote.weight for vote, name in zip(prediction.voters, names, strict=True) if name in linear)
    return mapped / total if total else 0.0


def _vote(split: PlaceFeatures, voters: Sequence[LinearVoter], genres: Sequence[int]) -> PlaceMap:
    return vote_map(split, voters, *genres)


def _tag(split: PlaceFeatures, index: int) -> PlaceMap:
    head = load_head()
    vectors = head.label_vectors[index : index + 1]
    known = head.statistics(vectors)
    return tag_map(split, vectors[0], float(known.mean[0]), float(known.spread[0]))


def _label(tag: str) -> int:
    from difflib import get_close_matches

    labels = load_head().labels
    if tag.casefold() in labels:
        return labels.index(tag.casefold())
    near = get_close_matches(tag.casefold(), labels, n=1)
    hint = f": did you mean {near[0]!r}?" if near else "; 'spotitags tag' shows tags of an artist"
    raise InputError(f"lite has no map of {tag!r}{hint}")


def _decoded(albums: Sequence[Album]) -> Iterator[Cover]:
    """Fetch and decode covers; those that cannot be used, which the prediction named, are left out."""
    with CoverFetcher() as fetcher:
        files = [file for file in fetcher.fetch(albums, SIDE) if isinstance(file, CoverFile)]
    yield from (cover for cover in decode_many(files, SIDE) if isinstance(cover, Cover))


def _jpeg(image: Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
