"""What an open vocabulary looks for: labels by theme (``labels/*.txt``) and the sentences around them."""

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
    """Labels that are asked for in the same way.

    Attributes:
        name: Name of the theme, and of its file without ``.txt``.
        labels: Lower-case words, none twice.
        templates: Sentences with ``{}`` where the label goes.
        neutral: Sentences of the same kind that say nothing in particular: what a label has to beat.
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
    """The project's own themes, in alphabetical order."""
    return tuple(Theme(name, read_labels(name), *prompts) for name, prompts in sorted(_PROMPTS.items()))


def own_themes(labels: Iterable[str]) -> tuple[Theme, ...] | None:
    """A user's own labels, with sentences that suit most words; None for none."""
    own = tuple(labels)
    return (Theme("own", own, *_SCENE),) if own else None


def read_labels(name: str) -> tuple[str, ...]:
    """The labels of one file: one a line, ``#`` comments and empty lines left out."""
    text = (files("spotitags.taggers") / "labels" / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def fingerprints(of: Iterable[Theme]) -> tuple[str, str]:
    """Eight hex digits each for the labels and for the sentences, to tell one version from the next."""
    rows = [asdict(theme) for theme in of]
    labels = [(row["name"], row["labels"]) for row in rows]
    sentences = [(row["name"], row["templates"], row["neutral"]) for row in rows]
    return _digest(labels), _digest(sentences)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]
