from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from helpers.manifests import cover
from helpers.pages import Page
from helpers.word_samples import artists, collected

from spotitags.explain.words.effects import telling_words
from spotitags.explain.words.page import SHOWN, words_page
from spotitags.records import Image

if TYPE_CHECKING:
    from pathlib import Path


def test_every_word_leads_to_the_covers_that_carry_it() -> None:
    samples = collected(artists(24))
    page = Page(words_page(telling_words(samples.rows), samples, "two genres"))
    targets = {panel["id"] for panel in page.find("aside")}
    links = {str(link["href"]).removeprefix("#") for link in page.find("a")}
    assert targets <= links
    assert links - targets == {"", "g0", "g1"}  # back to the page, and its two genres
    carrying = sum("sword" in each for row in samples.labelled for each in row.covers["lite"])
    assert carrying > SHOWN
    assert f"On {carrying} covers; the {SHOWN} with the largest weight" in page.text
    assert "(metal, weight 0.50)" in page.text


def test_the_page_needs_no_other_file_and_runs_nothing() -> None:
    samples = collected(artists(24), name="<img src=x onerror=alert(1)>")
    text = words_page(telling_words(samples.rows), samples, "<b>", notes=["<i>a note</i>"])
    page = Page(text)
    assert not page.find("script")
    assert not page.find("img")
    assert all(str(link["href"]).startswith("#") for link in page.find("a"))
    (policy,) = (each["content"] for each in page.find("meta") if each.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert "<img src=x onerror=alert(1)>, <img" in page.text
    assert "<i>a note</i>" in page.text


def test_covers_on_disk_are_shown_unless_they_are_not_wanted(tmp_path: Path) -> None:
    found = collected(artists(24))
    albums = {}
    for index, (digest, album) in enumerate(found.albums.items()):
        data = cover("sea", index)
        file = tmp_path / f"{index}.jpg"
        file.write_bytes(data)
        name = hashlib.sha256(data).hexdigest()
        albums[digest] = replace(album, images=(Image(str(file)),), digest=name)
    rows = [
        replace(row, groups=tuple(str(albums[digest].digest) for digest in row.groups))
        for row in found.labelled
    ]
    samples = replace(found, labelled=tuple(rows), albums={str(a.digest): a for a in albums.values()})
    words = telling_words(samples.rows, genre="metal")
    assert words_page(words, samples, "x").count("data:image/jpeg;base64,") >= SHOWN
    assert "data:image/jpeg" not in words_page(words, samples, "x", covers=False)
