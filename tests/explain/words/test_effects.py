from __future__ import annotations

import pytest
from helpers.word_samples import COVERS, artists
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.training.dataset import Row
from spotitags.errors import InputError
from spotitags.evaluation.samples import Sample
from spotitags.explain.words.effects import GenreWords, Word, telling_words


def word(found: GenreWords, label: str) -> Word:
    return next(word for word in found.words if word.label == label)


@pytest.mark.parametrize("seed", range(4))
def test_the_word_that_was_planted_is_sure_and_no_other(seed: int) -> None:
    jazz, metal = telling_words(artists(24, seed))
    assert [word.label for word in metal.words if word.sure] == ["sword"]
    sword = metal.words[0]
    assert sword.label == "sword"
    assert sword.effect > sword.low > 0
    assert sword.share > 0.6
    assert sword.other_share < 0.2
    assert sword.covers == round(sword.share * metal.covers)
    mirrored = word(jazz, "sword")
    assert mirrored.sure
    assert mirrored.score == pytest.approx(-sword.score)
    assert mirrored.high < 0


def test_without_a_difference_hardly_any_table_has_a_sure_word() -> None:
    tables = [telling_words(artists(16, seed, planted=0.05), genre="metal")[0] for seed in range(40)]
    assert sum(any(word.sure for word in table.words) for table in tables) <= 6  # 2 expected


def test_equal_samples_and_seeds_give_equal_words() -> None:
    samples = artists(10)
    assert telling_words(samples, seed=3) == telling_words(samples, seed=3)


def test_covers_of_one_artist_given_one_by_one_count_as_one_artist() -> None:
    whole = artists(8)
    single = [
        Sample(
            Row(f"{one.id}/{i}", one.genre, {"lite": [one.row.covers["lite"][i]]}, {}, (one.row.groups[i],)),
            one.unit,
        )
        for one in whole
        for i in range(COVERS)
    ]
    assert telling_words(single) == telling_words(whole)


def test_a_word_of_a_single_artist_is_left_out() -> None:
    samples = artists(8)
    samples[0].row.covers["lite"][0]["only here"] = 1.0
    assert all(word.label != "only here" for found in telling_words(samples) for word in found.words)


@settings(max_examples=20)
@given(st.integers(1, 6))
def test_twice_the_artists_with_the_same_words_leave_the_effect_nearly_as_it_is(times: int) -> None:
    samples = artists(8, noise=5)
    more = [
        Sample(one.row, f"{one.unit} {copy}")
        for one in samples
        if one.genre == "jazz"
        for copy in range(times)
    ] + [one for one in samples if one.genre == "metal"]
    before, after = telling_words(samples, genre="metal")[0], telling_words(more, genre="metal")[0]
    assert word(after, "sword").share == word(before, "sword").share
    assert word(after, "sword").effect == pytest.approx(word(before, "sword").effect, abs=0.8)


def test_two_genres_of_several_are_compared_with_each_other_alone() -> None:
    samples = artists(12)
    samples += [
        Sample(Row(f"c{i}", "country", one.row.covers, {}, one.row.groups), f"c{i}")
        for i, one in enumerate(artists(4, 1))
    ]
    (found,) = telling_words(samples, genre="Metal", against="jazz")
    assert (found.genre, found.others, found.artists, found.other_artists) == ("metal", ("jazz",), 6, 6)
    (among_all,) = telling_words(samples, genre="metal")
    assert among_all.others == ("country", "jazz")
    assert among_all.other_covers == 10 * COVERS


@pytest.mark.parametrize(
    ("genre", "against", "message"),
    [
        ("polka", None, "no artist has the genre 'polka': choose from jazz, metal"),
        ("metal", "metal", "metal is compared with itself"),
        (None, "jazz", "give the genre to compare, too"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(
    genre: str | None, against: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        telling_words(artists(6), genre=genre, against=against)


def test_a_genre_with_one_artist_is_refused_by_name_and_left_out_otherwise() -> None:
    samples = [*artists(6)[:4], Sample(Row("p", "polka", {"lite": [{"sword": 1.0}]}, {}, ("p",)), "p")]
    with pytest.raises(InputError, match="polka has only one artist: give 2 or more"):
        telling_words(samples, genre="polka")
    assert [found.genre for found in telling_words(samples)] == ["jazz", "metal"]
