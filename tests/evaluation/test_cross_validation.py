from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.rows import versions
from helpers.samples import sample, samples

from classifiers.metrics.bootstrap import estimates, metrics, resamples, row_stats
from classifiers.training.dataset import Row
from spotitags.errors import InputError
from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.folds import Protocol, fold_dataset, shuffled
from spotitags.evaluation.samples import Sample

if TYPE_CHECKING:
    from spotitags.evaluation.predictions import HeldOutPredictions


def balanced_accuracy(answers: HeldOutPredictions) -> tuple[float, float, float]:
    stats = row_stats(answers.ensemble, answers.truth)
    drawn = resamples(answers.truth, list(map(str, range(len(answers.truth)))), seed=0)
    return estimates(metrics(stats, np.ones((1, len(answers.truth)))), metrics(stats, drawn))[
        "balanced_accuracy"
    ]


def stamped(name: str, genre: str, rng: random.Random, album: tuple[str, dict[str, float]] | None) -> Sample:
    """An artist of noise alone, with one album of its own and perhaps one that others have, too."""
    own = (name, {f"label {rng.randrange(60)}": 1.0 for _ in range(12)})
    covers = [own] if album is None else [own, album]
    row = Row(name, genre, {"lite": [tags for _, tags in covers]}, groups=tuple(group for group, _ in covers))
    return Sample(row, name)


def test_real_genres_are_found_and_genres_permuted_at_random_are_chance() -> None:
    artists = samples(per_genre=10, covers=4)
    real = balanced_accuracy(run(artists, versions(), Protocol(3, 1, 0), workers=1))
    assert real[0] > 0.8
    permuted = [
        balanced_accuracy(run(artists, versions(), Protocol(3, 1, 0, seed=seed, shuffled=True), workers=1))
        for seed in range(3)
    ]
    assert np.mean([value for value, _, _ in permuted]) == pytest.approx(1 / 3, abs=0.15)
    assert sum(low <= 1 / 3 <= high for _, low, high in permuted) >= 2
    assert all(high < real[0] for _, _, high in permuted)


def test_an_album_under_two_artists_is_masked_and_would_be_a_leak() -> None:
    """Noise, but that four artists of a genre have an album in common: only a leak tells genres."""
    rng = random.Random(4)
    artists = []
    for four in range(8):
        album = (f"album {four}", {f"sign {four} {i}": 1.0 for i in range(12)})
        artists += [stamped(f"{four} {side}", ("jazz", "pop")[four % 2], rng, album) for side in "abcd"]
    hidden = [
        replace(each, row=replace(each.row, groups=[f"{each.id} {i}" for i in range(2)])) for each in artists
    ]
    apart = run(artists, versions(), Protocol(4, 1, 0), workers=1)
    leaking = run(hidden, versions(), Protocol(4, 1, 0), workers=1)
    assert apart.masked > 0
    assert leaking.masked == 0
    assert balanced_accuracy(apart)[0] < 0.7
    assert balanced_accuracy(leaking)[0] > 0.9


def test_units_are_never_split_and_every_row_is_tested_once_a_repeat() -> None:
    rows = [
        replace(sample(f"{genre} {i}", genre, [f"{genre} {i}"]), unit=f"{genre} {i // 3}")
        for genre in ("jazz", "pop")
        for i in range(18)
    ]
    splits = fold_dataset(rows, Protocol(3, 4, 0)).splits
    assert len(splits) == len({tuple(split.tested) for split in splits}) == 4
    unit = {each.id: each.unit for each in rows}
    for split in splits:
        assert sorted(split.tested) == list(range(36))
        assert [row.id for fold in split.folds for row in fold.test] == [rows[i].id for i in split.tested]
        for train, test in split.folds:
            assert sorted(row.id for row in (*train, *test)) == sorted(unit)
            assert {unit[row.id] for row in train}.isdisjoint(unit[row.id] for row in test)
            assert {row.genre for row in test} == {"jazz", "pop"}


def test_shuffling_permutes_genres_of_whole_units() -> None:
    rows = [
        replace(sample(f"{i}", "jazz" if i < 12 else "pop", [str(i)]), unit=f"{i // 2}") for i in range(24)
    ]
    permuted = shuffled(rows, seed=1)
    assert Counter(each.genre for each in permuted) == {"jazz": 12, "pop": 12}
    assert [each.genre for each in permuted] != [each.genre for each in rows]
    for first, second in zip(permuted[::2], permuted[1::2], strict=True):
        assert first.genre == second.genre


def test_curves_are_drawn_by_the_first_repeats() -> None:
    artists = samples(per_genre=8, covers=3)
    answers = run(artists, versions(), Protocol(2, 2, 1), workers=1)
    assert list(answers.by_artists) == sorted(answers.by_artists)
    assert min(answers.by_artists) >= 9
    assert max(answers.by_artists) <= answers.trained_on == 12
    assert answers.by_covers.shape == (10, 1, 24, 3)
    assert np.allclose(answers.by_covers[2:], answers.ensemble[0])
    assert not np.allclose(answers.by_covers[0], answers.ensemble[0])
    assert answers.ensemble.sum(axis=-1) == pytest.approx(np.ones((2, 24)))


def test_tested_artists_may_show_fewer_covers_than_are_learnt_from() -> None:
    artists = samples(per_genre=6, covers=3)
    one = run(artists, versions(), Protocol(2, 1, 1, max_test_covers=1), workers=1)
    assert np.allclose(one.by_covers, one.ensemble[0])


def test_more_processes_give_the_same_answers() -> None:
    artists = samples(per_genre=4, covers=2)
    alone, together = (run(artists, versions(), Protocol(2, 2, 0), workers=n) for n in (1, 2))
    assert np.array_equal(alone.ensemble, together.ensemble)


@pytest.mark.parametrize(
    ("protocol", "message"), [(Protocol(folds=1), "2 folds"), (Protocol(repeats=0), "1 repeat")]
)
def test_impossible_protocols_are_refused(protocol: Protocol, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fold_dataset(samples(4), protocol)


def test_too_few_artists_say_so() -> None:
    with pytest.raises(InputError, match=r"too few artists of jazz \(2\)"):
        fold_dataset([*samples(4, genres=["pop"]), *samples(2, genres=["jazz"])], Protocol())
