from __future__ import annotations

import numpy as np
import pytest

from classifiers.ensemble.occlusion import OccludedVotes, explain_votes
from classifiers.ensemble.results import VoterName

TAGS = VoterName("lite", "all", "linear_svm")
PICTURES = VoterName("lite", "embedding", "linear_svm")


def votes(*metal: float) -> np.ndarray:
    """(n_voters, 3): the probability of metal, the rest in equal parts."""
    return np.array([[(1 - p) / 2, p, (1 - p) / 2] for p in metal])


def test_a_tag_counts_where_the_shares_are_saturated() -> None:
    tags = [("lite", "skull"), ("lite", "flame"), ("lite", "common")]
    sure = 1 - 1e-9
    of_all = np.stack([votes(p, sure) for p in (1 - 2e-9, 1 - 2e-6, 1 - 2e-12, 1 - 2e-9)])
    found = explain_votes(
        OccludedVotes(("jazz", "metal", "pop"), (TAGS, PICTURES), np.array([0.25, 0.75]), tags, of_all),
        ("metal", "pop"),
        10,
    )
    assert [(pull.label, pull.pull) for pull in found.overall] == [
        ("flame", pytest.approx(0, abs=1e-8)),
        ("skull", pytest.approx(0, abs=1e-8)),
    ]
    assert [pull.log_odds for pull in found.overall] == pytest.approx(
        [-0.25 * 3 * np.log(10), 0.25 * 3 * np.log(10)], rel=1e-3
    )
    assert [pull.log_odds for pull in found.voters[TAGS]] == pytest.approx(
        [-3 * np.log(10), 3 * np.log(10)], rel=1e-3
    ), "alone and unweighted"
    assert found.voters[PICTURES] == ()
    assert found.evidence.tags == pytest.approx(0.25 * 9 * np.log(10), rel=1e-6)
    assert found.evidence.pictures == pytest.approx(0.75 * np.log(2e9), rel=1e-6)
    assert found.evidence.in_shares == pytest.approx(np.log(1000), rel=1e-3), "no voter can rule pop out"
    assert found.evidence.log_odds > 2 * found.evidence.in_shares
