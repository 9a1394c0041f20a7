from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from spotitags.taggers.text.components import Rectangle, components, rectangle_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITMAPS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12))


def flooded(bitmap: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """Components by flood filling, pixel by pixel."""
    left = {(int(row), int(column)) for row, column in np.argwhere(bitmap)}
    found = []
    while left:
        reached, edge = set(), {next(iter(left))}
        while edge:
            reached |= edge
            edge = {
                (row + down, column + right)
                for row, column in edge
                for down in (-1, 0, 1)
                for right in (-1, 0, 1)
            }
            edge = (edge & left) - reached
        left -= reached
        found.append(reached)
    return found


def pixels(runs: NDArray[np.int64]) -> set[tuple[int, int]]:
    return {(row, column) for row, first, end in runs.tolist() for column in range(first, end)}


@given(BITMAPS)
def test_components_are_those_of_flood_filling_largest_first(bitmap: NDArray[np.bool_]) -> None:
    found = [pixels(runs) for runs in components(bitmap)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, flooded(bitmap)))
    areas = list(map(len, found))
    assert areas == sorted(areas, reverse=True)


@given(BITMAPS)
def test_a_rectangle_holds_all_pixels_and_is_no_larger_than_the_upright_one(
    bitmap: NDArray[np.bool_],
) -> None:
    for runs in components(bitmap):
        rectangle = rectangle_around(runs)
        corners = np.array(
            [(x, y) for row, first, end in runs for x in (first, end) for y in (row, row + 1)], float
        )
        offsets = corners - [rectangle.x, rectangle.y]
        along = np.array([math.cos(rectangle.angle), math.sin(rectangle.angle)])
        assert (abs(offsets @ along) <= rectangle.width / 2 + 1e-9).all()
        assert (abs(offsets @ [-along[1], along[0]]) <= rectangle.height / 2 + 1e-9).all()
        upright = np.ptp(corners[:, 0]) * np.ptp(corners[:, 1])
        assert rectangle.width * rectangle.height <= upright + 1e-9
        assert -math.pi / 4 < rectangle.angle <= math.pi / 4


@pytest.mark.parametrize("degrees", [-40, -20, 0, 7, 30, 44])
def test_a_slanted_bar_has_a_slanted_rectangle(degrees: int) -> None:
    rows, columns = np.mgrid[:200, :200] - 99.5
    angle = math.radians(degrees)
    along = columns * math.cos(angle) + rows * math.sin(angle)
    across = rows * math.cos(angle) - columns * math.sin(angle)
    (runs,) = components((abs(along) <= 80) & (abs(across) <= 10))
    found = rectangle_around(runs)
    assert math.degrees(found.angle) == pytest.approx(degrees, abs=1)
    assert (found.width, found.height) == pytest.approx((160, 20), abs=3)
    assert (found.x, found.y) == pytest.approx((100, 100), abs=1)


def test_corners_go_clockwise_from_the_top_left() -> None:
    assert Rectangle(5, 4, 6, 2, 0).corners().tolist() == [[2, 3], [8, 3], [8, 5], [2, 5]]


def test_an_empty_bitmap_has_no_components() -> None:
    assert components(np.zeros((4, 5), bool)) == []
