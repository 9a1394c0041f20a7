"""Text from outside: names of artists, albums, genres and tags that would harm what shows them."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from helpers.command_line import spotitags
from helpers.evaluations import run, seed_run
from helpers.pages import Page
from helpers.svg import parsed
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console

from spotitags import SpotiTags
from spotitags.catalogs.csv_table import CsvTable
from spotitags.evaluation.contact_sheet import GenreSample, contact_sheet
from spotitags.evaluation.report.figures import figures
from spotitags.evaluation.report.gallery import ArtistEvidence, CoverMap, Gallery
from spotitags.evaluation.report.html import page, write_report
from spotitags.evaluation.report.markdown import markdown
from spotitags.evaluation.report.terminal import show_scores
from spotitags.records import Album, Artist, Cover, Reason, Skipped, Tag

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.records import Prediction

NAMES = {
    "element": "<img src=x onerror=alert(1)>&lt;b&gt;",
    "script": "</td></style></title></script><script>alert(1)</script>",
    "attribute": '"\' onmouseover="alert(1)" style=\'x',
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m \x9d0;x\x9c",
    "bidi": "abc \u202eghi\u2066 \u200f\u061cxyz",
    "null": "nul\0nul",
    "lines": "one\ntwo\rthree\u2028four",
    "long": "Motörhead " * 500,
    "one word": "ü" * 5_000,
    "right to left": "שלום עולם مرحبا",
    "emoji": "🤘🏽 👩‍👩‍👧 🇫🇮",
    "formula": '=HYPERLINK("https://example.org","x")',
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "full width": "\uff1d1+1",
    "quoted formula": "'=1+1",
    "path": "../../etc/passwd",
    "windows path": "C:\\con\\..\\x*?",
    "markdown": "a|b ![x](https://example.org/x.png) [y](javascript:alert(1)) `z` # h",
    "console markup": "[red]x[/red] [link=https://example.org]y[/link] [/]",
    "template": "$dataset ${name} {0} %s",
    "surrogate": "\ud800x",
    "empty": "",
    "spaces": "  ",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")

hostile = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@pytest.fixture(scope="module")
def usual() -> Prediction:
    return SpotiTags(offline=True).predict("2ye2Wgw4gimLv2eAKyk1NB", explain=True)


def named(usual: Prediction, name: str) -> Prediction:
    """Return a prediction in which everything that comes from outside has this name."""
    genre, tagger = name or "x", name[:80] or "y"
    artist = Artist(name.strip() or "id", name, genre)
    bag = usual.bags[0]
    bag = replace(
        bag,
        artist=artist,
        tagger=tagger,
        tags=(Tag(name, 2.0), *bag.tags[:5]),
        each=((Tag(name, 1.0),),) * 2,
        skipped=(Skipped(name, name),),
        albums=(Album(name, name, artist),),
    )
    gone = replace(bag, tagger="clip", tags=(), each=(), missing=name or "gone")
    voters = tuple(replace(voter, tagger=tagger, votes={genre: 0.9, "jazz": 0.1}) for voter in usual.voters)
    reasons = tuple(Reason(name, *reason[1:]) for reason in usual.reasons[:3])
    return replace(
        usual,
        artist=artist,
        votes={genre: 0.9, "jazz": 0.1},
        voters=voters,
        bags=(bag, gone),
        reasons=reasons,
    )


def printed(prediction: Prediction, home: Path, *options: str) -> str:
    """Return what the command line prints of a prediction, on stdout and stderr."""
    found = [(prediction.artist.id, prediction)]
    with patch.object(SpotiTags, "predictions", lambda *_args, **_options: iter(found)):
        run = spotitags("predict", "-a", "2ye2Wgw4gimLv2eAKyk1NB", "--offline", *options, home=home)
    assert run.returncode == 0, run.stderr
    assert steering(run.stderr) == set()
    return run.stdout


def steering(text: str) -> set[str]:
    """Return the characters that could steer a terminal or turn the writing."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}} - {"\n"}


def visible(name: str) -> str:
    """Return the part of a name that every output must show."""
    return " ".join("".join(" " if unicodedata.category(char)[0] == "C" else char for char in name).split())


