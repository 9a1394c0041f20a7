from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.evaluations import run
from helpers.svg import SVG, parsed
from hypothesis import given
from hypothesis import strategies as st

from spotitags.evaluation.report.figures import figures
from spotitags.evaluation.report.svg import ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from spotitags.evaluation.report.figures import Figure


def image(figures: Sequence[Figure], name: str) -> Element:
    """Return the figure of that name."""
    (found,) = (figure.picture for figure in figures if figure.picture.name == name)
    return parsed(found.file())


def words(element: Element) -> list[str]:
    """Return the texts that a figure shows."""
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def points(line: Element) -> list[tuple[float, float]]:
    """Return the points of a line or an area."""
    return [(float(x), float(y)) for x, y in (each.split(",") for each in line.attrib["points"].split())]


def test_the_confusion_matrix_shows_each_share_in_its_row_and_column() -> None:
    found = run()
    found["systems"][0]["confusion"] = [[3.0, 1.0, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 1.0]]
    matrix = image(figures(found), "confusion")
    cells = {
        hint.text: words(cell)[0] for cell in matrix.iter(f"{SVG}g") for hint in cell.iter(f"{SVG}title")
    }
    assert cells["true jazz, predicted metal: 0.25 (1 of 4)"] == "0.25"
    assert cells["true pop, predicted metal: 0.50 (1 of 2)"] == "0.50"
    assert len(cells) == 9
    assert matrix.findtext(f"{SVG}desc") == "Share predicted right: jazz 0.75, metal 1.00, pop 0.50."
    tiles = [cell.find(f"{SVG}rect") for cell in matrix.iter(f"{SVG}g")]
    opacity = [float(tile.attrib["fill-opacity"]) for tile in tiles if tile is not None]
    assert max(opacity) == opacity[4]


def test_a_learning_curve_rises_where_the_scores_do_and_its_band_holds_it() -> None:
    found = run()
    found["curves"]["covers"] = [
        {"covers": 1, "value": 0.4, "low": 0.3, "high": 0.5},
        {"covers": 10, "value": 0.8, "low": 0.6, "high": 0.9},
    ]
    curve = image(figures(found), "curve-covers")
    _, line = curve.iter(f"{SVG}polyline")  # the first is chance
    (band,) = curve.iter(f"{SVG}polygon")
    (x1, y1), (x2, y2) = points(line)
    assert x1 < x2
    assert y2 < y1  # upwards
    (_, low), _, _, (_, high) = points(band)
    assert high < y1 < low
    assert {"0", "2", "10", "0.2", "1", "balanced accuracy", "covers per tested artist"} <= set(words(curve))


def test_roc_curves_run_from_corner_to_corner_from_either_genre() -> None:
    drawn = figures(run())
    for name in ("roc-1-jazz", "roc-2-metal", "roc-3-pop"):
        figure = image(drawn, name)
        chance, *curves = (points(line) for line in figure.iter(f"{SVG}polyline"))
        (left, bottom), (right, top) = chance
        for curve in [curve for curve in curves if len(curve) > 2]:
            assert {curve[0], curve[-1]} == {(left, bottom), (right, top)}
            assert all(left <= x <= right and top <= y <= bottom for x, y in curve)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (10.3, [0, 2, 4, 6, 8, 10]),
        (57, [0, 10, 20, 30, 40, 50]),
        (3.09, [0, 1, 2, 3]),
        (1030, [0, 200, 400, 600, 800, 1000]),
    ],
)
def test_ticks_are_round_numbers(top: float, expected: list[float]) -> None:
    assert ticks(top) == expected


@given(st.floats(1e-3, 1e6))
def test_every_axis_has_three_to_seven_ticks_that_fit(top: float) -> None:
    found = ticks(top)
    assert 3 <= len(found) <= 7
    assert found[0] == 0
    assert found[-1] <= top * (1 + 1e-9)
