"""Covers in words: what can be seen on them, by the hash of their file (``described.tsv``).

A line has three fields parted by tabs: the first 16 hex digits of the file's SHA-256, one sentence, and the
built-in labels that fit, parted by ``; ``. docs/lite-head.md says how they were written.
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
_COMMON = 0.1  # of the covers: a label on more of them says little in a sentence
_LISTS = 3  # of labels, made for each cover beside its sentence
_FIFTH = 5


@dataclass(frozen=True, slots=True)
class Description:
    """What one cover shows.

    Attributes:
        digest: Of its file, as `digest_of` gives it.
        sentence: In plain words.
        labels: Built-in labels that fit.
    """

    digest: str
    sentence: str
    labels: tuple[str, ...]

    @property
    def kept_back(self) -> bool:
        """Whether the cover is one of the fifth, by digest, that no head learns from."""
        return int(self.digest, 16) % _FIFTH == 0


def digest_of(file: Path) -> str:
    """What a description knows a cover by.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error


def descriptions() -> dict[str, Description]:
    """All that are known, by digest."""
    text = (files("spotitags.training.lite_head") / "described.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return {
        digest: Description(digest, sentence, tuple(labels.split("; "))) for digest, sentence, labels in rows
    }


def sentences(described: Iterable[Description]) -> Mapping[str, tuple[str, ...]]:
    """For each digest the cover's sentence, then lists of two to five of its less common labels.

    Drawn by the digest, so that they are the same each time.
    """
    described = list(described)
    counts = Counter(label for cover in described for label in cover.labels)
    common = {label for label, count in counts.items() if count > _COMMON * len(described)}
    return {cover.digest: (cover.sentence, *_lists(cover, common)) for cover in described}


def _lists(cover: Description, common: set[str]) -> list[str]:
    draw = random.Random(cover.digest)
    telling = [label for label in cover.labels if label not in common] or list(cover.labels)
    sizes = [min(len(telling), draw.randint(2, 5)) for _ in range(_LISTS)]
    return [", ".join(draw.sample(telling, size)) for size in sizes]
