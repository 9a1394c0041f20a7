from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.contest_samples import GENRES, samples

from classifiers.ensemble.results import VoterName
from spotitags.evaluation.folds import Protocol, fold_dataset
from spotitags.evaluation.leaderboard import jobs
from spotitags.evaluation.leaderboard.jobs import INTERRUPTED, Task, run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = (
    VoterName("colours", "embedding", "colour-knn"),
    VoterName("lite", "covers", "multinomial_nb"),
    VoterName("lite", "all", "no such classifier"),
)


def tasks(interrupted_after: int = len(MODELS)) -> Iterator[Task]:
    (split,) = fold_dataset(samples(per_genre=5), Protocol(folds=2, repeats=1, curve_repeats=0)).splits
    for number, model in enumerate(MODELS):
        if number == interrupted_after:
            raise KeyboardInterrupt
        yield Task(model, split.folds, GENRES, 0)


def test_a_failure_is_a_result_and_does_not_stop_the_others() -> None:
    steps: list[int] = []
    found = run_tasks(tasks(), 3, workers=1, progress=steps.append)
    assert [bool(result.error) for result in found] == [False, False, True]
    assert "no such classifier" in found[2].error
    assert steps == [1, 2, 3]
    predictions = found[0].predictions
    assert len(predictions) == 15
    assert all(np.allclose(each.votes.sum(axis=1), 1) for each in predictions)


def test_an_interruption_keeps_finished_models_and_stops_where_there_is_none() -> None:
    found = run_tasks(tasks(interrupted_after=2), 3, workers=1, progress=lambda _: None)
    assert [result.error for result in found] == ["", "", INTERRUPTED]
    assert [len(result.predictions) for result in found] == [15, 15, 0]
    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks(interrupted_after=0), 3, workers=1, progress=lambda _: None)


def test_other_processes_give_the_same_predictions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MIN_SECONDS", 0.0)
    alone = run_tasks(tasks(), 3, workers=1, progress=lambda _: None)
    together = run_tasks([*tasks()] * 4, 12, workers=2, progress=lambda _: None)
    for result, first in zip(together, alone * 4, strict=True):
        assert result.error == first.error
        pairs = zip(result.predictions, first.predictions, strict=True)
        assert all((a.votes == b.votes).all() for a, b in pairs)
