from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from helpers.rows import versions
from helpers.samples import samples

from spotitags.evaluation import cross_validation
from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.fold_cache import FoldCache
from spotitags.evaluation.folds import Protocol
from spotitags.io.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.evaluation.cross_validation import EnsemblePredictions
    from spotitags.evaluation.samples import Sample

PROTOCOL = Protocol(2, 2, 1)


class Steps:
    """Numbers of fitted splits and of reported ones."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.fitted = 0
        self.reported: list[int] = []
        self.stop_after = stop_after
        self._predict = cross_validation._predict

    def predict(self, task: object) -> object:
        if self.fitted == self.stop_after:
            raise KeyboardInterrupt
        self.fitted += 1
        return self._predict(task)  # type: ignore[arg-type]

    def run(
        self, artists: Sequence[Sample], folder: Path, protocol: Protocol = PROTOCOL
    ) -> EnsemblePredictions:
        with patch.object(cross_validation, "_predict", self.predict):
            return run(
                artists, versions(), protocol, workers=1, finished=FoldCache(Cache(folder)),
                progress=lambda _stage, done, _of: self.reported.append(done),
            )  # fmt: skip


def test_an_interrupted_evaluation_fits_only_what_is_left(tmp_path: Path) -> None:
    artists = samples(per_genre=6, covers=2)
    whole = run(artists, versions(), PROTOCOL, workers=1)
    with pytest.raises(KeyboardInterrupt):
        Steps(stop_after=2).run(artists, tmp_path)
    second = Steps()
    found = second.run(samples(per_genre=6, covers=2), tmp_path)  # equal rows, other objects
    assert second.reported[0] == 2
    assert second.fitted == second.reported[-1] - 2 > 0
    third = Steps()
    again = third.run(artists, tmp_path)
    assert third.fitted == 0
    for each in (found, again):
        np.testing.assert_array_equal(each.votes, whole.votes)
        np.testing.assert_array_equal(each.weights, whole.weights)
        np.testing.assert_array_equal(each.by_covers, whole.by_covers)
        assert list(each.by_artists) == list(whole.by_artists)
        for size, shares in whole.by_artists.items():
            np.testing.assert_array_equal(each.by_artists[size], shares)


def test_everything_that_decides_on_a_split_is_part_of_its_key(tmp_path: Path) -> None:
    artists = samples(per_genre=6, covers=2)
    protocol = Protocol(2, 1, 0)
    Steps().run(artists, tmp_path, protocol)
    row = artists[0].row
    tags = {tagger: [dict(each) | {"new": 0.5} for each in covers] for tagger, covers in row.covers.items()}
    retagged = [replace(artists[0], row=replace(row, covers=tags)), *artists[1:]]
    for others, changed in ((retagged, protocol), (artists, replace(protocol, seed=1))):
        steps = Steps()
        steps.run(others, tmp_path, changed)
        assert steps.fitted > 0
    steps = Steps()
    with patch("spotitags.evaluation.fold_cache.code_version", return_value="another"):
        steps.run(artists, tmp_path, protocol)
    assert steps.fitted > 0
    steps = Steps()
    steps.run(artists, tmp_path, protocol)
    assert steps.fitted == 0


def test_very_large_splits_are_not_kept(tmp_path: Path) -> None:
    artists = samples(per_genre=6, covers=2)
    with patch("spotitags.evaluation.fold_cache.MAX_NUMBERS", 10):
        Steps().run(artists, tmp_path, Protocol(2, 1, 0))
    assert Cache(tmp_path).keys("folds") == []
