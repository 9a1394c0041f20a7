from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.taggers.text.recognition import Reading, decode

CHARACTERS = ("", *"abc ")


def one_hot(classes: list[int], sure: float = 1.0) -> np.ndarray:
    rest = (1 - sure) / (len(CHARACTERS) - 1)
    probabilities = np.full((len(classes), len(CHARACTERS)), rest, np.float32)
    probabilities[range(len(classes)), classes] = sure
    return probabilities


def path(text: str, repeats: list[int]) -> list[int]:
    """Return a class for each place, as the network would give them: repeated, and parted where needed."""
    places = [0]
    for character, repeat in zip(text, repeats, strict=False):
        places += [CHARACTERS.index(character)] * repeat + [0]
    return places


@given(st.text("abc ", max_size=10), st.lists(st.integers(1, 3), min_size=10, max_size=10))
def test_repeats_count_once_and_gaps_part_equal_letters(text: str, repeats: list[int]) -> None:
    assert decode(one_hot(path(text, repeats)), CHARACTERS).text == text.strip()


def test_equal_neighbours_without_a_gap_are_one_letter() -> None:
    assert decode(one_hot([1, 1, 2, 2, 0, 2]), CHARACTERS) == Reading("abb", 1.0)


def test_the_score_is_the_mean_of_the_letters() -> None:
    assert decode(one_hot([1, 0, 2], sure=0.7), CHARACTERS).score == pytest.approx(0.7)


@pytest.mark.parametrize("places", [0, 3])
def test_nothing_is_read_from_gaps_alone(places: int) -> None:
    assert decode(one_hot([0] * places), CHARACTERS) == Reading("", 0.0)
