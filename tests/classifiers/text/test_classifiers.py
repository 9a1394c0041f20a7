from __future__ import annotations

import numpy as np
import pytest

from classifiers.errors import ClassifierError
from classifiers.text import build_classifier, classifier_names

RNG = np.random.default_rng(0)
TRUTH = np.repeat([0, 1, 2], 8)
ROWS = np.eye(3)[TRUTH] + RNG.random((24, 3)) * 0.4


def test_the_four_classifiers_are_found_by_their_files() -> None:
    assert classifier_names() == ["complement_nb", "linear_svm", "logistic_regression", "multinomial_nb"]


@pytest.mark.parametrize("name", classifier_names())
def test_a_classifier_learns_and_answers_with_probabilities(name: str) -> None:
    model = build_classifier(name, inner_folds=3, seed=0).fit(ROWS, TRUTH, sample_weight=np.ones(24))
    votes = model.predict_proba(np.eye(3))
    assert votes.sum(axis=1) == pytest.approx(1)
    assert votes.argmax(axis=1).tolist() == [0, 1, 2]
    assert votes.max(axis=1).min() > 0.5


@pytest.mark.parametrize("name", classifier_names())
def test_weights_of_rows_count(name: str) -> None:
    heavy_second = np.where(TRUTH == 1, 20.0, 1.0)
    between = np.array([[0.5, 0.5, 0.0]])
    plain = build_classifier(name, inner_folds=3, seed=0).fit(ROWS, TRUTH, sample_weight=np.ones(24))
    tilted = build_classifier(name, inner_folds=3, seed=0).fit(ROWS, TRUTH, sample_weight=heavy_second)
    assert tilted.predict_proba(between)[0, 1] > plain.predict_proba(between)[0, 1]


def test_an_unknown_classifier_names_those_there_are() -> None:
    with pytest.raises(ClassifierError, match="multinomial_nb"):
        build_classifier("forest", inner_folds=3, seed=0)
