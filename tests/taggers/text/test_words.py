from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.taggers.text.words import ADVISORY, MAX_WORDS, MIN_SCORE, Line, is_advisory, tags_of

LINES = st.lists(st.builds(Line, st.text(max_size=40), st.floats(0, 1), st.floats(0.001, 1)), max_size=8)


def labels(*texts: str) -> list[str]:
    return [tag.label for tag in tags_of([Line(text, 1.0, 0.1) for text in texts])]


@given(LINES)
def test_tags_are_valid_whatever_is_read(lines: list[Line]) -> None:
    tags = tags_of(lines)
    weights = [tag.weight for tag in tags]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= weight <= 1 for weight in weights)
    assert len({tag.label for tag in tags}) == len(tags)
    assert all(tag.label == " ".join(tag.label.split()).lower() for tag in tags)


@given(LINES)
def test_unsure_lines_say_nothing(lines: list[Line]) -> None:
    assert tags_of([line for line in lines if line.score < MIN_SCORE]) == []


def test_short_lines_must_be_surer() -> None:
    assert tags_of([Line("EK", 0.7, 0.8)]) == []
    assert labels("HD") == ["hd"]


def test_a_single_letter_does_not_make_others_small() -> None:
    assert tags_of([Line("4", 1.0, 0.9), Line("live", 1.0, 0.1)]) == [("live", 1.0)]


def test_words_are_in_the_order_of_their_line_and_keep_accents() -> None:
    assert labels("Motörhead plays", "JOACHIM KÜHN") == ["motörhead", "joachim", "plays", "kühn"]


def test_a_line_stays_together_if_the_next_is_smaller() -> None:
    tags = tags_of([Line("small print here", 1.0, 0.02), Line("The Big Title", 0.9, 0.2)])
    assert [tag.label for tag in tags] == ["the", "big", "title", "small", "print", "here"]
    assert tags[0].weight == pytest.approx(0.9)
    assert tags[3].weight == pytest.approx(0.1**0.5)


def test_a_repeated_word_has_its_largest_weight() -> None:
    assert dict(tags_of([Line("live", 0.7, 0.1), Line("live", 0.9, 0.1)])) == {"live": 0.9}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["GREATEST", "HITS"], ["greatest hits"]),
        (["Live at Carnegie Hall"], ["live at", "carnegie", "hall"]),
        (["All That Jazz, Vol.126"], ["all", "that", "jazz", "vol. 126"]),
        (["Volume II"], ["vol. ii"]),
        (["Original Soundtrack"], ["original soundtrack"]),
        (["THE VERY BEST OF"], ["the very best of"]),
        (["String Quartets No. 4 & 5"], ["string quartets", "no. 4"]),
        (["Live"], ["live"]),
        (["B.I.G. 1994"], ["big", "1994"]),
        (["x ★ ? -"], []),
    ],
)
def test_phrases_are_one_tag(texts: list[str], expected: list[str]) -> None:
    assert labels(*texts) == expected


@pytest.mark.parametrize(
    "text",
    ["PARENTAL", "ADVISORY", "EXPLICIT CONTENT", "EXPLICITCONTENT", "ADVIS0RY", "ADVISOBY", "PARENTAI",
     "ARENTA",      "EEPUICHT CONTENT", "STRONG LANGUAGE",
     "EXPLICIT LYRICS", "PARENTAL ADVISORY", "ADVISOR", "explicit content."],
)  # fmt: skip
def test_garbled_notices_are_the_advisory(text: str) -> None:
    assert [tag.label for tag in tags_of([Line(text, 0.8, 0.04)])] == [ADVISORY]


@pytest.mark.parametrize(
    "text",
    ["History", "Victory", "Paris", "Pantera", "Savior", "Content", "Advent", "Davis", ""],
)
def test_other_words_are_not_the_advisory(text: str) -> None:
    assert not is_advisory(Line(text, 0.9, 0.04))


def test_a_large_line_is_not_the_advisory_unless_it_says_so() -> None:
    assert not is_advisory(Line("RENTAL", 1.0, 0.2))
    assert is_advisory(Line("PARENTAL ADVISORY", 1.0, 0.2))


def test_a_line_of_very_many_words_is_cut() -> None:
    assert len(labels(" ".join(f"word{number}" for number in range(500)))) == MAX_WORDS
