"""`spotitags explain` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.command_line import spotitags
from helpers.manifests import cover
from helpers.pages import Page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache and a folder of drawn covers that the tests of this file share."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "Kiln").mkdir()
    for number in range(3):
        (folder / "Kiln" / f"album {number}.jpg").write_bytes(cover("fire", number))
    return folder


def test_a_folder_of_covers_gets_maps_that_sum_to_each_covers_number(home: Path) -> None:
    run = spotitags("explain", home / "Kiln", "--offline", "--json", home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    first, second = (vote["genre"] for vote in found["votes"][:2])
    assert found["mapped"] == [first, second]
    assert [each["album"] for each in found["covers"]] == ["album 0", "album 1", "album 2"]
    for each in found["covers"]:
        assert np.shape(each["places"]) == (9, 9)
        assert np.sum(each["places"]) + each["constant"] == pytest.approx(each["total"])
    assert found["covers"][0]["places"] != found["covers"][1]["places"]


def test_the_page_shows_every_cover_three_times_and_needs_no_other_file(home: Path) -> None:
    run = spotitags("explain", home / "Kiln", "--offline", "--out", home / "why.html", home=home)
    assert run.returncode == 0, run.stderr
    page = Page((home / "why.html").read_text(encoding="utf-8"))
    assert [image["alt"] for image in page.find("img")].count("map in colour") == 3
    assert len(page.find("img")) == 9
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in page.find("img"))
    assert not page.find("script")
    assert "album 2" in page.text
    assert "album 2" in run.stdout


def test_a_tag_is_mapped_and_a_mistyped_one_gets_a_suggestion(home: Path) -> None:
    run = spotitags("explain", home / "Kiln" / "album 0.jpg", "--where", "Skull", "--json", home=home)
    found = json.loads(run.stdout)
    assert found["mapped"] == "Skull"
    assert len(found["covers"]) == 1
    wrong = spotitags("explain", home / "Kiln" / "album 0.jpg", "--where", "skul", home=home)
    assert (wrong.returncode, "did you mean 'skull'?" in wrong.stderr) == (2, True)


def test_an_artist_of_the_library_is_explained_without_pictures(home: Path) -> None:
    run = spotitags("explain", "Metallica", "--offline", "--genre", "jazz", home=home)
    assert run.returncode == 0, run.stderr
    assert "there are no pictures of these covers" in run.stdout
    assert "Even without the 12 tags" in run.stdout
    assert "nearest artists: Anthrax (metal)" in run.stdout
    assert "\x1b" not in run.stdout


def test_the_page_has_votes_by_kind_changes_and_the_nearest(home: Path) -> None:
    run = spotitags("explain", "Metallica", "--offline", "--out", home / "library.html", home=home)
    assert run.returncode == 0, run.stderr
    page = Page((home / "library.html").read_text(encoding="utf-8"))
    for text in ("Votes by kind", "words on covers", "What would have to be missing for", "Anthrax (metal)"):
        assert text in page.text
    assert "Without a tag, pictures stay as they are." in page.text


def test_the_nearest_are_found_in_covers_of_ones_own(home: Path) -> None:
    for number in range(3):
        (home / "others" / f"Artist {number}").mkdir(parents=True, exist_ok=True)
        (home / "others" / f"Artist {number}" / "a.jpg").write_bytes(
            cover("sea" if number else "fire", 7 + number)
        )
    run = spotitags("explain", home / "Kiln", "--among", home / "others", "--json", home=home)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["nearest"]["source"] == "others"
    assert found["nearest"]["compared"] == {"artists": 3, "covers": 3}
    assert found["nearest"]["artists"][0]["id"] == "Artist 0"
    assert found["changes"]["covers"]["candidates"] == 3
    page = home / "near.html"
    run = spotitags("explain", home / "Kiln", "--among", home / "others", "--out", page, home=home)
    assert len(Page(page.read_text(encoding="utf-8")).find("img")) == 9 + 3


def test_maps_are_of_lite_alone(home: Path) -> None:
    run = spotitags("explain", home / "Kiln", "--tagger", "text", "--offline", home=home)
    assert run.returncode == 0, run.stderr
    assert "maps exist for the tagger lite only" in " ".join(run.stdout.split())
    wrong = spotitags("explain", home / "Kiln", "--tagger", "text", "--where", "skull", home=home)
    assert wrong.returncode == 2
    assert "maps exist for the tagger lite only, and these covers were tagged by text" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Metallica", "Nas"], "2 artists are selected: explain one at a time"),
        (["Metallica", "--genre", "polka"], "the model has no genre 'polka'"),
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(home: Path, arguments: list[str], message: str) -> None:
    run = spotitags("explain", *arguments, "--offline", home=home)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
