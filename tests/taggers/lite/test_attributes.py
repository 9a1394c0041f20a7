"""Attributes of covers that are drawn to have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from spotitags.taggers.lite.attributes import (
    LEAST,
    USUAL,
    attribute_labels,
    attributes,
    excess,
    weight_in_full,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotitags.records import Tag

SIDE = 260


def measured(tags: list[Tag]) -> dict[str, float]:
    """Compute measures from weights, which depend on the excess over the usual measure."""
    above = {tag.label: tag.weight / weight_in_full(tag.label) for tag in tags}
    return {label: USUAL[label] + (1 - USUAL[label]) * part for label, part in above.items()}


def measures(image: Image.Image) -> dict[str, float]:
    return measured(attributes(np.asarray(image.convert("RGB"))))


def plain(colour: str) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), colour)


def ramp(darkest: int, lightest: int) -> Image.Image:
    """A soft grey gradient: what a photograph's tones are like."""
    row = np.linspace(darkest, lightest, SIDE).astype(np.uint8)
    return Image.fromarray(np.tile(row, (SIDE, 1)))


def halves(left: str, right: str) -> Image.Image:
    image = plain(left)
    image.paste(plain(right), (SIDE // 2, 0))
    return image


def page(ink: str = "black", paper: str = "white", size: int = 14) -> Image.Image:
    image = plain(paper)
    draw = ImageDraw.Draw(image)
    for y in range(4, SIDE, size + 3):
        draw.text((4, y), "What is written on a cover, line after line", fill=ink, font_size=size)
    return image


def texture() -> Image.Image:
    """Grain without strokes: smoothed noise, stretched to the full range of tones."""
    grain = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    smooth = np.asarray(
        Image.fromarray((128 + 40 * grain).clip(0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
    )
    stretched = np.interp(smooth, (smooth.min(), smooth.max()), (0, 255)).astype(np.uint8)
    return Image.fromarray(stretched)


@pytest.mark.parametrize(
    ("css", "name"),
    [
        ("black", "black"),
        ("white", "white"),
        ("gray", "grey"),
        ("red", "red"),
        ("darkred", "red"),
        ("orange", "orange"),
        ("yellow", "yellow"),
        ("green", "green"),
        ("lime", "green"),
        ("turquoise", "turquoise"),
        ("blue", "blue"),
        ("navy", "blue"),
        ("skyblue", "blue"),
        ("purple", "purple"),
        ("hotpink", "pink"),
        ("saddlebrown", "brown"),
        ("tan", "beige"),
    ],
)
def test_a_plain_cover_has_the_name_of_its_colour(css: str, name: str) -> None:
    found = measures(plain(css))
    assert found[name] == 1.0
    colours = attribute_labels()[:13]
    assert [label for label in found if label in colours] == [name]


def test_a_colours_measure_is_its_share_of_the_cover() -> None:
    image = plain("blue")
    image.paste(plain("red"), (SIDE // 4, 0))
    found = measures(image)
    assert found["red"] == pytest.approx(0.75, abs=0.01)
    assert found["blue"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("image", "there", "absent"),
    [
        (ramp(0, 60), "dark", "bright"),
        (ramp(190, 255), "bright", "dark"),
        (ramp(0, 255), "black and white", "colourful"),
        (halves("black", "white"), "high contrast", "low contrast"),
        (ramp(110, 140), "low contrast", "high contrast"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tone(image: Image.Image, there: str, absent: str) -> None:
    found = measures(image)
    assert found[there] > 0.5
    assert absent not in found


def test_many_strong_colours_are_colourful_and_not_black_and_white() -> None:
    image = plain("red")
    for index, colour in enumerate(("blue", "yellow", "lime", "magenta")):
        image.paste(plain(colour), (52 * (index + 1), 0))
    found = measures(image)
    assert found["colourful"] > 0.9
    assert "black and white" not in found


def test_one_red_word_leaves_a_photograph_black_and_white() -> None:
    image = ramp(20, 230).convert("RGB")
    ImageDraw.Draw(image).text((20, 20), "Title", fill="red", font_size=40)
    assert measures(image)["black and white"] > 0.5


@pytest.mark.parametrize(("ink", "paper"), [("black", "white"), ("white", "black"), ("yellow", "darkred")])
@pytest.mark.parametrize("size", [12, 16, 20])
def test_a_page_of_writing_is_lettering(ink: str, paper: str, size: int) -> None:
    assert measures(page(ink, paper, size))["lettering"] > 0.5


def test_more_writing_is_more_lettering() -> None:
    found = []
    for lines in (0, 2, 4):
        image = page(size=12)
        image.paste(plain("white"), (0, 4 + 15 * lines))
        found.append(measures(image).get("lettering", 0.0))
    assert found[0] == 0
    assert 0 < found[1] < found[2] < 1


@pytest.mark.parametrize(
    "image", [texture(), ramp(0, 255), plain("teal")], ids=["texture", "gradient", "plain"]
)
def test_texture_and_gradients_are_no_lettering(image: Image.Image) -> None:
    assert "lettering" not in measures(image)


def looks_like_writing(cell: NDArray[np.intp]) -> bool:
    """As docs/lite.md says, pixel by pixel."""
    low, high = int(cell.min()), int(cell.max())
    above = [[2 * int(tone) > low + high for tone in row] for row in cell]
    lines = above + [list(column) for column in zip(*above, strict=True)]
    changes = sum(line[index] != line[index - 1] for line in lines for index in range(1, len(line)))
    away = sum(abs(2 * int(tone) - low - high) > 0.6 * (high - low) for tone in cell.flat)
    return high - low > 60 and changes > 2 * len(cell) and away > 0.75 * cell.size


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), tones=st.integers(2, 6), grain=st.integers(1, 4))
def test_lettering_is_the_share_of_cells_with_writing(seed: int, tones: int, grain: int) -> None:
    rng = np.random.default_rng(seed)
    shades = rng.integers(0, 256, tones)[rng.integers(0, tones, (SIDE // grain + 1, SIDE // grain + 1))]
    grey = shades.repeat(grain, axis=0).repeat(grain, axis=1)[:SIDE, :SIDE]
    plain = rng.random((20, 20)) < rng.random()
    grey[plain.repeat(13, axis=0).repeat(13, axis=1)] = 0
    cells = grey.reshape(20, 13, 20, 13).swapaxes(1, 2).reshape(-1, 13, 13)
    share = sum(map(looks_like_writing, cells)) / len(cells)
    expected = min(max((share - 0.04) / 0.2, 0), 1)
    found = measures(Image.fromarray(grey.astype(np.uint8))).get("lettering", 0)
    assert found == pytest.approx(expected if excess("lettering", expected) >= LEAST else 0, abs=1e-3)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    grain=st.integers(1, 130),
    low=st.integers(0, 255),
    span=st.integers(0, 255),
)
def test_any_picture_is_measured_in_range(seed: int, grain: int, low: int, span: int) -> None:
    rng = np.random.default_rng(seed)
    small = rng.integers(low, min(low + span, 255) + 1, (SIDE // grain, SIDE // grain, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.NEAREST))
    tags = attributes(pixels)
    found = measured(tags)
    assert all(LEAST - 1e-3 <= measure <= 1 for measure in found.values())
    assert len({tag.label for tag in tags}) == len(tags)
    labels = set(found)
    assert not {"dark", "bright"} <= labels
    assert not {"high contrast", "low contrast"} <= labels
    assert sum(found.get(colour, 0) for colour in attribute_labels()[:13]) <= 1 + 1e-2
    assert tags == attributes(pixels[:, ::-1][:, ::-1].copy())
