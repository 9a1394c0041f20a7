from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from spotitags.rendering.terminal_images import Protocol, TerminalImage, half_blocks, sixel

RED, BLUE = (255, 0, 0), (0, 0, 255)


def flag(width: int = 40, height: int = 40) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    return image


def printed(image: TerminalImage) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80)
    with console.capture() as captured:
        console.print(image, crop=False)
    return captured.get()


def pixels_of(text: str) -> np.ndarray[tuple[int, int, int], np.dtype[np.int64]]:
    """Decode sixels."""
    match = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert match is not None
    width, height = int(match[1]), int(match[2])
    palette = {
        int(i): tuple(map(int, rgb)) for i, *rgb in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", match[3])
    }
    body = re.sub(r"#\d+;2;\d+;\d+;\d+", "", match[3])
    pixels = np.full((height + 5, width, 3), -1)
    for number, band in enumerate(body.removesuffix("-").split("-")):
        for line in band.split("$"):
            colour = re.match(r"#(\d+)", line)
            assert colour is not None
            place = 0
            for repeat, char in re.findall(r"(?:!(\d+))?([?-~])", line[colour.end() :]):
                for _ in range(int(repeat or 1)):
                    for bit in range(6):
                        if (ord(char) - 63) >> bit & 1:
                            pixels[6 * number + bit, place] = palette[int(colour[1])]
                    place += 1
    return pixels[:height]


def test_sixels_give_the_picture_again() -> None:
    rng = np.random.default_rng(0)
    drawn = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)).resize(
        (31, 25), Image.Resampling.NEAREST
    )
    found = pixels_of(sixel(drawn))
    assert found.min() >= 0
    assert np.abs(found - np.asarray(drawn, int) * 100 / 255).max() <= 3  # percent


def test_kitty_gets_a_png_in_pieces_and_its_size_in_characters() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 400, 3), dtype=np.uint8))
    text = printed(TerminalImage(noise, 40, Protocol.kitty))
    commands = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert commands[0][0] == "a=T,f=100,q=2,c=40,r=10,m=1"
    assert [keys for keys, _ in commands[1:-1]] == ["m=1"] * (len(commands) - 2)
    assert commands[-1][0] == "m=0"
    assert all(len(data) <= 4096 for _, data in commands)
    image = Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in commands))))
    assert image.size == (400, 200)
    assert text.endswith("\n")


def test_iterm_gets_a_file() -> None:
    text = printed(TerminalImage(flag(), 10, Protocol.iterm))
    match = re.search(r"\x1b\]1337;File=inline=1;size=(\d+);width=10;height=5;[^:]*:([^\a]*)\a", text)
    assert match is not None
    data = base64.b64decode(match[2])
    assert len(data) == int(match[1])
    assert Image.open(io.BytesIO(data)).size == (100, 100)


def test_half_blocks_have_two_pixels_a_character() -> None:
    segments = half_blocks(flag(4, 6), 4, 3)
    rows = [segments[start : start + 4] for start in (0, 5, 10)]
    colours = [
        [
            (each.style.color.triplet, each.style.bgcolor.triplet)
            for each in row
            if each.style and each.style.color and each.style.bgcolor
        ]
        for row in rows
    ]
    assert {pair for row in colours[:1] for pair in row} == {(RED, RED)}
    assert {pair for row in colours[2:] for pair in row} == {(BLUE, BLUE)}
    assert all(len(row) == 4 for row in colours)


@pytest.mark.parametrize("protocol", Protocol)
def test_lines_that_are_drawn_are_the_lines_that_are_counted(protocol: Protocol) -> None:
    image = TerminalImage(flag(80, 40), 20, protocol)
    assert image.rows == 5
    lines = printed(image).splitlines()
    assert len(lines) == (5 if protocol is Protocol.blocks else 1)
