from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.contest_samples import GENRES, samples

from classifiers.ensemble.results import VoterName
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.leaderboard.contest import fold_dataset
from spotitags.evaluation.leaderboard.jobs import Task, run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = (
    VoterName("colours", "embedding", "colour-knn"),
    VoterName("lite", "covers", "multinomial_nb"),
    VoterName("lite", "all", "no such classifier"),
)


def tasks(interrupted_after: int = len(MODELS)) -> Iterator[Task]:
    (folds,) = fold_dataset(samples(per_genre=5), Protocol(folds=2, repeats=1)).repeats
    for number, model in enumerate(MODELS):
        if number == interrupted_after:
            raise KeyboardInterrupt
        yield Task(model, model, folds, GENRES, 0)


def test_a_failure_is_a_result_and_stops_nobody() -> None:
    steps: list[int] = []
    found = run_tasks(tasks(), 3, workers=1, progress=steps.append)
    assert [bool(found[model].error) for model in MODELS] == [False, False, True]
    assert "no such classifier" in found[MODELS[2]].error
    assert steps == [1, 2, 3]
    answers = found[MODELS[0]].answers
    assert len(answers) == 15
    assert all(np.allclose(each.votes.sum(axis=1), 1) for each in answers)


def test_an_interruption_leaves_what_was_finished_and_nothing_is_an_interruption() -> None:
    found = run_tasks(tasks(interrupted_after=2), 3, workers=1, progress=lambda _: None)
    assert list(found) == list(MODELS[:2])
    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks(interrupted_after=0), 3, workers=1, progress=lambda _: None)


def test_other_processes_answer_the_same() -> None:
    many = [task._replace(key=(number, task.key)) for number in range(12) for task in tasks()]
    alone = run_tasks(many[:3], 3, workers=1, progress=lambda _: None)
    together = run_tasks(many, 10**9, workers=2, progress=lambda _: None)
    assert len(together) == len(many)
    for (_, model), result in together.items():
        first = alone[0, model]
        assert result.error == first.error
        assert all((a.votes == b.votes).all() for a, b in zip(result.answers, first.answers, strict=True))
