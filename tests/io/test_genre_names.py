"""Genres in the spellings and under the names that people use."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.io.genre_names import (
    aliases,
    common_spellings,
    find_genre,
    genre_key,
    normal_form,
    related_genres,
    similar_genres,
    with_aliases,
)

KNOWN = ["classical", "country", "hiphop", "jazz", "metal"]


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("hip hop", "hiphop"),
        ("Hip-Hop", "hiphop"),
        ("hip-hop/rap", "hiphop"),
        ("Hip-Hop & Rap", "hiphop"),
        ("RAP", "hiphop"),
        ("rap music", "hiphop"),
        ("Classical Music", "classical"),
        ("Country & Western", "country"),
        ("  Métal ", "metal"),
        ("heavy metal", None),
        ("trap", None),
        ("", None),
        ("!!!", None),
    ],
)
def test_a_genre_is_found_under_its_names_and_a_subgenre_is_another(name: str, genre: str | None) -> None:
    assert find_genre(name, KNOWN) == genre


@pytest.mark.parametrize(
    "names",
    [
        ("R&B", "r'n'b", "RnB", "rhythm & blues", "Rhythm and Blues"),
        ("drum and bass", "Drum & Bass", "drum'n'bass", "Drum n Bass", "dnb", "D&B"),
        ("K-Pop", "kpop", "k_pop", "Korean pop"),
        ("rock 'n' roll", "Rock & Roll", "rock and roll", "Rocknroll"),
        ("children's music", "Children\u2019s", "kids"),
        ("Reggaetón", "reggaeton"),
    ],
)
def test_names_of_one_genre_are_equal(names: tuple[str, ...]) -> None:
    assert len({genre_key(name) for name in names}) == 1


def test_different_genres_stay_apart() -> None:
    names = [
        "pop",
        "k-pop",
        "j-pop",
        "metal",
        "nu metal",
        "metalcore",
        "trap",
        "trip hop",
        "music",
        "!!!",
        "???",
    ]
    assert len({genre_key(name) for name in names}) == len(names)
    assert normal_form("バ") != normal_form("ハ"), "marks of other scripts are no accents"


@given(st.text(max_size=20))
def test_a_normal_form_is_its_own_normal_form(name: str) -> None:
    assert normal_form(normal_form(name)) == normal_form(name)
    assert genre_key(genre_key(name)) == genre_key(name)


@given(
    st.lists(st.text("abcxyz", min_size=2, max_size=6), min_size=1, max_size=4),
    st.lists(st.sampled_from([" ", "-", "_", "/", " / ", "--", ""]), min_size=3, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_case_separators_and_music_at_the_end_do_not_matter(
    words: list[str], separators: list[str], upper: bool, music: bool
) -> None:
    plain = " ".join(words)
    other = "".join(word + separator for word, separator in zip(words, [*separators, ""], strict=False)) + (
        " music" if music else ""
    )
    assert normal_form(other.upper() if upper else other) == normal_form(plain)


def test_no_name_stands_for_two_genres() -> None:
    text = files("spotitags.io").joinpath("genre_aliases.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    counts = Counter(form for line in lines for form in {normal_form(name) for name in line.split(",")})
    assert {form: count for form, count in counts.items() if count > 1} == {}
    assert all(len(line.split(",")) > 1 for line in lines)


def test_the_models_spelling_goes_before_the_alias() -> None:
    assert find_genre("Rap", ["hip hop", "rap"]) == "rap"
    assert find_genre("HipHop", ["hip hop", "HIPHOP", "hiphop"]) == "HIPHOP"


def test_aliases_are_listed_beside_a_genre() -> None:
    assert "rap" in aliases("hiphop")
    assert aliases("metal") == []
    assert with_aliases(["jazz", "Kpop"]) == "jazz, Kpop (also korean pop)"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("metl", ["metal"]),
        ("clasical", ["classical"]),
        ("rapp", ["hiphop"]),
        ("polka", []),
        ("doom metal", []),
    ],
)
def test_typing_errors_are_recognised(name: str, meant: list[str]) -> None:
    assert similar_genres(name, KNOWN) == meant


def test_related_genres_share_a_word() -> None:
    assert related_genres("doom metal", KNOWN) == ["metal"]
    assert related_genres("gamelan", KNOWN) == []


@given(st.lists(st.sampled_from(["Hip-Hop", "hip hop", "rap", "jazz", "Jazz"])))
def test_each_genre_gets_one_spelling_that_none_outnumbers(names: list[str]) -> None:
    spelled = common_spellings(names)
    counts = Counter(names)
    assert set(spelled) == set(names)
    for name, common in spelled.items():
        assert genre_key(name) == genre_key(common)
        assert counts[common] >= counts[name]
        assert spelled[common] == common
