from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from spotitags.errors import InputError
from spotitags.explain.artist.occluded import occlusion_maps
from spotitags.explain.places.features import GRID
from spotitags.pipeline.artist_voting import ArtistVoting
from spotitags.records import Album, Artist, Prediction, Tag, TaggedCovers
from spotitags.records import Image as CoverImage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.records import Cover

SIDE = 90


class CornerTagger:
    """Tags the contrast of the top left corner: how much of a chessboard is left of it."""

    name = "corner"
    version = "1"
    image_size = SIDE
    batch_size = 7

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        assert len(covers) <= self.batch_size
        return [[Tag("chess", float(cover.pixels[:20, :20].std()) / 128)] for cover in covers]


class Voters:
    """A vote for metal by the weight of ``chess`` on all covers."""

    def predict(self, bags: Any, covers: TaggedCovers, **_: Any) -> Prediction:  # noqa: ARG002
        weight = sum(tag.weight for each in covers.tags["corner"] for tag in each) / len(covers.albums)
        metal = 0.1 + 0.8 * weight
        return Prediction(covers.artist, {"metal": metal, "jazz": 1 - metal}, (), ())


class Run:
    """What votes need of a run."""

    _taggers = (CornerTagger(),)

    def _bags(self, covers: TaggedCovers) -> list[Any]:  # noqa: ARG002
        return []


def chessboard(path: Path) -> tuple[Album, Artist]:
    pixels = np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 255
    stream = io.BytesIO()
    Image.fromarray(np.repeat(pixels[..., np.newaxis], 3, axis=2).astype(np.uint8)).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    artist = Artist("a")
    digest = hashlib.sha256(stream.getvalue()).hexdigest()
    return Album("one", "one", artist, (CoverImage(str(path)),), digest=digest), artist


def test_the_places_that_decide_are_found_by_tagging_anew(tmp_path: Path) -> None:
    album, artist = chessboard(tmp_path / "one.png")
    other = Album("two", "two", artist, digest="0" * 64)
    covers = TaggedCovers(artist, {"corner": [[Tag("chess", 0.9)], [Tag("chess", 0.1)]]}, (album, other))
    voting = ArtistVoting(covers, Voters(), Run())  # type: ignore[arg-type]
    steps: list[tuple[int, int]] = []
    found = occlusion_maps(voting, ("metal", "jazz"), [str(album.digest)], lambda *step: steps.append(step))
    (falls,) = found.values()
    assert falls.shape == (GRID, GRID)
    assert falls[:2, :2].min() > 0.1  # a place is blurred with its neighbours
    assert np.abs(falls[4:, :]).max() < 1e-9
    assert np.abs(falls[:, 4:]).max() < 1e-9
    assert steps == [(0, 1), (1, 1)]


def test_merged_bags_have_no_occlusion(tmp_path: Path) -> None:
    album, artist = chessboard(tmp_path / "one.png")
    covers = TaggedCovers(artist, {"corner+other": [[]]}, (album,))
    voting = ArtistVoting(covers, Voters(), Run())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="leave --merge out"):
        occlusion_maps(voting, ("metal", "jazz"), [str(album.digest)], lambda *_: None)
