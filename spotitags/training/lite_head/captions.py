"""Captioned pictures: read the manifest of the picture sets, and put each set's labels into sentences.

A manifest is a CSV with the columns ``file, set, text``; a picture with several texts has several lines.
docs/lite-head.md lists the known sets. The texts of any other set are taken as sentences.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path


MANIFEST = "pairs.csv"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in several wordings.

    Attributes:
        key: Equal for texts with the same content: neither is a negative example for the other's picture.
        sentences: The wordings, at least one; training draws one at a time.
    """

    key: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture with its texts."""

    file: str
    source: str
    texts: tuple[Text, ...]


def read_pairs(folder: Path, without: Collection[str] = ()) -> list[Picture]:
    """Read the pictures of a folder's manifest, in its order.

    Args:
        folder: A folder with `MANIFEST` and the files that it names.
        without: Sets to leave out.

    Raises:
        InputError: The manifest cannot be read, or no picture is left.
    """
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = [(row["file"], row["set"], row["text"]) for row in csv.DictReader(stream)]
    except (OSError, KeyError, UnicodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read ({error}): it needs the columns file, set and text"
        ) from error
    texts: dict[tuple[str, str], list[Text]] = {}
    for file, source, words in lines:
        if source not in without and words.strip():
            texts.setdefault((file, source), []).append(text_of(source, words))
    if not texts:
        raise InputError(f"{path} has no picture of the chosen sets")
    return [Picture(file, source, tuple(found)) for (file, source), found in texts.items()]


def text_of(source: str, words: str) -> Text:
    """Convert the text of a set to sentences.

    Args:
        source: The name of the set.
        words: The text in the manifest; many sets separate labels by semicolons.

    >>> text_of("instruments", "musical instrument; banjo").sentences
    ('banjo', 'a picture of a banjo', 'an album cover with a banjo')
    """
    parts = [part.strip() for part in words.split(";") if part.strip()]
    return _TEXT_FUNCTIONS.get(source, _sentence)(parts)


def _sentence(parts: Sequence[str]) -> Text:
    sentence = re.sub(r"\s*\.$", "", "; ".join(parts))
    return Text(sentence, (sentence,))


def _thing(name: str) -> Text:
    name = name.lower().replace("_", " ")
    one = f"an {name}" if name[0] in "aeiou" else f"a {name}"
    return Text(name, (name, f"a picture of {one}", f"an album cover with {one}"))


def _painting(parts: Sequence[str]) -> Text:
    style = parts[-1].replace("Modern", "").strip().lower()
    return Text(
        style,
        (
            style,
            f"{style} painting",
            f"a painting in the style of {style}",
            f"an album cover in the style of {style}",
        ),
    )


def _drawn_object(parts: Sequence[str]) -> Text:
    thing, medium = parts[0], parts[-1].replace("_", " ").replace("art painting", "painting")
    return Text(f"{thing} {medium}", (f"a {medium} of a {thing}", thing, medium, f"{thing}, {medium}"))


def _film(parts: Sequence[str]) -> Text:
    genres = ", ".join(part.lower() for part in parts)
    return Text(genres, (genres, f"{genres} film poster", f"a poster of a {genres} film"))


def _aesthetic(parts: Sequence[str]) -> Text:
    name = re.sub(r"\s*aesthetic$", "", parts[0], flags=re.IGNORECASE).lower()
    return Text(name, (f"{name} aesthetic", name, f"an album cover in the {name} aesthetic"))


def _garment(parts: Sequence[str]) -> Text:
    name = parts[-1].lower()
    return Text(name, (name, f"a piece of clothing: {name}", f"a person wearing {name}"))


def _stock(parts: Sequence[str]) -> Text:
    return Text(parts[0].lower(), (parts[0], ", ".join(parts[1:]) or parts[0]))


def _prompt_style(parts: Sequence[str]) -> Text:
    """Return the style's name without its pack's; nearly all pictures show a cat."""
    name = re.sub(r"^(sai|mk|misc|mre|ads|artstyle|futuristic|game|papercraft|photo) ", "", parts[0].lower())
    return Text(name, (f"{name} style", name, f"a cat in {name} style"))


def _by_artist(parts: Sequence[str]) -> Text:
    artist = "; ".join(parts).split(", by ")[-1]
    return Text(artist, (f"in the style of {artist}", f"a picture by {artist}"))


def _list(parts: Sequence[str]) -> Text:
    """Return the labels without countries, and two random selections, the same each time."""
    known = [part.lower() for part in parts if part not in _COUNTRIES and "Republic" not in part]
    text = ", ".join(known or [part.lower() for part in parts])
    rng = random.Random(text)
    selections = (
        [", ".join(rng.sample(known, rng.randint(1, min(4, len(known))))) for _ in range(2)] if known else []
    )
    return Text(text, (text, *selections))


_TEXT_FUNCTIONS: dict[str, Callable[[Sequence[str]], Text]] = {
    "sd_artist_styles_quads": _list,
    "wikiart224": _painting,
    "instruments": lambda parts: _thing(parts[-1]),
    "pacs": _drawn_object,
    "caltech101": lambda parts: _thing(parts[0]),
    "movie_posters": _film,
    "aesthetics": _aesthetic,
    "clothing": _garment,
    "stock_ai": _stock,
    "fooocus_styles": _prompt_style,
    "artists_sd35": _by_artist,
}

_COUNTRIES = frozenset(
    (
        "USA", "UK", "Japan", "France", "Germany", "Italy", "Spain", "Russia", "China", "India", "Canada",
        "Australia", "Netherlands", "Belgium", "Poland", "Sweden", "Norway", "Denmark", "Finland",
        "Austria", "Switzerland", "Ireland", "Scotland", "England", "Mexico", "Brazil", "Argentina",
        "Korea", "Ukraine", "Hungary", "Greece", "Turkey", "Iran", "Israel", "Portugal", "Romania",
        "Serbia", "Chile", "Colombia", "Peru", "Cuba", "Vietnam", "Thailand", "Philippines", "Indonesia",
    )
)  # fmt: skip

SHARES = {
    "sd_artist_styles_quads": 0.7,
    "wikiart224": 0.3,
    "instruments": 0.5,
    "pacs": 0.4,
    "caltech101": 0.5,
    "movie_posters": 0.5,
    "clothing": 0.4,
    "fooocus_styles": 0.7,
    "artists_sd35": 0.3,
}
"""Relative frequency with which a set's pictures are drawn, less than 1 for few texts on many pictures."""
