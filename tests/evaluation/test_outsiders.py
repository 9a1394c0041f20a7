"""Evaluation of the answer "none of these genres"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.training.dataset import Row
from classifiers.training.detector import Kind, References
from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.outsiders import evaluate_outsiders
from spotitags.evaluation.samples import Sample

WIDTH, COVERS = 12, 4
AXES = {"jazz": 0, "metal": 1, "folk": 2, "noise": 3, "photographs": 4, "plain": 5}


def embeddings(kind: str, seed: int) -> np.ndarray:
    """Covers of one kind: near the kind's axis, and outsiders also near one axis that they share."""
    rows = np.random.default_rng(seed).normal(0, 0.15, (COVERS, WIDTH))
    rows[:, AXES[kind]] += 1
    rows[:, WIDTH - 1] += kind not in {"jazz", "metal"}
    return rows.astype(np.float32)


def artists(*, embedded: bool = True) -> list[Sample]:
    """Ten artists of each of two genres."""
    found = []
    for number in range(20):
        genre = ("jazz", "metal")[number % 2]
        name = f"{genre} {number}"
        tags = [{genre: 1.0, "person": 0.5}] * COVERS
        known = {"lite": embeddings(genre, number)} if embedded else {}
        groups = tuple(f"{name} {cover}" for cover in range(COVERS))
        found.append(Sample(Row(name, genre, {"lite": tags}, known, groups), name))
    return found


def references(*, tagger: str = "lite") -> References:
    """Outsiders of four kinds."""
    kinds = [
        Kind(name, category, None, [embeddings(name, 100 * (i + 1) + j) for j in range(8)])
        for i, (name, category) in enumerate(
            {"folk": "music", "noise": "music", "photographs": "pictures", "plain": "pictures"}.items()
        )
    ]
    return References(tagger, tuple(kinds), np.eye(1, WIDTH, WIDTH - 2, dtype=np.float32))


PROTOCOL = Protocol(folds=2, repeats=1, curve_repeats=0)


def test_outsiders_and_artists_are_told_apart_where_they_differ() -> None:
    rows = artists()
    predictions = run(rows, {"lite": "lite 1"}, PROTOCOL, workers=1)
    found = evaluate_outsiders(rows, PROTOCOL, predictions, references())
    assert found
    assert found["kinds"] == {"folk": 32, "noise": 32, "photographs": 32, "plain": 32}
    assert found["artists"]["tested"] == 20
    assert found["artists"]["none_of_these"] == 0
    assert found["artists"]["none"] < 0.3
    assert set(found["held_out"]) == {"music", "pictures"}
    for rates in found["held_out"].values():
        assert rates["tested"] == 16
        assert rates["none"] > 0.7
        assert rates["sure"] < 0.2


def test_outsiders_that_look_like_the_genres_are_not_found() -> None:
    rows = artists()
    alike = [
        Kind(name, "music", None, [embeddings(genre, 300 + 10 * i + j) for j in range(8)])
        for i, (name, genre) in enumerate({"swing": "jazz", "thrash": "metal"}.items())
    ]
    predictions = run(rows, {"lite": "lite 1"}, PROTOCOL, workers=1)
    found = evaluate_outsiders(
        rows, PROTOCOL, predictions, References("lite", tuple(alike), references().size_directions)
    )
    assert found
    assert found["held_out"]["music"]["none"] == pytest.approx(0.5, abs=0.2)
    assert found["artists"]["none"] == pytest.approx(0.5, abs=0.2)


def test_artists_are_judged_by_no_more_covers_than_the_protocol_tests() -> None:
    found = []
    for covers in (COVERS, 1):
        rows, protocol = artists(), replace(PROTOCOL, max_test_covers=covers)
        predictions = run(rows, {"lite": "lite 1"}, protocol, workers=1)
        judged = evaluate_outsiders(rows, protocol, predictions, references())
        assert judged
        assert judged["artists"]["tested"] == 20
        found.append(judged["artists"]["none"])
    assert found[0] != found[1]


@pytest.mark.parametrize("embedded", [True, False])
def test_nothing_is_reported_without_references_or_embeddings(embedded: bool) -> None:
    rows = artists(embedded=embedded)
    predictions = run(rows, {"lite": "lite 1"}, PROTOCOL, workers=1)
    given = references(tagger="other") if embedded else references()
    assert evaluate_outsiders(rows, PROTOCOL, predictions, given) is None
    assert evaluate_outsiders(rows, PROTOCOL, predictions, None) is None
