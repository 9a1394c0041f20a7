"""Pictures that the page shows of one cover."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.manifests import cover
from PIL import Image

from spotitags.explore.pictures import LARGE, large_picture, place_picture
from spotitags.explore.records import ExploredCover

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def explored(tmp_path: Path) -> ExploredCover:
    file = tmp_path / "cover.jpg"
    file.write_bytes(cover("sea", 1))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return ExploredCover(
        digest=digest, album="Kiln", album_id="k", artist="The Fixtures", artist_id="f", file=str(file)
    )


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.float64)


def test_places_for_and_against_are_coloured_on_a_grey_cover(explored: ExploredCover) -> None:
    sea, metal = (pixels(place_picture(explored, of)) for of in ("tag:ocean", "metal"))
    for found in (sea, metal):
        assert np.abs(found[..., 0] - found[..., 2]).max() > 40, "some place is red or blue"
    assert np.abs(sea - metal).mean() > 1


def test_there_is_no_picture_of_what_is_unknown_or_has_changed(
    explored: ExploredCover, tmp_path: Path
) -> None:
    assert place_picture(explored, "tag:no such tag") == b""
    assert place_picture(explored, "polka") == b""
    (tmp_path / "cover.jpg").write_bytes(cover("fire", 2))
    assert place_picture(explored, "metal") == b""
    assert large_picture(explored) == b""


def test_the_large_picture_is_the_cover(explored: ExploredCover) -> None:
    assert max(pixels(large_picture(explored)).shape) <= LARGE
