from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classifiers.errors import ClassifierError
from classifiers.text.views import (
    VIEWS,
    ViewOptions,
    bag_vectors,
    distinct,
    fit_view,
    heaviest,
    log_odds,
    sum_tags,
    totals,
)

if TYPE_CHECKING:
    from random import Random

LABELS = [f"label {i}" for i in range(8)]
BAG = st.dictionaries(st.sampled_from(LABELS), st.floats(0.001, 15))
BAGS = [{"a": 3.0, "b": 1.0}, {"a": 1.0, "c": 2.0}, {"a": 1.0, "b": 2.0}, {"d": 1.0, "a": 1.0}]
GENRES = ["x", "y", "x", "y"]


@given(BAG, st.floats(0.01, 100))
def test_a_row_has_length_one_whatever_the_number_of_covers(bag: dict[str, float], scale: float) -> None:
    row = bag_vectors([bag], LABELS)[0]
    assert np.linalg.norm(row) == pytest.approx(1 if bag else 0)
    scaled = bag_vectors([{label: weight * scale for label, weight in bag.items()}], LABELS)[0]
    assert scaled == pytest.approx(row)


@given(BAG, st.integers(1, 8))
def test_a_heavier_label_has_the_larger_number(bag: dict[str, float], root: int) -> None:
    row = dict(zip(LABELS, bag_vectors([bag], LABELS, root=root)[0], strict=True))
    ranked = [row[label] for label, _ in heaviest(bag)]
    assert ranked == sorted(ranked, reverse=True)
    assert all(row[label] == 0 for label in LABELS if label not in bag)


def test_labels_out_of_the_vocabulary_change_nothing() -> None:
    assert bag_vectors([{"a": 1.0, "new": 9.0}], ["a", "b"]).tolist() == [[1.0, 0.0]]
    assert bag_vectors([{"new": 9.0}], ["a", "b"]).tolist() == [[0.0, 0.0]]


def test_the_top_is_taken_of_the_whole_bag() -> None:
    assert bag_vectors([{"a": 1.0, "new": 9.0}], ["a"], top=1).tolist() == [[0.0]]
    assert bag_vectors([{"a": 1.0, "b": 2.0}], ["a", "b"], top=1).tolist() == [[0.0, 1.0]]


def test_views_choose_their_labels() -> None:
    views = {name: fit_view(name, BAGS, GENRES, ViewOptions(top=1, distinct=2)) for name in VIEWS}
    assert views["all"].labels == ("a", "b")
    assert views["top"].labels == ("a",)
    assert views["distinct"].labels == ("b", "c")
    assert views["log-odds"].labels == ("a", "b")
    assert views["top"].vectors([{"b": 2.0, "a": 1.0}]).tolist() == [[0.0]]


def test_by_default_the_view_top_uses_the_hundred_heaviest_labels() -> None:
    bag = {f"label {i:03}": 200.0 - i for i in range(150)}
    view = fit_view("top", [bag, bag], ["x", "y"])
    assert view.labels == tuple(sorted(bag)[:100])
    assert not view.vectors([{**bag, "label 000": 0.01}])[0, 0], "not among the bag's hundred heaviest"


def test_by_default_views_by_genre_use_a_hundred_labels_of_each() -> None:
    bags = [{f"{genre} {i:03}": 200.0 - i for i in range(150)} for genre in "xy"]
    assert len(fit_view("distinct", bags, ["x", "y"]).labels) == 200
    assert len(fit_view("log-odds", bags * 2, ["x", "y"] * 2).labels) == 200


@given(st.lists(BAG, max_size=5), st.randoms())
def test_a_bag_sums_the_tags_of_covers_in_any_order(covers: list[dict[str, float]], random: Random) -> None:
    bag = sum_tags(cover.items() for cover in covers)
    assert bag == pytest.approx(
        {label: sum(cover.get(label, 0) for cover in covers) for label in {n for c in covers for n in c}}
    )
    random.shuffle(covers)
    assert sum_tags(cover.items() for cover in covers) == bag


def test_single_covers_are_damped_more_than_bags() -> None:
    seen = [{"a": 1.0, "b": 0.001}]
    bag, cover = (fit_view(name, BAGS, GENRES).vectors(seen)[0] for name in ("all", "covers"))
    assert bag[1] / bag[0] == pytest.approx(0.001 ** (1 / 3))
    assert cover[1] / cover[0] == pytest.approx(0.001 ** (1 / 5))


def test_an_unknown_view_names_those_there_are() -> None:
    with pytest.raises(ClassifierError, match="log-odds"):
        fit_view("best", BAGS, GENRES)


def test_distinct_is_the_rule_of_2015() -> None:
    sums = totals(BAGS, GENRES)
    assert sums == {"x": {"a": 4.0, "b": 3.0}, "y": {"a": 2.0, "c": 2.0, "d": 1.0}}
    assert distinct(sums, 2) == {"x": [("b", 3.0)], "y": [("c", 2.0)]}
    assert distinct(sums, 1) == {"x": [], "y": []}


@given(st.lists(BAG, min_size=2, max_size=6), st.integers(1, 5))
def test_no_label_is_distinct_in_two_genres(bags: list[dict[str, float]], k: int) -> None:
    tags = distinct(totals(bags, [f"genre {i}" for i in range(len(bags))]), k)
    labels = [label for ranked in tags.values() for label, _ in ranked]
    assert len(labels) == len(set(labels))
    assert all(len(ranked) <= k for ranked in tags.values())


def test_log_odds_follow_the_paper() -> None:
    scores = log_odds({"x": {"a": 6.0, "b": 2.0}, "y": {"a": 1.0, "b": 3.0}}, prior=12)
    prior_a, prior_b = 12 * 7 / 12, 12 * 5 / 12
    delta = log((6 + prior_a) / (2 + prior_b)) - log((1 + prior_a) / (3 + prior_b))
    assert dict(scores["x"])["a"] == pytest.approx(delta / sqrt(1 / (6 + prior_a) + 1 / (1 + prior_a)))


@given(BAG, BAG)
def test_of_two_genres_the_scores_are_opposite(one: dict[str, float], other: dict[str, float]) -> None:
    assume(one or other)
    scores = log_odds({"x": one, "y": other})
    x, y = dict(scores["x"]), dict(scores["y"])
    assert set(x) == set(one) | set(other)
    assert all(x[label] == pytest.approx(-y[label], abs=1e-9) for label in x)


@given(BAG)
def test_a_label_that_all_show_alike_says_nothing(bag: dict[str, float]) -> None:
    scores = log_odds({"x": bag, "y": bag})
    assert all(z == pytest.approx(0, abs=1e-9) for _, z in scores["x"])


def test_log_odds_need_two_genres() -> None:
    with pytest.raises(ClassifierError, match="two genres"):
        log_odds({"x": {"a": 1.0}})
