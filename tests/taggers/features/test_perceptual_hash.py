from __future__ import annotations

import io

import numpy as np
from helpers.manifests import cover
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from spotitags.records import Album, Artist, Cover
from spotitags.taggers.features.perceptual_hash import PerceptualHash, near_identical, perceptual_hash


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.ascontiguousarray(np.asarray(image))


def edited(image: Image.Image, name: str) -> Image.Image:
    if name == "smaller":
        return image.resize((120, 120))
    if name == "worse":
        file = io.BytesIO()
        image.save(file, "JPEG", quality=20)
        return opened(file.getvalue())
    if name == "brighter":
        return ImageEnhance.Brightness(image).enhance(1.1)
    sticker = image.copy()
    sticker.paste("white", (230, 230, 280, 280))
    return sticker


def test_an_edition_of_a_cover_is_found_and_other_covers_are_not() -> None:
    originals = {f"cover {seed}": opened(cover("sea", seed)) for seed in range(12)}
    editions = {
        f"{name} {how}": edited(image, how)
        for name, image in list(originals.items())[:3]
        for how in ("smaller", "worse", "brighter", "sticker")
    }
    found = near_identical(
        {name: perceptual_hash(pixels(image)) for name, image in (originals | editions).items()}
    )
    assert found == [
        frozenset({name, *(f"{name} {how}" for how in ("smaller", "worse", "brighter", "sticker"))})
        for name in list(originals)[:3]
    ]


def test_plain_covers_of_two_colours_are_not_the_same_cover() -> None:
    plain = {
        colour: perceptual_hash(pixels(Image.new("RGB", (90, 90), colour)))
        for colour in ("black", "white", "#030303")
    }
    assert near_identical(plain) == [frozenset({"black", "#030303"})]


def test_looking_the_same_passes_on() -> None:
    def of(bits: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.frombuffer(bytes.fromhex(f"{(1 << bits) - 1:016x}" + "00" * 48), np.uint8)

    assert near_identical({"a": of(0), "b": of(8), "c": of(16), "d": of(40)}) == [frozenset("abc")]
    assert near_identical({"a": of(0), "c": of(16)}) == []
    assert near_identical({}) == []


@given(st.lists(st.binary(min_size=56, max_size=56), max_size=12))
def test_the_order_of_covers_makes_no_difference(prints: list[bytes]) -> None:
    keys = {str(i): np.frombuffer(data, np.uint8) for i, data in enumerate(prints)}
    backwards = dict(reversed(keys.items()))
    groups = near_identical(keys)
    assert set(groups) == set(near_identical(backwards))
    assert sum(map(len, groups)) == len(frozenset().union(*groups))


def test_a_hash_is_extracted_per_cover() -> None:
    image = opened(cover("moss", 1))
    covers = [Cover(Album("1", "One", Artist("x")), "digest", pixels(image))] * 2
    rows = PerceptualHash().extract(covers)
    assert rows.shape == (2, 56)
    assert (rows == perceptual_hash(pixels(image))).all()
