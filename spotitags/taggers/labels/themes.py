"""Labels of open-vocabulary taggers by theme (``labels/*.txt``), and the sentences around them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


GENRE_TEMPLATES = (
    "the cover of a {} album",
    "a {} record sleeve",
    "album art of a {} band",
    "the artwork of a {} single",
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Labels that share their sentences.

    Attributes:
        name: The name of the theme, and of its file without ``.txt``.
        labels: Unique lower-case labels.
        templates: Sentences with ``{}`` in place of the label.
        neutral: Similar sentences without any label, which labels are compared with.
    """

    name: str
    labels: tuple[str, ...]
    templates: tuple[str, ...]
    neutral: tuple[str, ...]


_SCENE = (
    ("an album cover with {}", "a picture of {} on a record sleeve", "{}"),
    ("an album cover", "a picture on a record sleeve", "a picture"),
)
_PERSON = (
    ("an album cover showing {}", "a picture of {} on a record sleeve", "{}"),
    ("an album cover", "a picture on a record sleeve", "a picture of somebody"),
)
_PLACE = (
    ("an album cover set in this place: {}", "a picture of {} on a record sleeve", "{}"),
    ("an album cover set in some place", "a picture on a record sleeve", "a picture"),
)
_STYLE = (
    ("an album cover in the style of {}", "a record sleeve made as {}", "{}"),
    ("an album cover in some style", "a record sleeve", "a picture"),
)
_LETTERING = (
    ("an album cover with {}", "a record sleeve designed with {}", "{}"),
    ("an album cover", "a record sleeve designed with a title", "a title"),
)
_COLOUR = (
    ("an album cover in {}", "a record sleeve dominated by {}", "a picture in {}"),
    ("an album cover", "a record sleeve dominated by some colour", "a picture"),
)
_LIGHT = (
    ("an album cover with {}", "a record sleeve composed with {}", "a picture with {}"),
    ("an album cover", "a record sleeve", "a picture"),
)
_MOOD = (
    ("an album cover with a {} mood", "a {} picture on a record sleeve", "a {} atmosphere"),
    ("an album cover with a mood", "a picture on a record sleeve", "an atmosphere"),
)
_SYMBOL = (
    ("an album cover with the symbol of {}", "a picture of {} on a record sleeve", "{}"),
    ("an album cover with a symbol", "a picture on a record sleeve", "a symbol"),
)

_PROMPTS = {
    "animals": _SCENE,
    "colours": _COLOUR,
    "instruments": _SCENE,
    "lettering": _LETTERING,
    "light": _LIGHT,
    "mood": _MOOD,
    "objects": _SCENE,
    "people": _PERSON,
    "places": _PLACE,
    "styles": _STYLE,
    "symbols": _SYMBOL,
}


@cache
def themes() -> tuple[Theme, ...]:
    """Return the built-in themes in alphabetical order."""
    return tuple(Theme(name, read_labels(name), *prompts) for name, prompts in sorted(_PROMPTS.items()))


def custom_themes(labels: Iterable[str]) -> tuple[Theme, ...] | None:
    """Return custom labels as a theme with sentences that suit most words; None if there are none."""
    custom = tuple(labels)
    return (Theme("own", custom, *_SCENE),) if custom else None


def read_labels(name: str) -> tuple[str, ...]:
    """Return the labels of one built-in file: one per line, without ``#`` comments and empty lines."""
    text = (files("spotitags.taggers") / "labels" / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def fingerprints(themes: Iterable[Theme]) -> tuple[str, str]:
    """Return the digests of the labels and of the sentences, eight hex digits each, for versions."""
    rows = [asdict(theme) for theme in themes]
    labels = [(row["name"], row["labels"]) for row in rows]
    sentences = [(row["name"], row["templates"], row["neutral"]) for row in rows]
    return digest(labels), digest(sentences)


def digest(content: object, length: int = 8) -> str:
    """Return the first hex digits of the SHA-256 of a value as JSON, for versions and file names."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:length]
