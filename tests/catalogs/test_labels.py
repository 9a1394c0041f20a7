"""Labels restricted to some genres by ``--genres``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.labels import MAX_NAMED, filter_genres, load_labelled, read_labels
from spotitags.errors import InputError
from spotitags.records import Artist

if TYPE_CHECKING:
    from pathlib import Path


def artists(*genres: str) -> list[Artist]:
    return [Artist(str(number), genre=genre) for number, genre in enumerate(genres)]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    rows = [f"{n},{genre},{n}.jpg" for n, genre in enumerate(["jazz", "hip hop", "hip hop", "metal"])]
    path.write_text("\n".join(["artist_id,genre,file", *rows]), encoding="utf-8")
    return path


def test_one_unknown_genre_among_known_ones_is_named_with_those_that_are_there(labels: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_labels(labels, ["metal", "hip hopp", "polka"])
    assert str(caught.value) == (
        f"{labels} has no artist of the genres 'hip hopp' (did you mean 'hip hop'?), 'polka'; "
        "it has hip hop (2), jazz (1), metal (1): name one of these, or leave --genres out"
    )


def test_covers_and_the_bundled_library_are_narrowed_alike(labels: Path) -> None:
    with pytest.raises(InputError, match=r"has no cover of the genre 'jazzz' \(did you mean 'jazz'\?\)"):
        load_labelled(labels, ["jazzz", "metal"], single=True)
    with pytest.raises(InputError, match=r"bundled library has no artist of the genre 'jaz' .*'jazz'"):
        load_labelled(None, ["metal", "jaz"])
    assert {artist.genre for artist in load_labelled(labels, ["metal", "jazz"], single=True)[0]} == {
        "metal",
        "jazz",
    }


def test_genres_are_known_by_any_spelling_and_alias_which_is_said(labels: Path) -> None:
    said: list[str] = []
    found, _ = read_labels(labels, ["Rap", "JAZZ"], notify=said.append)
    assert [artist.genre for artist in found] == ["jazz", "hip hop", "hip hop"]
    assert said == ["genres: Rap is hip hop"], "a change of case needs no words"
    single, _ = load_labelled(labels, ["hip-hop/rap"], single=True)
    assert [artist.genre for artist in single] == ["hip hop", "hip hop"]
    assert {artist.genre for artist in load_labelled(None, ["Hip Hop"])[0]} == {"hiphop"}


@pytest.mark.parametrize("single", [False, True])
def test_spellings_of_one_genre_are_joined_and_named_once(tmp_path: Path, *, single: bool) -> None:
    path, said = tmp_path / "labels.csv", []
    genres = ["Hip-Hop", "hip hop", "jazz", "rap", "hip hop", "Jazz"]
    path.write_text("artist_id,genre,file\n" + "".join(f"{n},{g},{n}.jpg\n" for n, g in enumerate(genres)))
    found, _ = load_labelled(path, single=single, notify=said.append)
    assert [artist.genre for artist in found] == ["hip hop", "hip hop", "jazz", "hip hop", "hip hop", "jazz"]
    what = "covers" if single else "artists"
    assert said == [
        f"{path}: the {what} of Hip-Hop (1), rap (1) count as hip hop (2)",
        f"{path}: the {what} of Jazz (1) count as jazz (1)",
    ]


def test_an_artist_may_have_one_genre_in_two_spellings_but_not_two_genres(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("artist_id,genre\n1,hip hop\n1,Rap\n2,jazz\n", encoding="utf-8")
    assert [artist.genre for artist in read_labels(path)[0]] == ["hip hop", "jazz"]
    path.write_text("artist_id,genre\n1,hip hop\n1,trap\n", encoding="utf-8")
    with pytest.raises(InputError, match="give each artist one genre"):
        read_labels(path)


def test_of_many_genres_the_commonest_are_named() -> None:
    many = [f"genre {n:02}" for n in range(30) for _ in range(n + 1)]
    with pytest.raises(InputError) as caught:
        filter_genres(artists(*many), ["polka"], "labels.csv")
    assert "it has genre 29 (30), genre 28 (29)" in str(caught.value)
    assert f"and {30 - MAX_NAMED} more" in str(caught.value)
    assert "genre 17" not in str(caught.value)
    assert "did you mean" not in str(caught.value)


@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcde"), max_size=3))
def test_all_of_the_genres_asked_for_are_there_or_nothing_is(have: list[str], asked: list[str]) -> None:
    known = artists(*have)
    if set(asked) <= set(have):
        kept = filter_genres(known, asked, "labels.csv")
        assert {artist.genre for artist in kept} == set(asked or have)
        assert kept == [artist for artist in known if artist in kept]
    else:
        with pytest.raises(InputError):
            filter_genres(known, asked, "labels.csv")
