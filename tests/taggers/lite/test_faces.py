"""Faces that are drawn are found where they are, and nothing else is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from spotitags.errors import WeightsError
from spotitags.taggers.lite.attributes import excess, face_attributes, weight_in_full
from spotitags.taggers.lite.faces import Face, FaceFinder
from spotitags.taggers.lite.mtcnn import DECIDE, PROPOSE, build_net

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 260


def portrait(*, middle: tuple[int, int] = (130, 130), radius: int = 60) -> Image.Image:
    """A face of 1.7 by 2.3 radii with hair, neck and shoulders, shaded by a blur."""
    image = Image.new("RGB", (SIDE, SIDE), (70, 80, 100))
    draw = ImageDraw.Draw(image)

    def at(*points: float) -> tuple[float, ...]:
        return tuple(middle[index % 2] + radius * point for index, point in enumerate(points))

    def oval(x: float, y: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse(at(x - width, y - height, x + width, y + height), fill=colour)

    skin, shade = (214, 170, 140), (154, 122, 101)
    draw.rectangle(at(-0.4, 0.6, 0.4, 1.8), fill=shade)
    oval(0, 2.6, 1.6, 1.1, (40, 50, 60))
    oval(0, -0.25, 1.08, 1.25, (50, 35, 25))
    oval(0, 0, 0.85, 1.15, skin)
    for x in (-0.38, 0.38):
        oval(x, -0.18, 0.24, 0.14, shade)
        oval(x, -0.15, 0.17, 0.09, (240, 236, 230))
        oval(x, -0.15, 0.085, 0.09, (40, 25, 20))
        draw.rectangle(at(x - 0.22, -0.43, x + 0.22, -0.35), fill=(60, 40, 30))
    draw.polygon(at(-0.05, -0.1, -0.18, 0.32, 0.18, 0.32), fill=(193, 153, 126))
    oval(0, 0.62, 0.33, 0.11, (165, 80, 80))
    return image.filter(ImageFilter.GaussianBlur(radius / 20))


def couple() -> Image.Image:
    image = portrait(middle=(70, 120), radius=40)
    image.paste(portrait(middle=(190, 120), radius=40).crop((130, 0, SIDE, SIDE)), (130, 0))
    return image


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> FaceFinder:
    return FaceFinder(tmp_path_factory.mktemp("faces"))


@pytest.mark.parametrize("radius", [30, 45, 60, 100])
@pytest.mark.parametrize("middle", [(130, 130), (110, 140)])
def test_a_face_is_found_where_it_is(finder: FaceFinder, middle: tuple[int, int], radius: int) -> None:
    (face,) = finder.find(pixels(portrait(middle=middle, radius=radius)))
    found = np.array([face.left, face.top, face.right, face.bottom])
    x, y = middle
    drawn = np.array([x - 0.85 * radius, y - 1.15 * radius, x + 0.85 * radius, y + 1.15 * radius])
    assert np.abs(found - drawn).max() < 0.5 * radius
    assert 0.9 < face.score <= 1


def test_two_faces_are_two(finder: FaceFinder) -> None:
    left, right = sorted(finder.find(pixels(couple())))
    assert left.right < right.left


def test_nothing_is_no_face(finder: FaceFinder) -> None:
    plain = Image.new("RGB", (SIDE, SIDE), "tan")
    spots = plain.copy()
    draw = ImageDraw.Draw(spots)
    for x in range(10, SIDE, 40):
        for y in range(10, SIDE, 40):
            draw.ellipse((x, y, x + 24, y + 24), fill="black")
    written = plain.copy()
    ImageDraw.Draw(written).multiline_text((10, 10), "Words\nand\nmore", fill="black", font_size=60)
    for image in (plain, spots, written, Image.effect_noise((SIDE, SIDE), 80).convert("RGB")):
        assert finder.find(pixels(image)) == []


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(0, 99))
def test_any_size_can_be_searched(finder: FaceFinder, height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert all(0.9 < face.score <= 1 for face in finder.find(image))


def test_a_larger_face_weighs_more_and_only_several_are_several(finder: FaceFinder) -> None:
    def weights(image: Image.Image) -> dict[str, float]:
        return dict(face_attributes(finder.find(pixels(image)), SIDE))

    small, large = weights(portrait(radius=30)), weights(portrait(radius=60))
    assert list(small) == list(large) == ["face"]
    assert 0 < small["face"] < large["face"] <= weight_in_full("face")
    assert weights(couple())["several faces"] == pytest.approx(
        weight_in_full("several faces") * excess("several faces", 0.5), abs=1e-4
    )
    assert face_attributes([], SIDE) == []


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(1, 400)), min_size=1, max_size=50))
def test_face_weights_stay_in_range(faces: list[tuple[float, float]]) -> None:
    tags = face_attributes([Face(at, at, at + side, at + side, 1.0) for at, side in faces], SIDE)
    assert all(0 < tag.weight <= weight_in_full("face") for tag in tags)


def test_other_weights_are_refused() -> None:
    with pytest.raises(WeightsError, match="reinstall mtcnn"):
        build_net(PROPOSE._replace(sha256="0" * 64))
    with pytest.raises(WeightsError, match="cannot be read"):
        build_net(DECIDE._replace(name="gone"))


def test_the_networks_are_exported_once(finder: FaceFinder) -> None:
    face = finder.find(pixels(portrait()))
    exported = {path: path.stat().st_mtime_ns for path in finder.cache_dir.iterdir()}
    assert sorted(path.name.split("-")[1] for path in exported) == ["onet", "pnet", "rnet"]
    assert FaceFinder(finder.cache_dir).find(pixels(portrait())) == face
    assert {path: path.stat().st_mtime_ns for path in finder.cache_dir.iterdir()} == exported
