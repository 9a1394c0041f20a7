from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ensemble.blends import KINDS, blended_weights, kind_of
from classifiers.ensemble.pooling import pooled
from classifiers.ensemble.results import VoterName
from classifiers.metrics.splits import scores
from classifiers.training.stacking import Stack, fit_stack

PICTURE = VoterName("lite", "embedding", "linear_svm")
TAGS = VoterName("lite", "all", "linear_svm")
OTHER_TAGS = VoterName("lite", "top", "linear_svm")
WORDS = VoterName("text", "words", "logistic_regression")
TITLES = VoterName("titles", "words", "logistic_regression")
ALL = (PICTURE, TAGS, OTHER_TAGS, WORDS, TITLES)


def drawn(seed: int, leans: tuple[float, ...], rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Votes on three genres that lean to the truth as much as is said."""
    rng, truth = np.random.default_rng(seed), np.arange(rows) % 3
    votes = rng.dirichlet(np.ones(3), size=(rows, len(leans)))
    votes += np.array(leans)[None, :, None] * np.eye(3)[truth][:, None]
    return votes / votes.sum(axis=-1, keepdims=True), truth


def shares(stack: Stack, names: tuple[VoterName, ...], votes: np.ndarray, known: np.ndarray) -> np.ndarray:
    rows = {kinds: blend.row() for kinds, blend in stack.blends.items()}
    weights = np.broadcast_to(stack.weights, known.shape)
    return pooled(votes, blended_weights([kind_of(name) for name in names], weights, known, rows))


def test_each_voter_has_a_kind() -> None:
    assert [kind_of(name) for name in ALL] == ["picture", "tags", "tags", "words", "titles"]
    assert kind_of(VoterName("colours", "embedding", "colour-knn")) == "picture"
    assert set(map(kind_of, ALL)) == set(KINDS)


def test_every_set_of_kinds_has_weights_of_its_own() -> None:
    votes, truth = drawn(1, (0.8, 0.5, 0.2, 0.6, 0.4))
    stack = fit_stack(ALL, votes, np.ones(votes.shape[:2], dtype=bool), truth)
    assert len(stack.blends) == 2**4 - 1
    assert all(set(blend.weights) == kinds for kinds, blend in stack.blends.items())
    assert stack.weights[[0, 3, 4]] == pytest.approx(1), "the only voter of its kind"
    assert stack.weights[1] + stack.weights[2] == pytest.approx(1)
    assert stack.weights[1] > stack.weights[2]


def test_a_weaker_source_that_is_right_for_other_reasons_lowers_the_loss() -> None:
    """By skill to the sixteenth power, it would have next to no weight."""
    votes, truth = drawn(2, (0.9, 0.45))
    names, known = (PICTURE, WORDS), np.ones((len(truth), 2), dtype=bool)
    stack = fit_stack(names, votes, known, truth)
    assert stack.blends[frozenset({"picture", "words"})].weights["words"] > 0.3
    new, right = drawn(3, (0.9, 0.45))
    both = scores(shares(stack, names, new, known), right)
    assert both.log_loss < scores(new[:, 0], right).log_loss - 0.1


def test_a_source_of_noise_gets_hardly_any_weight() -> None:
    votes, truth = drawn(4, (0.9, 0.0), rows=900)
    stack = fit_stack((PICTURE, WORDS), votes, np.ones((900, 2), dtype=bool), truth)
    assert stack.blends[frozenset({"picture", "words"})].weights["words"] < 0.1


@given(st.integers(0, 1000), st.sets(st.sampled_from(range(4)), min_size=1))
def test_where_a_kind_is_unknown_the_weights_of_the_others_alone_count(seed: int, there: set[int]) -> None:
    names = (PICTURE, TAGS, WORDS, TITLES)
    votes, truth = drawn(seed, (0.8, 0.5, 0.6, 0.4), rows=30)
    known = np.ones((30, 4), dtype=bool)
    stack = fit_stack(names, votes, known, truth)
    known[:] = [i in there for i in range(4)]
    some = [i for i in range(4) if i in there]
    kinds = frozenset(kind_of(names[i]) for i in some)
    expected = pooled(
        votes[:, some], np.array([stack.blends[kinds].weights[kind_of(names[i])] for i in some])
    )
    assert shares(stack, names, votes, known) == pytest.approx(expected)


def test_weights_of_a_set_are_fitted_on_artists_that_have_all_of_it() -> None:
    """Words are right where they were read, and certain of the wrong genre where none were."""
    votes, truth = drawn(6, (0.6, 0.9), rows=120)
    known = np.ones((120, 2), dtype=bool)
    votes[60:, 1] = np.eye(3)[(truth[60:] + 1) % 3]
    known[60:, 1] = False
    stack = fit_stack((PICTURE, WORDS), votes, known, truth)
    half = fit_stack((PICTURE, WORDS), votes[:60], known[:60], truth[:60])
    both = frozenset({"picture", "words"})
    assert stack.blends[both].weights == pytest.approx(half.blends[both].weights, abs=1e-6)


def test_a_set_that_some_genre_never_has_weighs_its_kinds_evenly() -> None:
    votes, truth = drawn(7, (0.6, 0.9))
    known = np.ones((90, 2), dtype=bool)
    known[truth == 1, 1] = False
    blend = fit_stack((PICTURE, WORDS), votes, known, truth).blends[frozenset({"picture", "words"})]
    assert blend.weights == {"picture": 0.5, "words": 0.5}


def test_an_optional_voter_changes_no_weight_of_the_others() -> None:
    votes, truth = drawn(8, (0.6, 0.5, 0.9))
    names = (TAGS, PICTURE, VoterName("lite", "embedding", "transfer"))
    known = np.ones((90, 3), dtype=bool)
    with_optional = fit_stack(names, votes, known, truth, 2)
    alone = fit_stack(names[:2], votes[:, :2], known[:, :2], truth)
    assert with_optional.weights[:2] == pytest.approx(alone.weights)
    assert with_optional.blends == alone.blends
    assert with_optional.weights[2] > 1, "it is better than the default voter of its kind"
