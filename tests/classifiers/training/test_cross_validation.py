from __future__ import annotations

import numpy as np
import pytest

from classifiers.ensemble.pooling import Sharpness, pool_covers
from classifiers.training.cross_validation import fit_sharpness
from classifiers.training.voters import VoterPredictions

BLOCKS, SIZE = 4, 10


def artist(rng: np.random.Generator, right: float) -> tuple[VoterPredictions, int]:
    """Forty covers in blocks of ten alike, each block for the true genre in a fraction ``right`` of cases."""
    blocks = np.where(rng.random((BLOCKS, 1)) < right, [[0.7, 0.3]], [[0.3, 0.7]])
    votes = np.repeat(blocks, SIZE, axis=0)
    genre = int(rng.integers(2))
    return VoterPredictions(votes[:, ::-1] if genre else votes, np.ones(len(votes), dtype=bool)), genre


def test_sharpness_is_fitted_on_all_covers_of_an_artist_not_on_chunks_alone() -> None:
    """Ten covers say no more than one here, but forty do; chunks have ten at most."""
    rng = np.random.default_rng(0)
    artists = [artist(rng, 0.7) for _ in range(300)]
    sharpness = fit_sharpness(artists)
    assert sharpness.growth > 0.05
    agreeing = np.repeat([[0.7, 0.3]], BLOCKS * SIZE, axis=0)
    one, forty = (pool_covers(agreeing[:n], np.ones(n, dtype=bool), sharpness)[0] for n in (1, 40))
    assert one < 0.75 < forty


def test_covers_that_say_nothing_about_a_genre_are_not_sharpened() -> None:
    rng = np.random.default_rng(0)
    sharpness = fit_sharpness([artist(rng, 0.5) for _ in range(300)])
    agreeing = np.repeat([[0.7, 0.3]], BLOCKS * SIZE, axis=0)
    assert pool_covers(agreeing, np.ones(40, dtype=bool), sharpness)[0] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("covers", [0, 3])
def test_without_a_known_cover_the_sharpness_is_that_of_a_plain_mean(covers: int) -> None:
    unknown = VoterPredictions(np.full((covers, 2), 0.5), np.zeros(covers, dtype=bool))
    assert fit_sharpness([(unknown, 0), (unknown, 1)]) == Sharpness(1.0, 0.5)
    assert fit_sharpness([]) == Sharpness(1.0, 0.5)


def test_artists_without_a_known_cover_change_nothing() -> None:
    rng = np.random.default_rng(1)
    artists = [artist(rng, 0.8) for _ in range(20)]
    unknown = VoterPredictions(np.full((3, 2), 0.5), np.zeros(3, dtype=bool)), 1
    assert fit_sharpness([*artists, unknown]) == fit_sharpness(artists)
