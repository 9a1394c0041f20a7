from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.columns import COLUMNS, find_columns, parse_columns, same_column
from spotitags.errors import InputError


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["Artist", "Path", "Style"], {"artist_id": 0, "file": 1, "genre": 2}),
        (["ARTIST ID", "Filename", "label"], {"artist_id": 0, "file": 1, "genre": 2}),
        (["artist", "artist_id", "cover"], {"artist_id": 1, "artist_name": 0, "file": 2}),
        (["label", "genre", "image", "file"], {"genre": 1, "file": 3}),
        (
            ["Spotify-ID", "name", "Album", "Year"],
            {"artist_id": 0, "artist_name": 1, "album_name": 2, "release_date": 3},
        ),
        (["id", "tracks", ""], {}),
        (["name", "genre"], {"artist_name": 0, "genre": 1}),
        (["name", "genre", "file"], {"artist_id": 0, "artist_name": 0, "file": 2, "genre": 1}),
    ],
)
def test_common_names_are_known_and_exact_ones_go_first(header: list[str], found: dict[str, int]) -> None:
    assert find_columns(header, {}) == found


@given(
    st.lists(st.sampled_from([*COLUMNS, *(name for each in COLUMNS.values() for name in each)]), unique=True)
)
def test_no_column_has_two_names_and_names_of_columns_are_their_own(header: list[str]) -> None:
    found = find_columns(header, {})
    if found.get("artist_id", -1) == found.get("artist_name"):
        assert "file" in found, "only a table of covers takes names for ids"
        del found["artist_id"]
    assert len(set(found.values())) == len(found)
    for name, position in found.items():
        spelt = same_column(header[position])
        assert spelt in map(same_column, [name, *COLUMNS[name]])
        assert spelt == same_column(name) or same_column(name) not in map(same_column, header)


def test_a_given_name_beats_all_others() -> None:
    columns = parse_columns('artist_id=Band, "file=Cover, front"')
    assert columns == {"artist_id": "Band", "file": "Cover, front"}
    assert find_columns(["artist_id", "band", "Cover, front", "file"], columns) == {"artist_id": 1, "file": 2}
    assert find_columns(["artist_id"], columns) == {}


@pytest.mark.parametrize("option", ["artist=Band", "Band", "artist_id=", "file", ","])
def test_a_bad_option_lists_the_names(option: str) -> None:
    with pytest.raises(InputError, match=r"--columns cannot read .*artist_id, artist_name, file"):
        parse_columns(option)


def test_no_option_renames_nothing() -> None:
    assert parse_columns(None) == parse_columns("") == {}
