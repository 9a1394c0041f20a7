from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.catalogs.spotify.editions import merge_editions, title_key
from spotitags.records import Album, Artist, Image

SUFFIXES = [
    " (Deluxe)",
    " [Deluxe Edition]",
    " (Remastered 2021)",
    " - 2011 Remaster",
    " \u2013 30th Anniversary Edition",
    " (Super Deluxe Edition) (2019 Mix)",
    " (Expanded Edition) [Remastered]",
    " (Collector\u2019s Box Set)",
    "\uff08Deluxe\uff09",
    " (Explicit)",
    " (Bonus Track Version)",
]


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.sampled_from(SUFFIXES))
def test_an_edition_shares_its_title_s_key(title: str, suffix: str) -> None:
    assert title_key(title + suffix) == title_key(title)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Red", "Red (Taylor\u2019s Version)"),
        ("Night Ferry", "Night Ferry (Live)"),
        ("Night Ferry", "Night Ferry (Live at the Quay, Deluxe)"),
        ("Night Ferry", "Night Ferry - The Remixes"),
        ("Night Ferry", "Night Ferry (Demos & Sessions Edition)"),
        ("Symphony No. 5", "Symphony No. 7"),
        ("Ghosts - Part I", "Ghosts - Part II (Deluxe)"),
        ("Ghosts", "Ghosts - Deluxe - Live"),
        ("+", "\u00d7"),
        ("(Deluxe)", "(Remastered)"),
        ("Cleaner", "Cleaner (Mononoke)"),
    ],
)
def test_different_works_stay_apart(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_only_the_last_dash_starts_an_edition_note() -> None:
    assert title_key("Karajan - Sibelius - Deluxe Edition") == title_key("Karajan - Sibelius")


def album(number: int, title: str, kind: str, urls: list[str]) -> Album:
    return Album(str(number), title, Artist("a"), tuple(Image(url) for url in urls), kind)


albums = st.lists(
    st.tuples(
        st.sampled_from(["A", "A (Deluxe)", "B", "B - Remastered", "C", "D"]),
        st.sampled_from(["album", "single"]),
        st.lists(st.sampled_from("uvwxyz"), max_size=2),
    )
).map(lambda drawn: [album(number, *parts) for number, parts in enumerate(drawn)])


@given(albums)
def test_what_is_kept_is_in_order_shares_nothing_and_stays_so(some: list[Album]) -> None:
    kept = merge_editions(some)
    assert [one for one in some if one in kept] == kept
    titles = [(one.kind, title_key(one.name)) for one in kept]
    images = [image.url for one in kept for image in set(one.images)]
    assert len(set(titles)) == len(titles)
    assert len(set(images)) == len(images)
    assert merge_editions(kept) == kept
    assert kept[:1] == some[:1]


def test_a_single_named_like_an_album_is_another_cover() -> None:
    both = [album(1, "Kite", "album", ["u"]), album(2, "Kite", "single", ["v"])]
    assert merge_editions(both) == both
