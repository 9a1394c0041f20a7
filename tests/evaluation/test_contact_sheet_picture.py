from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from spotitags.errors import InputError
from spotitags.evaluation.contact_sheet import COLUMNS, MAX_HEIGHT, GenreSample, contact_sheet
from spotitags.records import Album, Artist, Cover

COLOURS = {"jazz": (200, 30, 30), "metal": (20, 60, 180)}


def drawn(genre: str, count: int, name: str | None = None, size: tuple[int, int] = (90, 90)) -> GenreSample:
    pixels = np.full((*size, 3), COLOURS.get(genre, (9, 90, 9)), dtype=np.uint8)
    covers = [Cover(Album(str(i), "", Artist("a", name)), str(i), pixels) for i in range(count)]
    return GenreSample(genre, 40, tuple(covers))


def opened(png: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB"))


def runs(line: np.ndarray) -> int:
    """Stretches of True."""
    return int((np.diff(np.r_[0, line.astype(int)]) == 1).sum())


@pytest.mark.parametrize(("count", "columns", "lines"), [(1, 1, 1), (8, 8, 1), (14, 7, 2), (30, COLUMNS, 3)])
def test_covers_are_in_even_rows(count: int, columns: int, lines: int) -> None:
    there = (opened(contact_sheet("drawn", [drawn("jazz", count)])) == COLOURS["jazz"]).all(axis=2)
    assert runs(there.any(axis=0)) == columns
    assert runs(there.any(axis=1)) == lines


def test_genres_are_below_each_other_in_their_order() -> None:
    picture = opened(contact_sheet("drawn", [drawn("jazz", 3), drawn("metal", 5)]))
    jazz, metal = ((picture == colour).all(axis=2) for colour in COLOURS.values())
    assert jazz.sum(axis=1).nonzero()[0].max() < metal.sum(axis=1).nonzero()[0].min()
    assert [runs(genre.any(axis=0)) for genre in (jazz, metal)] == [3, 5]


def test_a_cover_that_is_not_square_is_shown_whole() -> None:
    there = (opened(contact_sheet("drawn", [drawn("jazz", 1, size=(60, 120))])) == COLOURS["jazz"]).all(
        axis=2
    )
    assert there.any(axis=0).sum() / there.any(axis=1).sum() == pytest.approx(2, rel=0.05)


def test_names_from_outside_are_shown_and_stay_within_their_cover() -> None:
    bare = opened(contact_sheet("drawn", [drawn("jazz", 2)]))
    named = opened(
        contact_sheet("drawn", [drawn("jazz", 2, "an artist whose name is far too long \n\x1b[31m" * 9)])
    )
    tiles = (named == COLOURS["jazz"]).all(axis=2)
    below = tiles.any(axis=1).nonzero()[0].max() + 2  # the cover's edge is a line
    captions = (named[below:] != 255).any(axis=2).any(axis=0)
    columns = tiles.any(axis=0)
    assert captions.sum() > 0.5 * columns.sum()
    assert not captions[: columns.nonzero()[0].min() - 2].any()
    assert not captions[columns.nonzero()[0].max() + 2 :].any()
    assert named.shape[1] == bare.shape[1]


def test_many_covers_are_shown_smaller_and_too_many_refused() -> None:
    several = [drawn(f"genre {i}", 8, "Name") for i in range(40)]
    picture = opened(contact_sheet("drawn " * 99, several))
    assert picture.shape[0] <= MAX_HEIGHT
    assert picture.shape[1] <= 2000
    with pytest.raises(InputError, match="--per-genre"):
        contact_sheet("drawn", [drawn(f"genre {i}", 8) for i in range(200)])


def test_a_genre_without_a_usable_cover_keeps_its_heading() -> None:
    empty = GenreSample("jazz", 3, ())
    assert len(opened(contact_sheet("drawn", [empty, drawn("metal", 1)]))) > len(
        opened(contact_sheet("drawn", [drawn("metal", 1)]))
    )
