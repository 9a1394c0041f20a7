from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from helpers.servers import ARTIST, BAND
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.labels import read_labels
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.catalogs.musicbrainz.genre_votes import COLUMNS, Label, label_artists, label_row, tally
from spotitags.errors import ArtistNotFoundError, InputError, UnlabelledError
from spotitags.io.tables import write_csv
from spotitags.records import Artist

if TYPE_CHECKING:
    from pathlib import Path

    from helpers.servers import MusicBrainzReplay


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("metal", "Metal"),
        ("thrash metal", "Metal"),
        ("Hip Hop", "hiphop"),
        ("east coast hip-hop", "hiphop"),
        ("country rock", "rock"),
        ("doom metal", "doom-metal"),
        ("death-doom metal", "doom-metal"),
        ("r&b", "R & B"),
        ("k-pop", "K-Pop"),
        ("synth-pop", None),
        ("trap", None),
        ("gangsta rap", "hiphop"),
        ("rhythm and blues", "R & B"),
        ("contemporary R'n'B", "R & B"),
        ("country music", "country"),
        ("metalcore", None),
        ("rock and roll", None),
        ("", None),
    ],
)
def test_a_vote_counts_for_the_longest_genre_that_it_ends_in(name: str, genre: str | None) -> None:
    wanted = ["Metal", "doom-metal", "hiphop", "rock", "country", "R & B", "K-Pop"]
    assert tally({name: 3}, wanted) == ({genre: 3} if genre else {})


@given(
    st.dictionaries(
        st.sampled_from(["rock", "art rock", "jazz", "acid jazz", "drone", "pop"]), st.integers(0, 50)
    ),
    st.permutations(["jazz", "rock", "pop"]),
)
def test_votes_are_neither_lost_nor_invented_and_the_order_is_by_votes(
    votes: dict[str, int], genres: list[str]
) -> None:
    counted = tally(votes, genres)
    assert sum(counted.values()) == sum(count for name, count in votes.items() if name != "drone")
    assert list(counted.values()) == sorted(counted.values(), reverse=True)
    assert counted == tally(dict(reversed(votes.items())), sorted(genres))


def test_the_genre_with_most_votes_is_the_label_and_all_votes_are_kept(
    musicbrainz: MusicBrainzReplay,
) -> None:
    musicbrainz.stock()
    ((ref, label),) = label_artists(
        musicbrainz.catalog(), [f"spotify:artist:{ARTIST}"], ["Indie Rock", "post-punk"]
    )
    assert ref == f"spotify:artist:{ARTIST}"
    assert isinstance(label, Label)
    assert (label.artist, label.genre, label.votes) == (Artist(ARTIST, "The Fixtures"), "Indie Rock", 9)
    assert label.all_votes == {"dream pop": 9, "indie rock": 9, "post-punk": 4, "rock": 3}


@pytest.mark.parametrize(
    ("genres", "why"),
    [(["jazz", "metal"], "other genres .dream pop 9"), (["pop", "indie rock"], "indie rock and pop 9 votes")],
)
def test_no_vote_and_a_tie_are_told_with_the_votes(
    musicbrainz: MusicBrainzReplay, genres: list[str], why: str
) -> None:
    musicbrainz.stock()
    ((_, label),) = label_artists(musicbrainz.catalog(), [BAND], genres)
    assert isinstance(label, UnlabelledError)
    assert why.replace(".", "(") in str(label)


def test_one_failure_leaves_the_others_alone(musicbrainz: MusicBrainzReplay) -> None:
    musicbrainz.answers("url", "not_found")
    musicbrainz.answers(f"artist/{BAND}", "artist_no_genres", inc="genres")
    answers = dict(label_artists(musicbrainz.catalog(), [ARTIST, BAND, "nonsense"], ["rock", "jazz"]))
    assert isinstance(answers[ARTIST], ArtistNotFoundError)
    assert "no votes on genres" in str(answers[BAND])
    assert isinstance(answers["nonsense"], InputError)


@pytest.mark.parametrize("genres", [[], ["rock"], ["rock", "Rock"], ["hip hop", "hiphop"], ["rock", "!"]])
def test_genres_that_cannot_be_told_apart_are_refused(
    musicbrainz: MusicBrainzReplay, genres: list[str]
) -> None:
    with pytest.raises(InputError, match="two or more different genres"):
        label_artists(musicbrainz.catalog(), [BAND], genres)


def test_a_catalogue_without_votes_is_refused() -> None:
    with pytest.raises(InputError, match="musicbrainz"):
        label_artists(LibraryCatalog(), [BAND], ["rock", "jazz"])


def test_what_is_written_is_what_training_reads(tmp_path: Path) -> None:
    found = [
        Label(Artist("a", 'The "A", Ltd.'), "rock", 3, {"art rock": 3, "jazz": 1}),
        Label(Artist("b"), "jazz", 1, {"jazz": 1}),
    ]
    stream = io.StringIO()
    write_csv(stream, COLUMNS, map(label_row, found))
    path = tmp_path / "labels.csv"
    path.write_text(stream.getvalue(), encoding="utf-8")
    assert read_labels(path)[0] == [Artist("a", 'The "A", Ltd.', "rock"), Artist("b", None, "jazz")]
    assert "art rock 3; jazz 1" in stream.getvalue()
