from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import pytest
from helpers.evaluations import OUTSIDERS, run, seed_run

from spotitags.errors import InputError
from spotitags.evaluation.comparison import against_first, compare
from spotitags.evaluation.report.markdown import markdown, results_page

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_against_itself_differs_in_nothing() -> None:
    found = compare(run(), run("second"))
    assert found["rows"] == 23
    assert found["same_folds"]
    for values in found["metrics"].values():
        assert values["difference"] == {"value": 0, "low": 0, "high": 0}


def test_a_better_run_is_better_by_more_than_its_interval() -> None:
    poor, good = run(lean=0.1), run("good", lean=1.5)
    found = compare(poor, good)["metrics"]["balanced_accuracy"]
    assert found["difference"]["low"] > 0
    assert found["difference"]["value"] == pytest.approx(found["second"] - found["first"], abs=2e-4)
    back = compare(good, poor)["metrics"]["balanced_accuracy"]["difference"]
    assert back["value"] == pytest.approx(-found["difference"]["value"])
    assert [each["metrics"] for each in against_first([poor, good])] == [compare(poor, good)["metrics"]]


def test_pairing_makes_the_difference_surer_than_two_intervals() -> None:
    first, second = run(lean=0.5), run(lean=0.7)
    gap = compare(first, second)["metrics"]["log_loss"]["difference"]
    widths = [
        found["systems"][0]["scores"]["log_loss"]["high"] - found["systems"][0]["scores"]["log_loss"]["low"]
        for found in (first, second)
    ]
    assert gap["high"] - gap["low"] < min(widths)


def test_other_folds_are_reported_and_rows_are_paired_by_id() -> None:
    other = run(seed=1)
    assert not compare(run(), other)["same_folds"]
    fewer = copy.deepcopy(run())
    fewer["answers"] = fewer["answers"][::-1][:10]
    found = compare(run(), fewer)
    assert found["rows"] == 10
    assert found["metrics"]["accuracy"]["difference"]["value"] == 0


def test_runs_that_cannot_be_compared_say_why() -> None:
    with pytest.raises(InputError, match="other genres"):
        compare(run(), run(genres=("jazz", "metal", "polka")))
    others = run()
    for row in others["answers"]:
        row["id"] += " the other"
    with pytest.raises(InputError, match="no tested row in common"):
        compare(run(), others)
    with pytest.raises(InputError, match="two runs"):
        against_first([run()])


def test_the_answer_none_of_these_is_a_table_where_it_was_evaluated() -> None:
    text = markdown([run() | {"outsiders": OUTSIDERS}])
    assert "| pictures | 48 | 2% | 0.88 |" in text
    assert 'Of the 24 artists of these genres, 4% got the answer "none of these genres"' in text
    assert "none of these" not in markdown([run()])
    assert markdown([run() | {"outsiders": None}]) == markdown([run()])


def test_the_page_has_every_figure_with_date_data_protocol_and_interval() -> None:
    first, second = run(), run("second", lean=0.9)
    text = results_page([first, second])
    assert text.count("## drawn artists\n") == 1
    assert text.index("### first") < text.index("### second")
    for words in (
        "2026-11-20",
        "24 artists (jazz 8, metal 8, pop 8)",
        "lite 1",
        "2 repeats",
        "5 folds, seed 0",
    ):
        assert words in text
    for found in (first, second):
        for system in found["systems"]:
            for estimate in system["scores"].values():
                assert f"{estimate['value']:.2f} ({estimate['low']:.2f}\u2013{estimate['high']:.2f})" in text
    gap = compare(first, second)["metrics"]["balanced_accuracy"]["difference"]
    assert f"{gap['value']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f})" in text
    widths = {(line.count("|") - line.count("\\|")) for line in text.splitlines() if line.startswith("| ---")}
    assert len(widths) > 1


def test_the_experiment_of_2015_has_tables_and_findings() -> None:
    text = markdown([run(), seed_run()])
    assert "| tags | a_classifier | b_classifier |" in text
    assert "| distinct top 10 | 0.90 (0.85\u20130.95) | 0.90 (0.85\u20130.95) |" in text
    assert "| better | each cover a row | does not hold | -0.05 |" in text


def test_names_cannot_break_a_table() -> None:
    text = markdown([run(genres=("jazz", "a|b", "<b>c\nd"))])
    assert "a\\|b" in text
    assert "<b>" not in text
    columns = 0
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not cells or not columns or cells == columns
        columns = cells


def test_notes_close_the_page_as_they_are(tmp_path: Path) -> None:
    notes = tmp_path / "tried.md"
    notes.write_text("## What was tried\n\n| this | 0.8 |\n", encoding="utf-8")
    assert results_page([run()], notes) == markdown([run()]) + "\n" + notes.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="--notes"):
        results_page([run()], tmp_path / "none.md")
