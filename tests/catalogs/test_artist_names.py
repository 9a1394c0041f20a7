from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.artist_names import best_matches, same_name, similar_names
from spotitags.catalogs.base import Match
from spotitags.catalogs.library.catalog import LibraryCatalog

LIBRARY = [Match(artist.id, artist.name or "") for artist in LibraryCatalog().artists()]


def names(matches: list[Match]) -> list[str]:
    return [match.name for match in matches]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("metallica", ["Metallica"]),
        ("frederic chopin", ["Frédéric Chopin"]),
        ("Chopin, Frederic", ["Frédéric Chopin"]),
        ("bach", ["Johann Sebastian Bach"]),
        ("Johann Sebastian", ["Johann Sebastian Bach"]),
        ("sebastian johann", ["Johann Sebastian Bach"]),
        ("mozar", ["Wolfgang Amadeus Mozart"]),
        ("MOTORHEAD", ["Motörhead"]),
        ("notorious big", ["The Notorious B.I.G."]),
        ("jay z", ["JAY-Z"]),
        ("jayz", ["JAY-Z"]),
        ("bob marley and the wailers", ["Bob Marley & The Wailers"]),
        ("tyler the creator", ["Tyler, The Creator"]),
        ("kühn", ["Joachim Kühn", "Rolf Kühn"]),
        ("kuhn", ["Joachim Kühn", "Rolf Kühn"]),
        ("johan", ["Johann Sebastian Bach", "Johannes Brahms"]),
        ("Metalica", []),
        ("allica", []),
    ],
)
def test_a_name_is_found_as_people_type_it(typed: str, found: list[str]) -> None:
    assert names(best_matches(typed, LIBRARY)) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Metalica", "Metallica"),
        ("Choppin", "Frédéric Chopin"),
        ("johan sebastian back", "Johann Sebastian Bach"),
        ("Jon Coltrane", "John Coltrane"),
        ("beethofen", "Ludwig van Beethoven"),
        ("megadet", "Megadeth"),
        ("Blind Gaurdian", "Blind Guardian"),
    ],
)
def test_a_misspelt_name_suggests_the_right_one(typed: str, found: str) -> None:
    assert names(similar_names(typed, LIBRARY))[0] == found


@pytest.mark.parametrize("typed", ["Abba", "Social Distortion", "xyzzy", "Björk", "0000000000000000000000"])
def test_another_name_suggests_nothing(typed: str) -> None:
    assert similar_names(typed, LIBRARY) == []


def test_this_very_name_hides_longer_ones() -> None:
    artists = [Match("1", "Nirvana"), Match("2", "Approaching Nirvana"), Match("3", "nirvana!")]
    assert [match.id for match in best_matches("Nirvana", artists)] == ["1", "3"]


def test_accents_are_letters_in_scripts_that_spell_with_them() -> None:
    assert not same_name("ガ", "カ")
    assert same_name("Björk", "bjork")
    assert same_name("Sigur Rós", "SIGUR ROS")
    assert same_name("Mø", "mo")
    assert not same_name("क", "कि")  # a vowel sign, not an accent
    assert not same_name("กา", "กี")


def test_names_of_signs_alone_are_names() -> None:
    artists = [Match("1", "!!!"), Match("2", "†††")]
    assert [match.id for match in best_matches("!!!", artists)] == ["1"]
    assert best_matches("???", artists) == []


@given(st.text(min_size=1), st.permutations(range(4)))
def test_the_order_of_words_does_not_matter(name: str, order: list[int]) -> None:
    words = [f"{name} a", "b", "c", "d"]
    (match,) = best_matches(" ".join(words[i] for i in order), [Match("1", " ".join(words))])
    assert match.id == "1"


@given(st.text(min_size=1))
def test_every_name_is_its_own_match(name: str) -> None:
    assert same_name(name, name)
    assert best_matches(name, [Match("1", name)]) == [Match("1", name)]
