from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.references import (
    BLANKS,
    DIM,
    GENRES,
    MUSIC,
    PICTURES,
    UNUSED,
    artists,
    covers,
    kind,
    references,
    size_directions,
)
from hypothesis import given
from hypothesis import strategies as st

from classifiers.arrays import power_normalised, softmax
from classifiers.training.detector import (
    CATEGORIES,
    Detector,
    Kind,
    fit_detector,
    kind_weights,
    principal_components,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.training.detector import References

ROWS = st.lists(st.floats(-1, 1), min_size=DIM, max_size=DIM)


def fitted(given_references: References, genres: Sequence[str] = GENRES) -> Detector:
    basis = principal_components(given_references)
    return fit_detector(artists(genres=genres), given_references.kinds, given_references, genres, basis)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return fitted(references())


@pytest.mark.parametrize("genres", [GENRES, GENRES[:2]])
def test_covers_like_those_of_the_artists_speak_against_none_and_outsiders_for_it(
    genres: tuple[str, ...],
) -> None:
    found = fitted(references(), genres)
    assert found.coefficients.shape == (DIM, 1 + len(genres))
    assert found.intercepts.shape == (1 + len(genres),)
    inside = [found.evidence(covers(genre, 500 + i)) for genre in genres for i in range(5)]
    met = [found.evidence(covers(name, 500 + i)) for name in (*MUSIC, *PICTURES, *BLANKS) for i in range(5)]
    new = [found.evidence(covers(UNUSED, 500 + i)) for i in range(5)]
    assert max(inside) < min(met)
    assert max(inside) < min(new)
    assert max(inside) < 0 < np.median(met)


def test_a_cover_gets_the_genre_that_it_resembles(detector: Detector) -> None:
    for number, genre in enumerate(GENRES):
        votes = softmax(
            power_normalised(covers(genre, 600, 20)) @ detector.coefficients + detector.intercepts
        )
        assert (votes.argmax(axis=1) == 1 + number).mean() > 0.8


@given(ROWS, st.tuples(st.floats(-5, 5), st.floats(-5, 5)))
def test_a_shift_along_the_size_directions_changes_nothing(
    detector: Detector, values: list[float], shift: tuple[float, float]
) -> None:
    """Else the source of a picture would decide."""
    row = np.array(values)
    moved = row + np.array(shift) @ size_directions()
    before, after = (each @ detector.coefficients + detector.intercepts for each in (row, moved))
    assert after == pytest.approx(before, abs=1e-4)


def test_without_projection_such_a_shift_would_count() -> None:
    without = replace(references(), size_directions=np.zeros((1, DIM), np.float32))
    moved = size_directions() @ fitted(without).coefficients
    assert np.abs(moved).max() > 0.1


def test_references_of_a_genre_of_the_model_are_examples_of_it() -> None:
    """Jazz of other artists, in a direction where the model's own jazz artists are not."""
    own = references()
    as_jazz, as_outsiders = (
        replace(own, kinds=(*own.kinds, kind(UNUSED, "music", genre))) for genre in ("jazz", None)
    )
    assert [each.name for each in as_jazz.outsiders] == [*MUSIC, *PICTURES, *BLANKS]
    assert (
        fitted(as_jazz).evidence(covers(UNUSED, 700)) < 0 < fitted(as_outsiders).evidence(covers(UNUSED, 700))
    )


def test_kinds_share_the_weight_of_their_category_by_their_covers() -> None:
    few, many = kind("folk", "music", artists=1), kind("rock", "music", artists=3)
    weights = kind_weights([few, many, kind("plain", "blanks")])
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["rock"] == pytest.approx(3 * weights["folk"])
    shares = CATEGORIES["music"], CATEGORIES["blanks"]
    assert weights["plain"] == pytest.approx(shares[1] / sum(shares))
    assert sum(CATEGORIES.values()) == pytest.approx(1)


def test_a_kind_counts_the_covers_of_all_its_artists() -> None:
    assert Kind("folk", "music", None, [covers("folk", 1, 3), covers("folk", 2, 5)]).covers == 8
