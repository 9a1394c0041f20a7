"""Pictures of one cover, made when the page shows it: large, and with places that speak for a tag."""

from __future__ import annotations

import io
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.records import Album, Artist, Cover, CoverFile, Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.explain.places.features import PlaceNetwork
    from spotitags.explore.records import ExploredCover

LARGE: Final = 512
"""Side in pixels of the large picture."""
TAG: Final = "tag:"
"""Before a label of `lite` whose places are shown; without, it is a genre of the bundled model."""

_QUALITY: Final = 82
_one_at_a_time = threading.Lock()  # a network takes all cores


def large_picture(cover: ExploredCover) -> bytes:
    """Return the WebP of a cover whose file is on this machine; empty bytes for others."""
    from PIL import Image as Images

    decoded = _decoded(cover, LARGE)
    if decoded is None:
        return b""
    image = Images.fromarray(decoded.pixels)
    image.thumbnail((LARGE, LARGE))
    return _webp(image)


def place_picture(cover: ExploredCover, of: str) -> bytes:
    """Return the cover in grey with the places in red that speak for a tag or genre, and in blue against it.

    Args:
        cover: The cover.
        of: `TAG` and a label of `lite`, or a genre.

    Returns:
        WebP; empty bytes where `lite` has no such tag, the bundled model has no such genre, or the cover's
        file is not on this machine.
    """
    from spotitags.explain.places.maps import tag_map, vote_map
    from spotitags.explain.places.picture import overlay
    from spotitags.taggers.lite.head import load_head
    from spotitags.taggers.lite.square import square
    from spotitags.taggers.lite.tagger import LiteTagger

    side = LiteTagger.image_size
    decoded = _decoded(cover, side)
    if decoded is None:
        return b""
    pixels = square(decoded.pixels, side)
    with _one_at_a_time:
        if of.startswith(TAG):
            head, label = load_head(), of.removeprefix(TAG)
            if label not in head.labels:
                return b""
            vectors = head.label_vectors[(number := head.labels.index(label)) : number + 1]
            known = head.statistics(vectors)
            split = _network().split(pixels)
            found = tag_map(split, vectors[0], float(known.mean[0]), float(known.spread[0]))
        else:
            model = _model()
            if of not in model.genres:
                return b""
            found = vote_map(_network().split(pixels), model.linear_voters("lite"), model.genres.index(of))
    return _webp(overlay(pixels, found.places))


def _decoded(cover: ExploredCover, side: int) -> Cover | None:
    """Decode the file of a cover, if it still has the bytes that were gathered."""
    if not cover.file or not Path(cover.file).is_file():
        return None
    album = Album(cover.album_id, cover.album, Artist(cover.artist_id), (Image(cover.file),))
    with CoverFetcher() as fetcher:
        files = [file for file in fetcher.fetch([album], side) if isinstance(file, CoverFile)]
    if not files or files[0].digest != cover.digest:
        return None
    found = decode_many(files, side)[0]
    return found if isinstance(found, Cover) else None


@cache
def _network() -> PlaceNetwork:
    from spotitags.explain.places.features import PlaceNetwork

    return PlaceNetwork()


@cache
def _model() -> Ensemble:
    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.pipeline.voting import bundled_model

    return Ensemble.load(bundled_model())


def _webp(image: Picture) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY)
    return stream.getvalue()
