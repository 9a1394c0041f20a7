from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classifiers.text.ngrams import GRAM, ngrams, with_ngrams
from classifiers.text.views import WORDS, ViewOptions, fit_view

BAGS = [{"parental": 1.0, "advisory": 1.0}, {"parental": 0.5, "piano": 1.0}, {"piano": 2.0, "pianos": 1.0}]


@given(st.text(st.sampled_from("abc -'é"), min_size=1, max_size=12))
def test_ngrams_are_those_of_scikit_learn_inside_words(label: str) -> None:
    """`char_wb`; a word that is shorter with its spaces than an n-gram is counted for each length here."""
    analyse = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), lowercase=False).build_analyzer()
    assert {gram.removeprefix(GRAM) for gram in ngrams(label)} == set(analyse(label))


def test_a_bag_has_its_words_and_the_sums_of_their_ngrams() -> None:
    found = with_ngrams({"piano": 2.0, "pianos": 1.0})
    assert found["piano"] == 2
    assert found["~pian"] == found["~ pi"] == 3
    assert found["~nos "] == 1


def test_words_of_two_artists_and_ngrams_of_three_are_columns() -> None:
    view = fit_view(WORDS, BAGS, ["a", "b", "c"])
    assert {label for label in view.labels if not label.startswith(GRAM)} == {"parental", "piano"}
    assert {label for label in view.labels if label.startswith(GRAM)} == {"~ pa", "~ pi"} & set(view.labels)
    every = fit_view(WORDS, BAGS, ["a", "b", "c"], ViewOptions(min_artists=1, min_artists_of_ngram=1))
    assert {"advisory", "~advi", "pianos"} <= set(every.labels)


def test_rows_are_tf_idf_as_scikit_learn_computes_it() -> None:
    view = fit_view(WORDS, BAGS, ["a", "b", "c"], ViewOptions(min_artists=1, min_artists_of_ngram=1))
    rows = view.vectors(BAGS)
    words = [i for i, label in enumerate(view.labels) if not label.startswith(GRAM)]
    texts = ["parental parental advisory advisory", "parental piano piano", "piano piano pianos"]
    expected = TfidfVectorizer(vocabulary=[view.labels[i] for i in words]).fit_transform(texts).toarray()
    assert rows[:, words] == pytest.approx(expected, abs=1e-5)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.sqrt(2)), "words and n-grams have length 1 each"
    assert not view.vectors([{"xyz": 1.0}]).any()
    assert view.vectors([{"advisery": 1.0}])[0, view.labels.index("~advi")] > 0, "a misread word is known"
