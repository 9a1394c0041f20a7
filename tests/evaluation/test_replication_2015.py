from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.manifests import STYLES, cover
from helpers.samples import sample, samples
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.replication_2015.__main__ import repeat_experiment
from spotitags.evaluation.replication_2015.experiment import CHOICES, Choice, Outcome, experiment, in_rows
from spotitags.evaluation.replication_2015.findings import difference, findings, table
from spotitags.evaluation.report.markdown import markdown
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.evaluation.samples import Sample

QUICK = Protocol(folds=2, repeats=1)


def singles(per_genre: int, genres: tuple[str, ...] = ("jazz", "pop")) -> list[Sample]:
    return samples(per_genre, covers=1, genres=genres)


def test_top_is_taken_among_the_labels_of_the_view() -> None:
    bags = [{"man": 5.0, "trumpet": 2.0, "piano": 1.0}, {"man": 4.0, "gown": 2.0, "wig": 1.0}] * 2
    genres = ["jazz", "pop"] * 2
    kept = {}
    for choice in (Choice("all"), Choice("all", 1), Choice("distinct"), Choice("distinct", 1)):
        view = choice.fitted(bags, genres)
        rows = choice.rows(view, bags[:1])[0]
        kept[choice.name] = {label for label, value in zip(view.labels, rows, strict=True) if value}
    assert kept == {
        "all": {"man", "trumpet", "piano"},
        "top 1": {"man"},
        "distinct": {"trumpet", "piano"},
        "distinct top 1": {"trumpet"},
    }


def test_every_choice_is_tested_by_every_classifier_on_every_cover() -> None:
    covers = singles(14)
    outcome = experiment(covers, "lite", QUICK, workers=1)
    assert len(outcome.right) == len(CHOICES) * 4
    assert not any(np.isnan(values).any() for values in outcome.right.values())
    found = table(outcome, title="jazz against pop")
    assert found["rows"] == {"jazz": 14, "pop": 14}
    best = max(cell["balanced_accuracy"]["value"] for cell in found["cells"])
    assert best > 0.7


def test_rows_of_several_covers_know_more() -> None:
    covers = singles(30)
    alone, together = (
        experiment(rows, "lite", QUICK, workers=1).right["all", "linear_svm"]
        for rows in (covers, in_rows(covers, 5, 0))
    )
    assert len(together) == 12
    assert together.mean() > alone.mean()


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30), st.integers(1, 6))
def test_rows_keep_genres_apart_and_an_artists_covers_together(artists: list[str], size: int) -> None:
    covers = [
        replace(sample(f"{i}", "jazz" if i % 3 else "pop", [f"{i}"]), unit=artist)
        for i, artist in enumerate(artists)
    ]
    rows = in_rows(covers, size, 3)
    unit = {cover.row.groups[0]: cover.unit for cover in covers}
    genre = {cover.row.groups[0]: cover.genre for cover in covers}
    seen = [group for row in rows for group in row.row.groups]
    assert len(seen) == len(set(seen)) == sum(map(len, rows))
    homes = [{unit[group] for group in row.row.groups} for row in rows]
    assert sum(map(len, homes)) == len(set().union(*homes))
    for row, home in zip(rows, homes, strict=True):
        assert {genre[group] for group in row.row.groups} == {row.genre}
        assert size / 2 <= len(row)
        assert len(row) <= size or len(home) == 1


def outcomes(two: float, three: float, distinct: float) -> list[Outcome]:
    """Fractions right of top-n (and all tags) with two and three genres, and of distinct tags with three."""
    found = []
    for genres, top, other in ((("a", "b"), two, two), (("a", "b", "c"), three, distinct)):
        rows = [sample(f"{genre} {i}", "jazz", [f"{genre}{i}"]) for genre in genres for i in range(40)]
        for row in rows:
            object.__setattr__(row.row, "genre", row.id[0])
        draw = np.random.default_rng(1).random(len(rows))
        right = {("all", "x"): draw < two, ("top 10", "x"): draw < top, ("distinct", "x"): draw < other}
        found.append(Outcome(rows, {system: values.astype(float) for system, values in right.items()}))
    return found


def test_findings_hold_where_the_figures_say_so_and_only_there() -> None:
    def verdicts(*parts: float) -> list[str]:
        return [finding["verdict"] for finding in findings(*outcomes(*parts))]

    assert verdicts(0.95, 0.6, 0.9) == ["holds", "holds", "holds"]
    assert verdicts(0.95, 0.95, 0.95)[1:] == ["does not hold", "does not hold"]
    assert verdicts(0.6, 0.9, 0.5) == ["does not hold", "does not hold", "does not hold"]


def test_a_difference_is_paired() -> None:
    _, three = outcomes(0.9, 0.5, 0.8)
    gap = difference(three, "distinct", "top")
    assert 0.1 < gap["low"] <= gap["value"] <= gap["high"] < 0.5
    assert difference(three, "top", "top") == {"value": 0, "low": 0, "high": 0}


def test_the_whole_experiment_runs_on_covers_and_becomes_a_page(tmp_path: Path) -> None:
    lines = ["file,genre,artist"]
    for number, style in enumerate(STYLES):
        for i in range(30):
            (tmp_path / f"{style}{i}.jpg").write_bytes(cover(style, 100 * number + i, size=120))
            lines.append(f"{style}{i}.jpg,{style},{'Twins' if i < 2 else ''}")
    path = tmp_path / "covers.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    settings = Settings(cache_dir=tmp_path / "cache")
    found = repeat_experiment(
        path, created="2026-11-20", genres=tuple(STYLES), protocol=QUICK, settings=settings
    )
    assert [len(table["cells"]) for table in found["tables"]] == [44] * 4
    assert {finding["rows"] for finding in found["findings"]} == {
        "each cover a row",
        "about five covers a row",
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    text = markdown([found])
    assert "fire against sea, each cover a row" in text
    assert "| log-odds |" in text
    with pytest.raises(InputError, match="too few usable covers of polka"):
        repeat_experiment(path, created="2026-11-20", genres=("fire", "sea", "polka"), settings=settings)
