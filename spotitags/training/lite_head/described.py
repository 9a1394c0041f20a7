"""Descriptions of covers, by the digest of their file (``described.tsv``).

A line has three fields separated by tabs: the first 16 hex digits of the file's SHA-256, one sentence, and
the built-in labels that fit, separated by ``; ``. docs/lite-head.md explains how they were written.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


_DIGITS = 16
_COMMON = 0.1  # share of covers above which a label says too little for a list
_LISTS = 3  # number of label lists per cover, besides its sentence
_FIFTH = 5


@dataclass(frozen=True, slots=True)
class Description:
    """The description of one cover.

    Attributes:
        digest: The digest of its file, from `digest_of`.
        sentence: A sentence about what the cover shows.
        labels: The built-in labels that fit.
    """

    digest: str
    sentence: str
    labels: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        """True for a fifth of the covers, by digest, that no head is trained on."""
        return int(self.digest, 16) % _FIFTH == 0


def digest_of(file: Path) -> str:
    """Return the digest that identifies a cover.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error


def descriptions() -> dict[str, Description]:
    """Return all descriptions by digest."""
    text = (files("spotitags.training.lite_head") / "described.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return {
        digest: Description(digest, sentence, tuple(labels.split("; "))) for digest, sentence, labels in rows
    }


def sentences(described: Iterable[Description]) -> Mapping[str, tuple[str, ...]]:
    """Return for each digest the cover's sentence, then lists of two to five of its less common labels.

    The digest seeds the lists, so that they are the same each time.
    """
    described = list(described)
    counts = Counter(label for cover in described for label in cover.labels)
    common = {label for label, count in counts.items() if count > _COMMON * len(described)}
    return {cover.digest: (cover.sentence, *_lists(cover, common)) for cover in described}


def _lists(cover: Description, common: set[str]) -> list[str]:
    rng = random.Random(cover.digest)
    labels = [label for label in cover.labels if label not in common] or list(cover.labels)
    sizes = [min(len(labels), rng.randint(2, 5)) for _ in range(_LISTS)]
    return [", ".join(rng.sample(labels, size)) for size in sizes]
