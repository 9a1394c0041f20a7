"""Sentences from the texts of each set, and validation of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spotitags.errors import InputError
from spotitags.training.lite_head.captions import MANIFEST, read_pairs, text_of
from spotitags.training.lite_head.label_vectors import families

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("source", "words", "sentence"),
    [
        ("flickr8k", "A dog in a car .", "A dog in a car"),
        ("instruments", "musical instrument; oboe", "a picture of an oboe"),
        ("pacs", "guitar; sketch", "a sketch of a guitar"),
        ("caltech101", "okapi", "an album cover with an okapi"),
        ("movie_posters", "Crime; Horror", "a poster of a crime, horror film"),
        ("wikiart224", "painting; Art Nouveau Modern", "art nouveau painting"),
        ("aesthetics", "Glam Rock aesthetic", "glam rock aesthetic"),
        ("clothing", "clothing; skirt", "a person wearing skirt"),
        ("stock_ai", "A lady eating spaghetti; lady; spaghetti", "lady, spaghetti"),
        ("fooocus_styles", "mk line art; cat", "line art style"),
        ("artists_sd35", "a man, by Thomas Cole", "in the style of Thomas Cole"),
        ("a set of my own", "Two men; one boat.", "Two men; one boat"),
    ],
)
def test_a_text_becomes_sentences(source: str, words: str, sentence: str) -> None:
    assert sentence in text_of(source, words).sentences


def test_countries_are_no_content_and_draws_are_alike() -> None:
    text = text_of("sd_artist_styles_quads", "Comic; Cover Art; USA; woman; portrait")
    assert text.sentences[0] == "comic, cover art, woman, portrait"
    assert text == text_of("sd_artist_styles_quads", "Comic; Cover Art; USA; woman; portrait")


def test_a_picture_keeps_all_its_texts_and_sets_can_be_left_out(tmp_path: Path) -> None:
    lines = ["file,set,text", "a.webp,flickr8k,One .", "a.webp,flickr8k,Two .", "b.webp,pacs,dog; photo"]
    (tmp_path / MANIFEST).write_text("\n".join(lines), "utf-8")
    first, second = read_pairs(tmp_path)
    assert [text.key for text in first.texts] == ["One", "Two"]
    assert second.source == "pacs"
    assert [picture.file for picture in read_pairs(tmp_path, without=["pacs"])] == ["a.webp"]
    with pytest.raises(InputError, match="no picture"):
        read_pairs(tmp_path, without=["pacs", "flickr8k"])


def test_a_manifest_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("file,words\na.webp,dog\n", "utf-8")
    with pytest.raises(InputError, match="columns file, set and text"):
        read_pairs(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs(tmp_path / "nowhere")


def test_no_genre_is_in_two_families() -> None:
    names = [name for family in families() for name in family.genres]
    assert len(names) == len(set(names)) > 1000
    assert all(family.pictures and all(family.genres) for family in families())