@hostile
@pytest.mark.parametrize("options", [(), ("--explain",), ("--raw-tags",)], ids=["", "explain", "raw"])
def test_the_terminal_is_not_steered(
    usual: Prediction, name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    text = printed(named(usual, name), tmp_path, *options)
    assert steering(text) == set()
    assert visible(name).replace(" ", "") in "".join(text.split())


@hostile
def test_json_has_the_name_as_it_is_and_steers_nothing(usual: Prediction, name: str, tmp_path: Path) -> None:
    prediction = named(usual, name)
    text = printed(prediction, tmp_path, "--json", "--explain")
    harmless = {"\u200d"}  # joins emoji
    assert steering(text) <= harmless
    assert text.count("\n") == 1
    assert json.loads(text) == prediction.to_dict()
    assert json.loads(text)["artist"]["name"] == name


@hostile
def test_no_cell_of_a_csv_is_a_formula_and_reading_gives_the_name(
    usual: Prediction, name: str, tmp_path: Path
) -> None:
    prediction = named(usual, name)
    file = tmp_path / "votes.csv"
    printed(prediction, tmp_path, "--csv", str(file))
    with file.open(encoding="utf-8", newline="") as stream:
        header, row = csv.reader(stream)
    assert not [cell for cell in (*header, *row) if cell.startswith(FORMULA)]
    assert float(row[header.index("none")]) == pytest.approx(prediction.none, abs=1e-6)
    if "\0" in name or "\ud800" in name:
        return  # no text file has the one, UTF-8 has not the other
    ((_, cells),) = CsvTable(file).rows(["artist_id"], ["artist_name", "genre"])
    assert cells == [(name.strip() or "id"), read_again(name), read_again(name or "x")]


def read_again(name: str) -> str:
    """Return a name as it comes back: without spaces around it, except behind the ``'`` of a formula."""
    return name.rstrip() if name.lstrip("'").startswith(FORMULA) else name.strip()


@hostile
def test_raw_cells_stay_as_they_are(usual: Prediction, name: str, tmp_path: Path) -> None:
    text = printed(named(usual, name), tmp_path, "--csv", "-", "--raw-cells")
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert row[header.index("artist_name")] == name.encode(errors="replace").decode()


@hostile
def test_a_name_adds_nothing_to_a_notebook(usual: Prediction, name: str) -> None:
    prediction = named(usual, name)
    found = Page(prediction._repr_html_())
    assert structure(found) == structure(Page(named(usual, "Metallica")._repr_html_()))
    assert steering(found.text) == set()
    assert visible(name)[:150] in " ".join(found.text.split())
    bag, of_reference = prediction.bags[0], named(usual, "Metallica").bags[0]
    assert structure(Page(bag._repr_html_())) == structure(Page(of_reference._repr_html_()))


def structure(found: Page) -> list[tuple[str, list[str]]]:
    """Return the elements of a page with the names of their attributes."""
    return [(tag, sorted(attributes)) for tag, attributes in found.elements]


def evaluation(name: str) -> dict[str, Any]:
    """Return the content of a ``scores.json`` of which names are hostile."""
    found = run(genres=("jazz", "metal", name or "pop"))
    return found | {
        "dataset": name, "name": name, "notes": [name], "taggers": [{"name": name, "version": name}]
    }  # fmt: skip


@hostile
def test_a_name_adds_nothing_to_the_report_of_an_evaluation(name: str, tmp_path: Path) -> None:
    found = evaluation(name)
    text = page(found, gallery(name, found))
    usual = evaluation("Metallica")
    assert structure(Page(text)) == structure(Page(page(usual, gallery("Metallica", usual))))
    assert steering(text) == set()
    for figure in figures(found):
        parsed(figure.picture.file())
    files = write_report(found, tmp_path, gallery(name, found))
    assert sorted(files) == sorted(tmp_path.iterdir())
    assert all(re.fullmatch(r"[\w-]{1,80}\.(html|svg)", file.name) for file in files)


@hostile
def test_a_name_adds_nothing_to_the_page_of_a_leaderboard(name: str) -> None:
    from spotitags.evaluation.leaderboard.html import page as board

    assert structure(Page(board(leaderboard(name)))) == structure(Page(board(leaderboard("Metallica"))))
    assert steering(board(leaderboard(name))) == set()


def gallery(name: str, found: dict[str, Any]) -> Gallery:
    """Return what a report shows of its artists, all of one name."""
    ids = [each["id"] for each in found["answers"]]
    return Gallery(
        names=dict.fromkeys(ids, name),
        covers={each: [("0" * 64, name)] for each in ids},
        evidence={each: ArtistEvidence(*found["genres"][:2], ((name, 1.5),)) for each in ids},
        maps={"0" * 64: CoverMap(b"jpeg", b"jpeg", 1.0, "top left")},
        thumbnails={"0" * 64: b"jpeg"},
        telling={genre: [(name, 2.0)] for genre in found["genres"]},
    )


def leaderboard(name: str) -> dict[str, Any]:
    """Return the content of a ``leaderboard.json`` of which names are hostile."""
    interval = {"value": 0.8, "low": 0.7, "high": 0.9}
    scores = {"balanced_accuracy": interval, "log_loss": interval}
    row = {"model": name, "reads": name, "scores": scores, "within_noise": True, "difference": interval}
    row |= {"fit_seconds": 1.0, "ask_seconds": 0.1}
    return {
        "created": "2026-11-20", "dataset": name, "unit": "artist", "folds": 3, "chance": 0.5,
        "protocol": {"folds": 5, "repeats": 1, "seed": 0, "shuffled_genres": False},
        "taggers": [{"name": name, "version": name}], "measures": [{"name": name, "version": name}],
        "rows": {name: 9, "metal": 9}, "covers": 81, "masked_covers": 0.5, "notes": [name], "failed": {},
        "seconds": {"reading": 1.5, "models": 2.5}, "blend": None,
        "standings": [row, {"model": name, "reads": name, "error": name}],
    }  # fmt: skip


@hostile
def test_markdown_has_no_element_link_or_picture_of_a_name(name: str) -> None:
    text = markdown([evaluation(name), seed_run() | {"dataset": name}])
    usual_text = markdown([evaluation("Metallica"), seed_run() | {"dataset": "Metallica"}])
    shown, of_reference = (re.sub(r"`[^`]*`", "", page.replace("\\`", "")) for page in (text, usual_text))
    assert "<" not in shown  # in code, it is a letter
    assert steering(text) == set()
    assert shown.replace("\\]", "").count("](") == of_reference.count("](")
    for kind in ("#", "|"):
        lines = [[line for line in page.splitlines() if line.startswith(kind)] for page in (text, usual_text)]
        assert len(lines[0]) == len(lines[1])


@hostile
def test_an_evaluation_on_the_terminal_steers_nothing(name: str) -> None:
    console = Console(file=io.StringIO(), width=80)
    for part in show_scores(evaluation(name)):
        console.print(part)
    assert steering(console.file.getvalue()) == set()  # type: ignore[attr-defined]


@hostile
def test_a_contact_sheet_is_drawn(name: str) -> None:
    artist = Artist("id", name, name)
    cover = Cover(Album("a", name, artist), "d", np.zeros((60, 60, 3), np.uint8))
    sheet = contact_sheet(name, [GenreSample(name, 1, (cover,)), GenreSample("usual", 1, (cover,))])
    with Image.open(io.BytesIO(sheet)) as picture:
        assert picture.width <= 2000


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_any_text_adds_nothing_to_a_notebook(usual: Prediction, name: str) -> None:
    found = Page(named(usual, name)._repr_html_())
    assert structure(found) == structure(Page(named(usual, "Metallica")._repr_html_()))
    assert steering(found.text) == set()


def test_a_manifest_with_such_names_is_tagged_and_predicted(tmp_path: Path) -> None:
    """All names together, from the table of a user to every output."""
    from helpers.manifests import cover

    (tmp_path / "cover.jpg").write_bytes(cover("fire", 7100))
    chosen = {
        key: name for key, name in NAMES.items() if "\0" not in name and name.strip() and key != "surrogate"
    }
    table = tmp_path / "names.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(["artist_id", "artist_name", "album_name", "file"])
        writer.writerows(
            [f"{number} {name[:50]}", name, name, file]
            for number, name in enumerate(chosen)
            for file in ("cover.jpg", f"{number}-gone.jpg")
        )
    args = ["predict", "--manifest", table, "--tagger", "lite"]
    shown = spotitags(*args, home=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert steering(shown.stdout) | steering(shown.stderr) == set()
    lines = spotitags(*args, "--json", home=tmp_path).stdout.splitlines()
    assert [json.loads(line)["artist"]["name"] for line in lines] == [
        name.strip().removeprefix("'") for name in chosen
    ]
    again = tmp_path / "votes.csv"
    assert spotitags(*args, "--csv", again, home=tmp_path).returncode == 0
    rows = [cells for _, cells in CsvTable(again).rows(["artist_id"], ["artist_name"])]
    assert [row[1] for row in rows] == [json.loads(line)["artist"]["name"] for line in lines]
