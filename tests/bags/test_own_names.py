from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spotitags.bags.own_names import FUZZY_LENGTH, known_name, mask_names, without_name
from spotitags.io.text import without_accents, words
from spotitags.records import Album, Artist, Tag, TaggedCovers

WORDS = st.text("abcdeéøxyz", min_size=1, max_size=9)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
TAGS = st.lists(st.builds(Tag, NAMES, st.floats(0, 1)), max_size=10)


def kept(name: str, *labels: str) -> list[str]:
    return [tag.label for tag in without_name([Tag(label, 1.0) for label in labels], name)]


def bare(text: str) -> list[str]:
    return words(without_accents(text))


@given(TAGS, NAMES)
def test_no_word_of_the_name_is_left(tags: list[Tag], name: str) -> None:
    left = {word for tag in without_name(tags, name) for word in bare(tag.label)}
    assert not left & set(bare(name))
    assert not any(own in word for own in bare(name) if len(own) >= FUZZY_LENGTH for word in left)


@given(TAGS, NAMES)
def test_masking_keeps_order_and_weights_and_is_done_once(tags: list[Tag], name: str) -> None:
    masked = without_name(tags, name)
    assert masked == [tag for tag in tags if tag in masked]
    assert without_name(masked, name) == masked


@given(NAMES, st.sampled_from(["the {}", "{} live", "{}", "{}s", "x{}"]))
def test_the_name_itself_is_masked_wherever_it_stands(name: str, pattern: str) -> None:
    assume(len(bare(name)[0]) >= FUZZY_LENGTH)
    assert kept(name, pattern.format(bare(name)[0])) == []


@given(TAGS, st.text("mnopq", min_size=FUZZY_LENGTH, max_size=9))
def test_words_without_a_common_letter_stay(tags: list[Tag], name: str) -> None:
    assume(not any(set(name) & set("".join(bare(tag.label))) for tag in tags))
    assert without_name(tags, name) == tags


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("Metallica", ["metallice", "metallich", "metal", "master", "puppets"], ["master", "puppets"]),
        ("Motörhead", ["motörhead", "motorheat", "iron", "fist"], ["iron", "fist"]),
        ("JAY-Z", ["jay-z", "jayz", "kingdom"], ["kingdom"]),
        ("Johnny Cash", ["johnnycash", "cash's", "cast"], []),
        ("Mary J. Blige", ["j", "jazz"], ["jazz"]),
        ("Sun Ra", ["sunday", "radio", "ra"], ["sunday", "radio"]),
        ("The Band", ["the", "big band", "live at"], ["live at"]),
        ("!!!", ["!!!", "live"], ["!!!", "live"]),
        ("文", ["live"], ["live"]),
    ],
)
def test_names_are_masked_and_other_words_stay(name: str, labels: list[str], expected: list[str]) -> None:
    assert kept(name, *labels) == expected


def tagged(artist: Artist) -> TaggedCovers:
    tags = [[Tag("willie", 0.9), Tag("country", 0.8)], [], [Tag("nelson", 0.5)]]
    albums = tuple(Album(f"{number}", "", artist) for number in range(3))
    return TaggedCovers(artist, {"text": tags, "lite": [[Tag("willie", 0.9)]] * 3}, albums)


def test_only_words_that_were_read_are_masked() -> None:
    masked = mask_names(tagged(Artist("1", "Willie Nelson")))
    assert masked.tags["text"] == [[Tag("country", 0.8)], [], []]
    assert masked.tags["lite"] == [[Tag("willie", 0.9)]] * 3


def test_without_a_name_the_id_counts_such_as_a_folder() -> None:
    assert mask_names(tagged(Artist("Willie Nelson"))).tags["text"][0] == [Tag("country", 0.8)]


def test_a_picture_of_its_own_shows_all_words() -> None:
    covers = tagged(Artist("pictures/willie.jpg", "willie"))
    assert mask_names(covers) is covers


@pytest.mark.parametrize(
    ("artist", "name"),
    [
        (Artist("id", "Name"), "Name"),
        (Artist("B.o.B"), "B.o.B"),
        (Artist("a/b.webp"), ""),
        (Artist("a/b.jpg", "Name"), "Name"),
        (Artist("a/b.jpg", "b"), ""),
    ],
)
def test_names_of_files_are_no_names(artist: Artist, name: str) -> None:
    assert known_name(artist) == name
