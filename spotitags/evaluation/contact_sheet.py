"""Draw random covers of each genre as one picture, to check the data before training."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from spotitags.covers.decode import decode
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import CoverError, InputError, SpotiTagsError
from spotitags.evaluation.report.wording import count
from spotitags.io.text import plain
from spotitags.records import Cover, CoverFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from spotitags.catalogs.base import Catalog
    from spotitags.records import Album, Artist

    Font = FreeTypeFont | ImageFont


SIDE = 300  # minimum side of a drawn cover in pixels, if its file is that large
MAX_ALBUMS = 100  # per artist, among which one is drawn
MAX_FAILURES = 50  # unusable covers in a row, after which a genre gets no more

MAX_SIDE, MIN_SIDE = 176, 56  # pixels of a cover on the sheet
COLUMNS = 10  # covers in a row, at most
MAX_HEIGHT = 8000  # pixels
MARGIN, GAP, HEAD, CAPTION, TITLE = 24, 10, 40, 22, 52  # pixels
PAPER, INK, DIM, LINE, EDGE = "#ffffff", "#1c2127", "#5d6874", "#dde2e7", "#c8ced4"
FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")  # the first installed one, else Pillow's font


@dataclass(frozen=True, slots=True)
class GenreSample:
    """Random covers of one genre.

    Attributes:
        genre: Label.
        labelled: Number of artists, or single covers, with this label.
        covers: Random covers, each once.
    """

    genre: str
    labelled: int
    covers: tuple[Cover, ...]


def sample_covers(
    catalog: Catalog, artists: Sequence[Artist], *, per_genre: int = 8, seed: int = 0
) -> tuple[list[GenreSample], list[Skipped]]:
    """Draw covers of each genre, first one cover per artist, then a second one, and so on.

    Args:
        catalog: Catalogue of the artists' covers.
        artists: Artists with genres; a single cover is an artist with one cover.
        per_genre: Number of covers per genre, at least 1.
        seed: Equal seeds and labels draw equal covers.

    Returns:
        The genres, alphabetical; and the covers and artists that could not be used and were replaced.

    Raises:
        InputError: No cover could be used.
    """
    if per_genre < 1:
        raise InputError(f"a sample needs at least 1 cover per genre, not {per_genre}")
    drawn, skipped = [], []
    with CoverFetcher() as covers:
        for number, genre in enumerate(sorted({str(artist.genre) for artist in artists})):
            of_genre = [artist for artist in artists if artist.genre == genre]
            rng = np.random.default_rng([seed, number])
            found, bad = _usable_covers(covers, _albums(catalog, of_genre, rng), per_genre)
            drawn.append(GenreSample(genre, len(of_genre), tuple(found)))
            skipped += bad
    if not any(genre.covers for genre in drawn):
        why = next(iter(skipped), Skipped("", "there is none"))
        raise InputError(f"not one cover could be used: {why.cover} {why.reason}")
    return drawn, skipped


def _usable_covers(
    covers: CoverFetcher, albums: Iterator[Album | Skipped], wanted: int
) -> tuple[list[Cover], list[Skipped]]:
    """Return the first ``wanted`` usable covers, and the unusable ones before them."""
    found: dict[str, Cover] = {}
    bad: list[Skipped] = []
    failures = 0
    for album in albums:
        cover = album if isinstance(album, Skipped) else _cover(covers, album)
        if isinstance(cover, Cover):
            found.setdefault(cover.digest, cover)
            failures = 0
        else:
            bad.append(cover)
            failures += 1
        if len(found) == wanted or failures == MAX_FAILURES:
            break
    return list(found.values()), bad


def _cover(covers: CoverFetcher, album: Album) -> Cover | Skipped:
    (file,) = covers.fetch([album], SIDE)
    if not isinstance(file, CoverFile):
        return file._replace(cover=_name(album))
    try:
        return decode(file, SIDE)
    except CoverError as error:
        return Skipped(_name(album), str(error), error.reason)


def _name(album: Album) -> str:
    names = (album.artist.name, album.name or album.id)
    return ", ".join(name for name in names if name)


def _albums(
    catalog: Catalog, artists: Sequence[Artist], rng: np.random.Generator
) -> Iterator[Album | Skipped]:
    """Yield all albums in random order: a first one of each artist, then a second one of each, and so on."""
    remaining: list[list[Album]] = []
    for i in rng.permutation(len(artists)).tolist():
        try:
            albums = catalog.albums(artists[i].id, MAX_ALBUMS)
        except SpotiTagsError as error:
            yield Skipped(artists[i].name or artists[i].id, str(error))
            continue
        remaining.append([albums[j] for j in rng.permutation(len(albums)).tolist()])
        if remaining[-1]:
            yield remaining[-1].pop()
    while remaining := [albums for albums in remaining if albums]:
        for albums in remaining:
            yield albums.pop()


def contact_sheet(title: str, drawn: Sequence[GenreSample], unit: str = "artist") -> bytes:
    """Build a PNG of the covers, at most 2,000 pixels wide and 8,000 high; many covers are shown smaller.

    Args:
        title: Heading of the picture.
        drawn: Genres; each gets a heading and rows of at most `COLUMNS` covers.
        unit: Name of what is labelled, ``artist`` or ``cover``.

    Raises:
        InputError: There are too many covers for one sheet.
    """
    from PIL import Image, ImageDraw

    most = max(len(genre.covers) for genre in drawn)
    columns = -(-most // -(-most // COLUMNS))  # rows of even length
    captions = any(cover.album.artist.name for genre in drawn for cover in genre.covers)
    lines = sum(_lines(genre, columns) for genre in drawn)
    spare = MAX_HEIGHT - TITLE - MARGIN - len(drawn) * (HEAD + GAP) - lines * (GAP + CAPTION * captions)
    side = min(MAX_SIDE, spare // lines)
    if side < MIN_SIDE:
        raise InputError(
            f"{len(drawn)} genres with {lines} rows of covers are too many for one sheet: "
            "choose some with --genres, or a smaller --per-genre"
        )
    step = side + GAP + CAPTION * captions
    width = max(2 * MARGIN + columns * (side + GAP) - GAP, 480)
    picture = Image.new("RGB", (width, TITLE + MARGIN + len(drawn) * (HEAD + GAP) + lines * step), PAPER)
    pen = ImageDraw.Draw(picture)
    inner_width = width - 2 * MARGIN
    pen.text((MARGIN, MARGIN), _fitted(title, _font(18), inner_width), INK, _font(18))
    y = TITLE
    for genre in drawn:
        _head(pen, genre, unit, (MARGIN, y), inner_width)
        y += HEAD
        for number, cover in enumerate(genre.covers):
            row, column = divmod(number, columns)
            _tile(picture, pen, cover, (MARGIN + column * (side + GAP), y + row * step), side)
        y += _lines(genre, columns) * step + GAP
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _lines(genre: GenreSample, columns: int) -> int:
    return max(-(-len(genre.covers) // columns), 1)


def _head(pen: ImageDraw, genre: GenreSample, unit: str, at: tuple[int, int], width: int) -> None:
    x, y = at
    pen.line((x, y + 4, x + width, y + 4), LINE)
    shown = count(len(genre.covers), "cover")
    counts = f"{shown}, {count(genre.labelled, unit)} labelled"
    name_width = width - int(pen.textlength(counts, _font(13))) - 2 * GAP
    name = _fitted(genre.genre, _font(17), name_width)
    pen.text((x, y + 12), name, INK, _font(17))
    pen.text((x + pen.textlength(name, _font(17)) + GAP, y + 16), counts, DIM, _font(13))


def _tile(picture: Image, pen: ImageDraw, cover: Cover, at: tuple[int, int], side: int) -> None:
    """Draw one uncropped cover in the middle of its square, and its artist below."""
    from PIL import Image, ImageOps

    shown = ImageOps.contain(Image.fromarray(cover.pixels), (side, side), Image.Resampling.LANCZOS)
    x, y = at
    left, top = x + (side - shown.width) // 2, y + (side - shown.height) // 2
    picture.paste(shown, (left, top))
    pen.rectangle((left, top, left + shown.width - 1, top + shown.height - 1), outline=EDGE)
    if cover.album.artist.name:
        pen.text((x, y + side + 4), _fitted(cover.album.artist.name, _font(12), side), DIM, _font(12))


def _fitted(text: str, font: Font, width: int) -> str:
    """Remove control characters and shorten the text to a width in pixels."""
    text = " ".join(plain(text).split())
    if font.getlength(text) <= width:
        return text

    def length(end: int) -> int:
        return ceil(font.getlength(text[: end + 1] + "…"))

    fitting = bisect_right(range(len(text)), width, key=length)
    return text[:fitting].rstrip() + "…"


@cache
def _font(size: int) -> Font:
    from PIL import ImageFont

    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
