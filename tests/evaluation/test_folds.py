from __future__ import annotations

from dataclasses import replace

from helpers.samples import sample, samples
from hypothesis import given
from hypothesis import strategies as st

from spotitags.evaluation.folds import Protocol, fold_dataset, masked


def test_a_cover_on_both_sides_leaves_training() -> None:
    train = [sample("a", "jazz", ["duet", "own"]), sample("b", "jazz", ["x"])]
    test = [sample("c", "jazz", ["duet", "c's"])]
    kept, tested = masked(train, test)
    assert [list(each.row.groups) for each in kept] == [["own"], ["x"]]
    assert [list(each.row.groups) for each in tested] == [["duet", "c's"]]
    assert kept[0].row.covers["lite"] == train[0].row.covers["lite"][1:]


def test_an_artist_with_nothing_else_leaves_training_where_its_genre_can_spare_it() -> None:
    train = [sample("a", "jazz", ["duet"]), *(sample(name, "jazz", [name]) for name in "bcde")]
    kept, tested = masked(train, [sample("f", "jazz", ["duet"])])
    assert [each.id for each in kept] == ["b", "c", "d", "e"]
    assert [each.id for each in tested] == ["f"]


def test_where_training_cannot_spare_it_the_cover_leaves_the_tested_artist() -> None:
    train = [sample("a", "jazz", ["hits"]), sample("b", "jazz", ["hits"])]
    test = [sample("c", "jazz", ["hits", "own"]), sample("d", "jazz", ["hits"])]
    kept, tested = masked(train, test)
    assert [each.id for each in kept] == ["a", "b"]
    assert [(each.id, list(each.row.groups)) for each in tested] == [("c", ["own"])]


def test_samples_without_a_shared_cover_stay_as_they_are() -> None:
    train, test = (
        [sample("a", "jazz", ["a's"]), sample("b", "jazz", ["duet", "b's"])],
        [sample("c", "jazz", ["duet"])],
    )
    kept, tested = masked(train, test)
    assert kept[0] is train[0]
    assert kept[1] is not train[1]
    assert tested == test
    assert tested[0] is test[0]


def test_the_masked_covers_of_a_fold_are_counted() -> None:
    artists = samples(per_genre=6, covers=3, genres=["jazz", "pop"])
    once = Protocol(folds=2, repeats=3, curve_repeats=0)
    assert fold_dataset(artists, once).masked == 0
    rows = [replace(each.row, groups=("shared", *each.row.groups[1:])) for each in artists]
    every = [replace(each, row=row) for each, row in zip(artists, rows, strict=True)]
    assert fold_dataset(every, once).masked == 6, "of two folds each loses one cover of 6 training artists"
    two = [*every[:1], *artists[1:6], *every[6:7], *artists[7:]]
    counts = {split.masked for split in fold_dataset(two, replace(once, repeats=8)).splits}
    assert counts == {0.0, 1.0}, "the cover is on both sides of both folds, or of none"


def test_a_limit_of_tested_covers_is_no_mask() -> None:
    artists = samples(per_genre=4, covers=3, genres=["jazz", "pop"])
    dataset = fold_dataset(artists, Protocol(folds=2, repeats=1, curve_repeats=0, max_test_covers=2))
    assert dataset.masked == 0
    assert {len(row) for fold in dataset.splits[0].folds for row in fold.test} == {2}
    assert {len(row) for fold in dataset.splits[0].folds for row in fold.train} == {3}


GROUPS = st.lists(st.integers(0, 8).map(str), min_size=1, max_size=4)


@given(
    st.lists(st.tuples(st.sampled_from("xy"), GROUPS), min_size=2, max_size=12), st.lists(GROUPS, max_size=6)
)
def test_no_cover_is_ever_on_both_sides_and_no_genre_is_lost(
    learnt: list[tuple[str, list[str]]], shown: list[list[str]]
) -> None:
    train = [
        sample(f"train {i}", "jazz" if g == "x" else "pop", groups) for i, (g, groups) in enumerate(learnt)
    ]
    test = [sample(f"test {i}", "metal", groups) for i, groups in enumerate(shown)]
    kept, tested = masked(train, test)
    here = {group for each in kept for group in each.row.groups}
    assert here.isdisjoint(group for each in tested for group in each.row.groups)
    assert all(len(each) for each in (*kept, *tested))
    for genre in {each.genre for each in train}:
        before = sum(each.genre == genre for each in train)
        after = sum(each.genre == genre for each in kept)
        assert after >= min(before, max(2, (before + 1) // 2))
