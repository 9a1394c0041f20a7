"""Requested genres beside those of the model."""

from __future__ import annotations

import pytest

from spotitags.errors import InputError
from spotitags.pipeline.genre_choice import check_spelling, choose_genres, unknown_genres

KNOWN = ("classical", "country", "hiphop", "jazz", "metal")


def test_each_genre_counts_once_in_the_models_spelling_and_aliases_are_named() -> None:
    said: list[str] = []
    chosen = choose_genres(["Metal", "Hip-Hop", "rap", "Doom Metal", "doom-metal"], KNOWN, said.append)
    assert chosen == ("metal", "hiphop", "Doom Metal")
    assert said == [
        "genres: Hip-Hop is hiphop",
        "genres: rap is hiphop",
        "genres: doom-metal is Doom Metal",
    ]


def test_a_model_of_two_aliases_keeps_both() -> None:
    assert choose_genres(["rap", "hip hop"], ["rap", "hip hop"], pytest.fail) == ("rap", "hip hop")


def test_two_names_of_one_genre_are_too_few() -> None:
    with pytest.raises(InputError, match="not hiphop alone"):
        choose_genres(["rap", "hip hop"], KNOWN, lambda _line: None)


def test_a_typing_error_is_refused_with_the_genre_that_was_meant_and_the_way_out() -> None:
    with pytest.raises(InputError, match="no genre 'metl': did you mean metal") as caught:
        check_spelling(["jazz", "metl"], KNOWN)
    assert "hiphop (also rap, " in str(caught.value)
    assert "--zero-shot" in str(caught.value)


@pytest.mark.parametrize("genre", ["nu metal", "trap", "polka", "doom metal", "swiss yodel crossover"])
def test_another_genre_is_no_typing_error(genre: str) -> None:
    check_spelling(["jazz", genre], KNOWN)


def test_unknown_genres_are_listed_with_the_nearest_name() -> None:
    genres = ["jazz", "doom metal", "doom metall", "polka"]
    assert (
        unknown_genres(genres, KNOWN)
        == "doom metal (nearest: metal), doom metall (did you mean doom metal?), polka"
    )
    assert unknown_genres(KNOWN, KNOWN) == ""
