"""Results as HTML for notebooks, light or dark: colours and fonts are the notebook's.

Covers are drawn from files on disk only, as small pictures within the HTML; nothing is fetched.
"""

from __future__ import annotations

import hashlib
import html
from typing import TYPE_CHECKING, Final

from spotitags.bags.bag import largest_bag, skipped_covers
from spotitags.bags.display.selection import shown_tags
from spotitags.errors import CoverError
from spotitags.io.text import single_line
from spotitags.rendering.wording import (
    NONE,
    agreement,
    cover_count,
    ranked,
    reliability,
    small_covers,
    trained_on,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotitags.records import Album, Prediction, TagBag

MAX_COVERS: Final = 12
"""Number of covers that are drawn."""
SIDE: Final = 64
"""Sides of a drawn cover in CSS pixels; the picture has twice as many, for sharp screens."""
MAX_BYTES: Final = 20_000_000
"""Maximum size of a cover's file, as `spotitags.covers.fetch.Limits` has it."""
MAX_NAME, MAX_GENRE, MAX_LINE = 200, 60, 400  # characters

_TAGS = 10
_QUALITY = 80
_DIM = "opacity:.75"
_BAR = "height:.7em;min-width:2px;border-radius:2px"
_GREEN = "#2e9e5b"  # readable on white and on black
_GRID = (
    "display:grid;grid-template-columns:fit-content(14em) minmax(4em,16em) auto;"
    "justify-content:start;align-items:center;gap:.1em .8em;margin:.4em 0"
)


def prediction_html(prediction: Prediction) -> str:
    """Build the HTML of a prediction: artist, covers, a bar per genre, confidence in words, and tags."""
    words = (agreement(prediction), reliability(prediction)[0], trained_on(prediction))
    lines = [_line(each) for each in words if each]
    return _page([*_heading(prediction.bags), _bars(prediction), *lines, *_tags(prediction.bags)])


def bags_html(bags: Sequence[TagBag]) -> str:
    """Build the HTML of one artist's tags."""
    return _page([*_heading(bags), *_tags(bags)])


def _page(parts: Iterable[str]) -> str:
    return f'<div style="line-height:1.5;overflow-wrap:anywhere">{"".join(parts)}</div>'


def _text(text: str, length: int = MAX_NAME) -> str:
    """Return text from outside: one line without control characters, its direction kept to itself."""
    return f"<bdi>{html.escape(single_line(text, length))}</bdi>"


def _line(text: str) -> str:
    return f'<div style="{_DIM}">{html.escape(single_line(text, MAX_LINE))}</div>'


def _heading(bags: Sequence[TagBag]) -> list[str]:
    artist = bags[0].artist
    name = f'<strong style="font-size:1.2em">{_text(artist.name or artist.id)}</strong>'
    lines = [f'<div>{name} <span style="{_DIM}">{cover_count(bags)}</span></div>']
    if pictures := "".join(map(_picture, largest_bag(bags).albums[:MAX_COVERS])):
        lines.append(f'<div style="display:flex;flex-wrap:wrap;gap:4px;margin:.4em 0">{pictures}</div>')
    if warning := small_covers(bags):
        lines.append(_line(warning))
    if skipped := skipped_covers(bags):
        named = "".join(f"<div>{_text(each.cover)}: {_text(each.reason)}</div>" for each in skipped)
        lines.append(f'<details style="{_DIM}"><summary>{len(skipped)} skipped</summary>{named}</details>')
    return lines


def _bars(prediction: Prediction) -> str:
    rows = [
        _bar(NONE if genre is None else _text(genre, MAX_GENRE), share, leads=genre == prediction.genre)
        for genre, share in ranked(prediction)
    ]
    return f'<div style="{_GRID}">{"".join(rows)}</div>'


def _bar(name: str, share: float, *, leads: bool) -> str:
    colour = f"background:{_GREEN}" if leads else "background:currentColor;opacity:.35"
    return (
        f"<span>{f'<strong>{name}</strong>' if leads else name}</span>"
        f'<span style="{_BAR};width:{share:.1%};{colour}"></span>'
        f'<span style="font-variant-numeric:tabular-nums">{share:.2f}</span>'
    )


def _tags(bags: Sequence[TagBag]) -> list[str]:
    lines = []
    for bag in bags:
        if bag.missing:
            lines.append(f'<div style="{_DIM}">{_text(bag.tagger)} is missing: {_text(bag.missing)}</div>')
            continue
        named = ", ".join(
            f'{_text(tag.label)} <span style="{_DIM}">{tag.weight:.2f}</span>'
            for tag in shown_tags(bag, _TAGS)
        )
        lines.append(f'<div><span style="{_DIM}">{_text(bag.tagger)}:</span> {named or "no tags"}</div>')
    return lines


def _picture(album: Album) -> str:
    """Return the picture of a cover on disk; empty if there is none, or if it has changed since."""
    from spotitags.covers.decode import decode, read_file
    from spotitags.covers.images import choose_image, cover_url
    from spotitags.covers.thumbnails import data_url, thumbnail
    from spotitags.records import CoverFile

    if not album.images or cover_url(album):
        return ""
    try:
        data = read_file(choose_image(album.images).url, MAX_BYTES)
        if hashlib.sha256(data).hexdigest() != album.digest:
            return ""
        pixels = decode(CoverFile(album, album.digest, data), 2 * SIDE).pixels
    except CoverError:
        return ""
    source = data_url(thumbnail(pixels, 2 * SIDE, _QUALITY))  # sharp screens have two pixels for one
    name = html.escape(single_line(album.name, MAX_NAME))
    size = f"width:{SIDE}px;height:{SIDE}px;object-fit:contain;margin:0"
    return f'<img src="{source}" alt="{name}" title="{name}" style="{size}">'
