"""Pictures, sentences and covers on disk, made into what is learnt from and what is kept back from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotitags.catalogs.folder import csv_rows
from spotitags.head import vectors
from spotitags.head.looking import PLAIN, joined, look
from spotitags.head.pairs import SHARES, read_pairs
from spotitags.head.training import Lesson
from spotitags.head.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.head.pairs import Picture

    Floats = NDArray[np.float32]

CAPTIONED = "flickr8k"
"""The set whose last pictures are kept back."""
VIEWS = (PLAIN, 2)


@dataclass(frozen=True, eq=False)
class KeptBack:
    """Pictures not learnt from: (n, n_features), and (n, dim) embeddings of each one's first sentence."""

    features: NDArray[np.float16]
    sentences: Floats


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that a training and its measures need.

    Attributes:
        lesson: What is learnt from.
        kept_back: What is not.
        wording: Embeddings of all sentences, of labels and genres, too.
        counts: Pictures learnt from, by set, and ``covers``.
    """

    lesson: Lesson
    kept_back: KeptBack
    wording: Wording
    counts: dict[str, int]


def gather(  # noqa: PLR0913 - all but three have defaults
    pairs: Path,
    covers: Sequence[Path],
    cache_dir: Path,
    *,
    without: Collection[str] = (),
    kept_back: int = 1000,
    unused: int = 0,
) -> Material:
    """Read, look and embed; the second time from the cache.

    Args:
        pairs: Folder of pictures with words, for `read_pairs`.
        covers: CSVs with a column ``file``; nothing else of them is read.
        cache_dir: Folder for what is computed once.
        without: Sets not to learn from.
        kept_back: Pictures of `CAPTIONED`, the last by file name, that measures are taken on.
        unused: Pictures before these that nobody learns from: to choose options, keep 1,000 of 2,000 back
            here and measure on the first half.

    Raises:
        InputError: A file cannot be read.
        NotInstalledError: The extra ``words`` is missing.
    """
    pictures = read_pairs(pairs)
    captioned = sorted((p for p in pictures if p.source == CAPTIONED), key=lambda picture: picture.file)
    held = captioned[len(captioned) - kept_back :]
    apart = {picture.file for picture in captioned[max(len(captioned) - kept_back - unused, 0) :]}
    learnt = [p for p in pictures if p.file not in apart and p.source not in without]
    wording = Wording(vectors.sentences() | set(_sentences(learnt)) | set(_sentences(held)), cache_dir)
    files = [pairs / picture.file for picture in pictures]
    looks = [look(files, cache_dir, view) for view in VIEWS]
    numbers = {picture.file: number for number, picture in enumerate(pictures)}
    rows, held_rows = ([numbers[p.file] for p in some] for some in (learnt, held))
    albums = [[path.parent / name for name in _files(path)] for path in covers]
    cover_looks = [joined([look(some, cache_dir, view) for some in albums]) for view in VIEWS]
    lesson = Lesson(
        views=[seen.features[rows] for seen in looks],
        probabilities=looks[PLAIN].probabilities[rows],
        shares=np.array([SHARES.get(picture.source, 1.0) for picture in learnt]),
        texts=_texts(learnt, wording),
        sentences=wording.vectors,
        cover_views=[seen.features for seen in cover_looks],
        cover_probabilities=cover_looks[PLAIN].probabilities,
        classes=vectors.classes(wording.of),
    )
    first = [picture.texts[0].sentences[0] for picture in held]
    sources = [picture.source for picture in learnt]
    counts = {source: sources.count(source) for source in sorted(set(sources))} | {
        "covers": sum(map(len, albums))
    }
    return Material(lesson, KeptBack(looks[PLAIN].features[held_rows], wording.of(first)), wording, counts)


def _files(path: Path) -> list[str]:
    """The files of a CSV, each once."""
    return list(dict.fromkeys(cells[0] for _, cells in csv_rows(path, ["file"], [])))


def _sentences(pictures: Iterable[Picture]) -> Iterable[str]:
    return (words for picture in pictures for text in picture.texts for words in text.sentences)


def _texts(pictures: Sequence[Picture], wording: Wording) -> list[list[tuple[int, list[int]]]]:
    """Of each picture its texts: a number that texts with one key share, and the rows of its sentences.

    Several texts of one picture share a number, too: none of them is wrong for it.
    """
    keys: dict[str, int] = {}
    found = []
    for picture in pictures:
        own = keys.setdefault(picture.texts[0].key, len(keys))
        found.append([(own, [wording.row[words] for words in text.sentences]) for text in picture.texts])
    return found
