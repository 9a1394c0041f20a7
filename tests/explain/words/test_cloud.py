from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.svg import SVG, parsed
from helpers.word_samples import artists

from spotitags.explain.words.cloud import HEIGHT, LESS, MORE, WIDTH, word_cloud
from spotitags.explain.words.effects import GenreWords, Word, telling_words

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET


def many(number: int, label: str = "word") -> GenreWords:
    """Make a genre with many telling words."""
    words = [
        Word(
            "lite",
            f"{label} {i}",
            2 - i / 30,
            1 - i / 30 or 0.1,
            3,
            5 - i / 100,
            i < 5,
            9,
            0.9 / (i + 1),
            0.1,
        )
        for i in range(number)
    ]
    flipped = [
        word._replace(effect=-word.effect, low=-3, high=-0.1) if i % 2 else word._replace(low=0.1)
        for i, word in enumerate(words)
    ]
    return GenreWords("metal", ("jazz",), 8, 80, 8, 80, tuple(flipped))


def texts(found: GenreWords) -> list[ET.Element]:
    return list(parsed(word_cloud(found, "cloud").picture.file()).iter(f"{SVG}text"))


def label(text: ET.Element) -> str:
    return "".join(text.itertext()).removeprefix(text.findtext(f"{SVG}title") or "")


def boxes(found: GenreWords) -> list[tuple[float, float, float, float]]:
    """Return left, top, width and font size of each word."""
    numbers = [
        [float(text.get(name, 0)) for name in ("x", "y", "textLength", "font-size")] for text in texts(found)
    ]
    return [(x, y - 0.82 * size, width, size) for x, y, width, size in numbers]


@pytest.mark.parametrize("number", [1, 20, 200])
def test_words_are_inside_and_do_not_overlap(number: int) -> None:
    placed = boxes(many(number))
    assert len(placed) >= min(number, 20)
    for index, (x, y, width, height) in enumerate(placed):
        assert 0 <= x <= x + width <= WIDTH + 0.1
        assert -0.1 <= y <= y + height <= HEIGHT + 0.1
        for left, top, wide, high in placed[:index]:
            beside = x >= left + wide - 0.1 or x + width <= left + 0.1
            assert beside or y >= top + high - 0.1 or y + height <= top + 0.1


@pytest.mark.parametrize("name", ["word", "a word that takes a lot of space in a picture"])
def test_no_word_is_dropped_silently(name: str) -> None:
    found = many(150, name)
    shown = list(map(label, texts(found)))
    assert 0 < len(shown) <= MORE + LESS
    left_out = [word.label for word in word_cloud(found, "cloud").left_out]
    assert sorted([*shown, *left_out]) == sorted(word.label for word in found.telling)


def test_equal_words_give_equal_pictures_and_frequent_ones_are_larger() -> None:
    found = many(30)
    assert word_cloud(found, "cloud") == word_cloud(found, "cloud")
    sizes = [height for *_, height in boxes(found)]
    assert sizes == sorted(sizes, reverse=True)


def test_red_is_more_often_and_blue_less_often() -> None:
    (metal,) = telling_words(artists(24), genre="metal")
    sword = next(text for text in texts(metal) if label(text) == "sword")
    assert sword.get("fill") == "#d03a3a"
    assert "on 8" in (sword.findtext(f"{SVG}title") or "")


def test_names_in_words_stay_text() -> None:
    found = many(3, "<script>&")
    cloud = word_cloud(found, "cloud", lambda _: "#w1")
    root = parsed(cloud.picture.file())
    assert root.find(f".//{SVG}script") is None
    assert len(root.findall(f".//{SVG}a[@href='#w1']")) == 3
