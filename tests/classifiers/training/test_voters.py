from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.rows import versions

from classifiers.training.dataset import Row
from classifiers.training.voters import fit_voters, voter_names

if TYPE_CHECKING:
    import numpy as np


def artists(genre: str, label: str, covers: int, count: int) -> list[Row]:
    """Artists whose covers all show one label."""
    return [Row(f"{genre} {label} {i}", genre, {"lite": [{label: 1.0}] * covers}) for i in range(count)]


def votes(rows: list[Row], view: str) -> np.ndarray:
    names = voter_names(rows, versions(), (view,), ("logistic_regression",))
    (fitted,) = fit_voters(rows, names, ["jazz", "pop"])
    return fitted.predict([Row("new", "", {"lite": [{"guitar": 1.0}]})])[0].votes[0]


def test_an_artists_covers_teach_as_much_as_the_square_root_of_their_number() -> None:
    """The one with nine covers of guitars weighs as much as three with one cover each."""
    rows = [
        *artists("jazz", "guitar", 9, 2), *artists("pop", "guitar", 1, 6),
        *artists("jazz", "drum", 1, 6), *artists("pop", "drum", 9, 2),
    ]  # fmt: skip
    assert votes(rows, "covers") == pytest.approx(0.5, abs=1e-3)
    more = [*rows, *artists("pop", "guitar", 9, 1)]
    assert votes(more, "covers")[1] > 0.53


def test_on_bags_artists_teach_alike_however_many_covers_they_have() -> None:
    rows = [
        *artists("jazz", "guitar", 9, 4), *artists("pop", "guitar", 1, 4),
        *artists("jazz", "drum", 1, 4), *artists("pop", "drum", 9, 4),
    ]  # fmt: skip
    assert votes(rows, "all") == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("many", "few"), [("jazz", "pop"), ("pop", "jazz")])
def test_genres_teach_alike_however_many_artists_they_have(many: str, few: str) -> None:
    rows = [
        *artists(many, "guitar", 2, 30), *artists(many, "drum", 2, 30),
        *artists(few, "guitar", 2, 3), *artists(few, "drum", 2, 3),
    ]  # fmt: skip
    assert votes(rows, "covers") == pytest.approx(0.5, abs=1e-2)
