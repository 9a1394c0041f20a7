from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.errors import InputError

ID = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"  {ID}\n",
        f"spotify:artist:{ID}",
        f"https://open.spotify.com/artist/{ID}",
        f"http://open.spotify.com/artist/{ID}/",
        f"open.spotify.com/artist/{ID}#top",
        f"https://open.spotify.com/intl-pt-br/artist/{ID}?si=0123456789abcdef",
    ],
)
def test_an_id_is_found_in_every_form_that_spotify_hands_out(text: str) -> None:
    assert spotify_id(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Metallica",
        ID[:-1],
        ID + "x",
        f"spotify:album:{ID}",
        f"https://open.spotify.com/album/{ID}",
        f"https://open.spotify.com.example.org/artist/{ID}",
        f"https://example.org/?u=https://open.spotify.com/artist/{ID}",
        ID[:-1] + "é",
    ],
)
def test_anything_else_is_refused_with_the_three_forms(text: str) -> None:
    with pytest.raises(
        InputError, match=r"22-character id, spotify:artist:<id>, or https://open\.spotify\.com"
    ):
        spotify_id(text)


@given(st.text())
def test_whatever_comes_in_an_id_or_an_input_error_comes_out(text: str) -> None:
    try:
        found = spotify_id(text)
    except InputError:
        return
    assert len(found) == 22
    assert found in text
    assert spotify_id(found) == found
