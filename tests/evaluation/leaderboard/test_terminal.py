from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from helpers.contest_samples import samples
from rich.console import Console

from classifiers.ensemble.results import VoterName
from spotitags.errors import InputError
from spotitags.evaluation.folds import Protocol, fold_dataset
from spotitags.evaluation.leaderboard.contest import cross_validate_models
from spotitags.evaluation.leaderboard.html import page
from spotitags.evaluation.leaderboard.leaderboard import write
from spotitags.evaluation.leaderboard.standings import pair_areas, standings
from spotitags.evaluation.leaderboard.terminal import duration, failures, show_leaderboard
from spotitags.evaluation.report.wording import interval

if TYPE_CHECKING:
    from pathlib import Path

KNN = VoterName("colours", "embedding", "colour-knn")
COVERS = VoterName("lite", "covers", "multinomial_nb")
BAYES = VoterName("lite", "all", "complement_nb")
HOSTILE = "<script>alert(1)</script>\x1b[31m & 'co'"


def about(**more: Any) -> dict[str, Any]:
    how = {
        "folds": 5, "repeats": 1, "seed": 0, "albums": 10, "min_covers": 3, "shuffled_genres": False,
    }  # fmt: skip
    return {
        "format": 1, "created": "2026-11-20", "dataset": HOSTILE, "unit": "artist", "protocol": how,
        "taggers": [{"name": "lite", "version": "lite 1"}], "measures": [{"name": "colours", "version": "1"}],
        "genres": ["jazz", "metal", "pop"], "rows": {"jazz": 9, "metal": 9, "pop": 9}, "covers": 81,
        "notes": [HOSTILE], "failed": {}, "seconds": {"reading": 1.5, "models": 2.5},
        "folds": 3, "masked_covers": 0.5, "chance": 1 / 3,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def ranked() -> dict[str, Any]:
    found = samples()
    models, protocol = [BAYES, KNN, COVERS], Protocol(folds=3, repeats=1, curve_repeats=0)
    (predictions,) = cross_validate_models([fold_dataset(found, protocol)], models, workers=1)
    predictions.failed[VoterName("thumbnail", "embedding", "pca-forest")] = HOSTILE  # type: ignore[index]
    return about() | standings(found, predictions, {"tags": [BAYES, COVERS]})


@pytest.fixture(scope="module")
def paired() -> dict[str, Any]:
    found = [sample for sample in samples() if sample.genre != "pop"]
    (predictions,) = cross_validate_models(
        [fold_dataset(found, Protocol(folds=3, repeats=1, curve_repeats=0))], [BAYES, KNN], workers=1
    )
    pair = {"genres": ["jazz", "metal"], "rows": 18, "areas": pair_areas(found, predictions)}
    return about(pairs=[pair], chance=0.5)


def printed(found: dict[str, Any], width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    for each in show_leaderboard(found):
        console.print(each)
    return stream.getvalue()


class Cells(HTMLParser):
    """All tags with their attributes, and the cells of each row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data.strip()


def test_a_terminal_of_80_columns_shows_the_best_first_and_the_blend_last(ranked: dict[str, Any]) -> None:
    lines = printed(ranked).splitlines()
    assert max(map(len, lines)) <= 80
    names = ("colour-knn", "multinomial-nb", "complement-nb", "ensemble", "blend")
    table = [line for line in lines if line.startswith(names) and "(0." in line]
    assert len(table) == 5
    assert table[0].startswith("colour-knn")
    assert " best " in table[0]
    assert table[-1].startswith("blend")
    assert "chance is 0.33" in printed(ranked)
    assert "not 5 folds" in printed(ranked)
    assert "thumbnail/embedding/pca-forest failed: <script>" in printed(ranked, 200)
    assert "\x1b" not in printed(ranked)


def test_differences_within_noise_are_marked_and_others_not(ranked: dict[str, Any]) -> None:
    for row in ranked["standings"][1:-1]:
        start = rf"{row['model']} +{re.escape(row['reads'].removeprefix('lite '))}  +0\."
        (line,) = (line for line in printed(ranked).splitlines() if re.match(start, line))
        assert ("≈" in line) == row["within_noise"]
        assert row["within_noise"] == (row["to_best"]["low"] <= 0 <= row["to_best"]["high"])


def test_the_page_has_the_same_rows_loads_nothing_and_escapes_everything(ranked: dict[str, Any]) -> None:
    text = page(ranked)
    read = Cells(text)
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in read.tags}
    assert not any(name in attrs for _, attrs in read.tags for name in ("src", "href", "onload"))
    names = [row[0] for row in read.rows[1:]]
    assert names == [row["model"] for row in ranked["standings"]] + ["blend"]
    best = ranked["standings"][0]["scores"]["balanced_accuracy"]
    assert interval(best) in read.rows[1]
    assert any("failed: <script>alert(1)</script>" in cell for cell in read.rows[-2])
    dots = [attrs["cx"] for tag, attrs in read.tags if tag == "circle"]
    assert dots[0] == f"{100 * best['value']:.2f}%"


def test_pairs_are_shown_with_their_areas_and_ranges(paired: dict[str, Any]) -> None:
    knn = {area["model"]: area for area in paired["pairs"][0]["areas"]}["colour-knn"]
    assert knn["value"] > 0.8
    cell = interval(knn)
    text = printed(paired)
    assert max(map(len, text.splitlines())) <= 80
    assert any("jazz / metal" in line and "colour-knn" in line and cell in line for line in text.splitlines())
    assert f"colour-knn (colours): {knn['value']:.2f} to {knn['value']:.2f}" in text
    assert "chance is 0.50" in text
    rows = Cells(page(paired)).rows[1:]
    assert [row[:2] for row in rows] == [["jazz / metal", "complement-nb"], ["jazz / metal", "colour-knn"]]
    assert cell in rows[1]
    assert failures(paired) == []


def test_files_hold_the_table_and_its_page(ranked: dict[str, Any], tmp_path: Path) -> None:
    written = write(ranked, tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["leaderboard.json", "leaderboard.html"]
    assert json.loads(written[0].read_text(encoding="utf-8")) == ranked
    assert written[1].read_text(encoding="utf-8") == page(ranked)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"):
        write(ranked, tmp_path / "file")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 µs"),
        (0.00004, "40 µs"),
        (0.0003, "0.3 ms"),
        (0.0251, "25 ms"),
        (0.8, "800 ms"),
        (1.24, "1.2 s"),
        (754, "754 s"),
    ],
)
def test_durations_have_few_digits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
