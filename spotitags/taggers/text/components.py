"""Connected components of a bitmap, and the smallest rectangles around them, in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIANGLE = 3  # corners of a hull that has an area


class Rectangle(NamedTuple):
    """A rectangle at any angle, in pixels.

    Attributes:
        x: Horizontal place of its centre.
        y: Vertical place of its centre, downwards.
        width: Length of the sides that run at ``angle``.
        height: Length of the other sides.
        angle: Direction of the width in radians, clockwise from the horizontal, in (-pi/4, pi/4].
    """

    x: float
    y: float
    width: float
    height: float
    angle: float

    def grown(self, distance: float) -> Rectangle:
        """Return the rectangle with each side moved outwards by a distance in pixels."""
        return self._replace(width=self.width + 2 * distance, height=self.height + 2 * distance)

    def scaled(self, horizontal: float, vertical: float) -> Rectangle:
        """Return the rectangle in an image of another size; the two factors are nearly equal."""
        mean = (horizontal * vertical) ** 0.5
        return Rectangle(
            self.x * horizontal, self.y * vertical, self.width * mean, self.height * mean, self.angle
        )

    def corners(self) -> NDArray[np.float64]:
        """Return the corners as (4, 2), x and y: top left, top right, bottom right, bottom left."""
        along = np.array([np.cos(self.angle), np.sin(self.angle)]) * self.width / 2
        down = np.array([-np.sin(self.angle), np.cos(self.angle)]) * self.height / 2
        centre = np.array([self.x, self.y])
        return np.stack(
            [centre - along - down, centre + along - down, centre + along + down, centre - along + down]
        )


def components(bitmap: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Find the components of set pixels, neighbours by side or corner.

    Horizontal runs of pixels are joined instead of pixels: there are far fewer.

    Args:
        bitmap: (height, width).

    Returns:
        For each component its runs, (n, 3): row, first column, and the column after the last. Largest area
        first, equal areas by the first run from the top left.
    """
    runs = _runs(bitmap)
    if not len(runs):
        return []
    labels = _joined(len(runs), *_touching(runs))
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    groups = np.split(runs[order], starts[1:])
    areas = np.add.reduceat((runs[:, 2] - runs[:, 1])[order], starts)
    return [groups[index] for index in np.argsort(-areas, kind="stable")]


def _runs(bitmap: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the horizontal runs of set pixels, (n, 3), by row and column."""
    edges = np.diff(bitmap.astype(np.int8), axis=1, prepend=0, append=0)
    rows, firsts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return np.stack([rows, firsts, ends], axis=1)


def _touching(runs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of runs in neighbouring rows that touch, as two arrays of indices."""
    width = int(runs[:, 2].max()) + 2
    firsts = runs[:, 0] * width + runs[:, 1]
    ends = runs[:, 0] * width + runs[:, 2]
    # A run touches those of the row below that end at or after its start, and start at or before its end.
    low = np.searchsorted(ends, firsts + width, side="left")
    high = np.searchsorted(firsts, ends + width, side="right")
    counts = np.maximum(high - low, 0)
    upper = np.repeat(np.arange(len(runs)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(low, counts) + within


def _joined(count: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of ``count`` nodes the smallest node that the given edges join it with."""
    labels = np.arange(count)
    while True:
        smaller = np.minimum(labels[left], labels[right])
        np.minimum.at(labels, labels[left], smaller)
        np.minimum.at(labels, labels[right], smaller)
        while not np.array_equal(labels, labels[labels]):
            labels = labels[labels]
        if np.array_equal(labels[left], labels[right]):
            return labels


def rectangle_around(runs: NDArray[np.int64]) -> Rectangle:
    """Return the rectangle of least area around a component; rotating calipers on its convex hull.

    Args:
        runs: Of one component, as `components` gives them.
    """
    hull = _hull(runs)
    edges = np.diff(hull, axis=0, append=hull[:1])
    angles = np.unique(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2))
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ hull.T  # (angles, corners)
    down = np.stack([-np.sin(angles), np.cos(angles)], axis=1) @ hull.T
    sides = np.stack([np.ptp(along, axis=1), np.ptp(down, axis=1)])
    best = int(np.argmin(sides[0] * sides[1]))
    angle = float(angles[best])
    middle = (along[best].min() + along[best].max()) / 2, (down[best].min() + down[best].max()) / 2
    x = middle[0] * np.cos(angle) - middle[1] * np.sin(angle)
    y = middle[0] * np.sin(angle) + middle[1] * np.cos(angle)
    width, height = sides[:, best].tolist()
    if angle > np.pi / 4:
        width, height, angle = height, width, angle - np.pi / 2
    return Rectangle(float(x), float(y), width, height, angle)


def _hull(runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the convex hull of the pixels of runs, (n, 2) x and y, by Andrew's monotone chain.

    A pixel covers a square of side 1, so that a single one has an area.
    """
    rows, places = np.unique(runs[:, 0], return_index=True)
    firsts = np.minimum.reduceat(runs[:, 1], places)
    ends = np.maximum.reduceat(runs[:, 2], places)
    left = [(x, y + offset) for y, x in zip(rows.tolist(), firsts.tolist(), strict=True) for offset in (0, 1)]
    right = [(x, y + offset) for y, x in zip(rows.tolist(), ends.tolist(), strict=True) for offset in (0, 1)]
    chains = _chain(left[::-1]), _chain(right)
    return np.array([*chains[1], *chains[0]], float)


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of points along one side of a shape that are corners of its convex hull."""
    chain: list[tuple[int, int]] = []
    for x, y in points:
        while len(chain) >= _TRIANGLE - 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain
