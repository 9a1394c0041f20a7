from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.covers import clock, cover, crossword, noise
from helpers.lettering import lettered
from PIL import Image

from spotitags.errors import WeightsError
from spotitags.taggers import TaggerOptions
from spotitags.taggers.text import TextTagger, networks
from spotitags.taggers.text.detection import MAX_LINES, find_lines
from spotitags.taggers.text.networks import DETECTION, Network, open_network

if TYPE_CHECKING:
    from pathlib import Path

TITLE = [("PIANO CONCERTOS", 60, 30), ("Live at Carnegie Hall", 200, 22)]


@pytest.fixture(scope="module")
def tagger() -> TextTagger:
    return TextTagger()


def read(tagger: TextTagger, image: Image.Image) -> list[str]:
    return [line.text for line in tagger.read(cover(image))]


@pytest.mark.parametrize("side", [150, 300, 640, 1400])
def test_lines_are_read_from_the_top_at_every_size(tagger: TextTagger, side: int) -> None:
    image = lettered(TITLE, 300).resize((side, side), Image.Resampling.LANCZOS)
    assert read(tagger, image) == ["PIANO CONCERTOS", "Live at Carnegie Hall"]


def test_words_and_phrases_are_tags_the_larger_line_first(tagger: TextTagger) -> None:
    (tags,) = tagger.tag([cover(lettered(TITLE))])
    assert [tag.label for tag in tags] == ["piano concertos", "live at", "carnegie", "hall"]
    assert tags[0].weight > 0.9
    assert all(tag.weight < tags[0].weight for tag in tags[1:])


@pytest.mark.parametrize("colours", [("black", "white"), ("gold", "darkgreen"), ("#777777", "#bbbbbb")])
def test_colours_make_no_difference(tagger: TextTagger, colours: tuple[str, str]) -> None:
    colour, back = colours
    assert read(tagger, lettered([("Greatest Hits", 150, 36)], colour=colour, back=back)) == ["Greatest Hits"]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
def test_lines_that_run_up_or_down_are_read(tagger: TextTagger, turn: Image.Transpose) -> None:
    assert read(tagger, lettered([("Orchestra", 150, 36)]).transpose(turn)) == ["Orchestra"]


@pytest.mark.parametrize("degrees", [-20, 12])
def test_slanted_lines_are_read(tagger: TextTagger, degrees: int) -> None:
    image = lettered([("Orchestra", 150, 36)])
    assert read(tagger, image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="navy")) == ["Orchestra"]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((300, 300, 3), np.uint8),
        np.full((300, 300, 3), 255, np.uint8),
        np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[:, None, None], 300, axis=1).repeat(3, axis=2),
        noise(300, 300),
        np.asarray(crossword()),
        np.asarray(Image.radial_gradient("L").convert("RGB")),
    ],
    ids=["black", "white", "slope", "noise", "crossword", "disc"],
)
def test_nothing_is_invented(tagger: TextTagger, pixels: np.ndarray) -> None:
    assert tagger.tag([cover(pixels)]) == [[]]


def test_lines_at_one_height_are_read_from_the_left(tagger: TextTagger) -> None:
    image = lettered([("WAGNER", 150, 22)])
    both = Image.new("RGB", (600, 600), "navy")
    both.paste(image, (300, 2))
    both.paste(lettered([("RICHARD", 150, 22)]), (0, 0))
    assert read(tagger, both) == ["RICHARD", "WAGNER"]


def test_many_covers_are_tagged_as_one(tagger: TextTagger) -> None:
    covers = [cover(lettered([(f"Album {number}", 150, 40)])) for number in range(10, 14)] + [cover(clock())]
    assert tagger.tag(covers) == [tags for each in covers for tags in tagger.tag([each])]
    assert tagger.tag([]) == []


@pytest.mark.parametrize("size", [(16, 16), (1600, 16), (16, 1600), (480, 1900), (33, 470)])
def test_small_and_narrow_covers_are_read(tagger: TextTagger, size: tuple[int, int]) -> None:
    assert tagger.tag([cover(Image.new("RGB", size, "white"))]) == [[]]


def test_the_number_of_lines_is_limited() -> None:
    rows = [(" ".join("abcdefghijkl"[:10]), y, 9) for y in range(6, 480, 13)]
    image = Image.new("RGB", (960, 480))
    image.paste(lettered(rows, 480), (0, 0))
    image.paste(lettered(rows, 480), (480, 0))
    found = find_lines(open_network(DETECTION), np.asarray(image.resize((1920, 960))))
    assert 30 < len(found) <= MAX_LINES


def test_a_damaged_network_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(WeightsError, match="reinstall spotitags"):
        open_network(Network("missing.onnx", DETECTION.sha256))
    with pytest.raises(WeightsError, match="reinstall spotitags"):
        open_network(DETECTION._replace(sha256="0" * 64))


def test_the_version_names_the_networks(tmp_path: Path) -> None:
    tagger = TextTagger.from_options(TaggerOptions(tmp_path))
    assert networks.RECOGNITION.sha256[:8] in tagger.version
    assert tagger.readiness(TaggerOptions(tmp_path)).ready
