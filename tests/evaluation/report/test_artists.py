"""The artists of a report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from helpers.evaluations import run
from helpers.pages import Page

from classifiers.ensemble.results import Confidence
from spotitags.evaluation.report.artists import reported_artists
from spotitags.evaluation.report.gallery import ArtistEvidence, CoverMap, Gallery
from spotitags.evaluation.report.html import page

if TYPE_CHECKING:
    from collections.abc import Mapping

EVIL = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def found() -> Mapping[str, Any]:
    return run(lean=0.2)


def test_wrong_artists_come_first_and_those_never_tested_last(found: Mapping[str, Any]) -> None:
    artists = reported_artists(found, {})
    kinds = [2 if each.predicted is None else int(not each.wrong) for each in artists]
    assert kinds == sorted(kinds)
    assert set(kinds) == {0, 1, 2}
    for each in artists:
        if each.predicted:
            assert each.shares[each.predicted] == max(each.shares.values())
            assert sum(each.cells.values()) == pytest.approx(1)
            assert each.right == pytest.approx(each.cells.get(each.genre, 0), abs=1e-6)


def test_every_cell_with_an_artist_leads_to_the_artists_in_it(found: Mapping[str, Any]) -> None:
    text = page(found, Gallery())
    shown = Page(text)
    panels = {str(each["id"]) for each in shown.find("aside")}
    links = {str(each["href"]) for each in shown.find("a")}
    assert {f"#{panel}" for panel in panels} <= links
    artists = reported_artists(found, {})
    genres = found["genres"]
    confusion = found["systems"][0]["confusion"]
    for i, true in enumerate(genres):
        for j, predicted in enumerate(genres):
            inside = [each for each in artists if each.genre == true and predicted in each.cells]
            assert (f"cell-{i}-{j}" in panels) == bool(inside)
            mean = sum(each.cells[predicted] for each in inside)
            assert mean == pytest.approx(confusion[i][j], abs=0.01)  # the number that the cell shows
            panel = re.search(rf'id="cell-{i}-{j}".*?</aside>', text, re.DOTALL)
            assert len(re.findall("<li>", panel[0]) if panel else []) == len(inside)
    assert {f"#a{each.number}" for each in artists if each.cells} <= links
    assert 'role="group"' in text


def test_an_artist_has_its_truth_covers_tags_and_confidence(found: Mapping[str, Any]) -> None:
    first, second, *_ = reported_artists(found, {})
    gallery = Gallery(
        names={first.id: "First & co", second.id: EVIL},
        covers={first.id: [("d1", "One"), ("d2", EVIL)], second.id: [("d1", "One")]},
        thumbnails={"d1": b"one", "d2": b"two"},
        evidence={first.id: ArtistEvidence("jazz", "pop", (("skull", 1.25), (EVIL, -0.5)))},
        evidence_part=0.9,
        maps={"d2": CoverMap(b"over", b"bright", 0.75, "top left")},
        mappable=7,
        confidence={first.id: Confidence(0.6, 10, sure=False)},
        telling={"jazz": [("saxophone", 4.2)]},
    )
    text = page(found, gallery)
    shown = Page(text)
    assert "First & co" in shown.text
    for part in (
        "skull",
        "+1.25",
        "-0.50",
        "Predictions this sure were right in 60%",
        "with 90% of the weight",
    ):
        assert part in shown.text
    assert "Maps of 1 of 7 covers are shown" in shown.text
    assert "+0.75, most in the top left" in shown.text
    assert "saxophone 4.2" in shown.text
    assert "none that is sure" in shown.text
    assert text.count("data:image/jpeg;base64,") == 2 + 2  # each thumbnail once, and the map
    assert not [each for each in shown.find("img") if each.get("onerror")]
    assert not shown.find("script")
    details = shown.find("details")
    assert "open" in details[0]
    assert len(shown.find("article")) == len(found["answers"])


def test_filters_hide_by_true_and_by_predicted_genre_but_never_what_a_link_leads_to(
    found: Mapping[str, Any],
) -> None:
    text = page(found, Gallery())
    assert 'body:has(#true option[value="1"]:checked) .artist:not(.t1):not(:target)' in text
    assert 'body:has(#predicted option[value="2"]:checked) .artist:not(.p2):not(:target)' in text
    assert [each["id"] for each in Page(text).find("select")] == ["true", "predicted"]


def test_covers_that_are_not_shown_are_counted(found: Mapping[str, Any]) -> None:
    gallery = Gallery(thumbnails={"d1": b"one"}, hidden=4)
    assert "1 of 5 covers are shown" in Page(page(found, gallery)).text
