"""Pictures, sentences and covers on disk, made into what is learnt from and what is kept back from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotitags.catalogs.csv_table import csv_rows
from spotitags.errors import InputError
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.sentence_encoder import DIM
from spotitags.taggers.lite.vocabulary import TEMPLATES
from spotitags.training.lite_head import described
from spotitags.training.lite_head import label_vectors as vectors
from spotitags.training.lite_head.captions import SHARES, read_pairs
from spotitags.training.lite_head.image_features import PLAIN, extract_features, joined
from spotitags.training.lite_head.sentence_embeddings import SentenceEmbeddings
from spotitags.training.lite_head.train import SEEN_OFTEN, DescribedCovers, TrainingSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.training.lite_head.captions import Picture

    Floats = NDArray[np.float32]


CAPTIONED = "flickr8k"
"""The set whose last pictures are kept back."""
VIEWS = (PLAIN, 2, 3)


@dataclass(frozen=True, eq=False)
class HoldOut:
    """What is not learnt from.

    Attributes:
        features: (n, n_features) of pictures.
        sentences: (n, n_layers * dim) of each one's first sentence.
        covers: (m, n_features) of described covers.
        shown: (m, n_labels), whether a built-in label fits.
    """

    features: NDArray[np.float16]
    sentences: Floats
    covers: NDArray[np.float16]
    shown: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that a training and its measures need.

    Attributes:
        lesson: What is learnt from.
        kept_back: What is not.
        wording: Embeddings of all sentences, of labels and genres, too.
        counts: Pictures learnt from, by set, ``covers`` and those ``described`` among them.
    """

    lesson: TrainingSet
    kept_back: HoldOut
    wording: SentenceEmbeddings
    counts: dict[str, int]


def build_dataset(  # noqa: PLR0913 - all but three have defaults
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
        InputError: A file cannot be read, or too few of the covers are described.
        NotInstalledError: The extra ``words`` is missing.
    """
    pictures = read_pairs(pairs)
    captioned = sorted((p for p in pictures if p.source == CAPTIONED), key=lambda picture: picture.file)
    held = captioned[len(captioned) - kept_back :]
    apart = {picture.file for picture in captioned[max(len(captioned) - kept_back - unused, 0) :]}
    learnt = [p for p in pictures if p.file not in apart and p.source not in without]
    albums = [[path.parent / name for name in _files(path)] for path in covers]
    known = _described(albums)
    told = [words for texts in known.sentences for words in texts]
    wording = SentenceEmbeddings(
        vectors.sentences() | set(_sentences(learnt)) | set(_sentences(held)) | set(told), cache_dir
    )
    files = [pairs / picture.file for picture in pictures]
    looks = [extract_features(files, cache_dir, view) for view in VIEWS]
    numbers = {picture.file: number for number, picture in enumerate(pictures)}
    rows, held_rows = ([numbers[p.file] for p in some] for some in (learnt, held))
    cover_looks = [joined([extract_features(some, cache_dir, view) for some in albums]) for view in VIEWS]
    lesson = TrainingSet(
        views=[seen.features[rows] for seen in looks],
        probabilities=looks[PLAIN].probabilities[rows],
        shares=np.array([SHARES.get(picture.source, 1.0) for picture in learnt]),
        texts=_texts(learnt, wording),
        sentences=wording.vectors.astype(np.float16),
        dim=DIM,
        cover_views=[seen.features for seen in cover_looks],
        cover_probabilities=cover_looks[PLAIN].probabilities,
        classes=wording.rows(imagenet_labels()),
        seen=known.to_training(wording),
    )
    kept = HoldOut(
        looks[PLAIN].features[held_rows],
        wording.of([picture.texts[0].sentences[0] for picture in held]),
        cover_looks[PLAIN].features[known.places[known.apart]],
        known.shown[known.apart],
    )
    counts = dict(sorted(Counter(picture.source for picture in learnt).items()))
    counts |= {"covers": sum(map(len, albums)), "described": len(lesson.seen.covers)}
    return Material(lesson, kept, wording, counts)


@dataclass(frozen=True, eq=False)
class _Described:
    """The described covers among all.

    Attributes:
        places: (n,) where each stands among all covers.
        sentences: Of each its sentence, then lists of its labels.
        shown: (n, n_labels), whether a label that lite looks for fits.
        apart: (n,), whether a cover is kept back.
    """

    places: NDArray[np.intp]
    sentences: Sequence[Sequence[str]]
    shown: NDArray[np.bool_]
    apart: NDArray[np.bool_]

    def to_training(self, wording: SentenceEmbeddings) -> DescribedCovers:
        """Those that are learnt from."""
        labels = [[template.format(name) for template in TEMPLATES] for name in vectors.label_names()]
        return DescribedCovers(
            covers=self.places[~self.apart],
            texts=np.stack([wording.rows(texts) for texts in self.sentences])[~self.apart],
            shown=self.shown[~self.apart],
            labels=np.stack([wording.rows(around) for around in labels]),
        )


def _described(albums: Iterable[Iterable[Path]]) -> _Described:
    """Those of the covers that are described, in the order of their digests.

    Raises:
        InputError: A file cannot be read, or too few are described.
    """
    every, names = described.descriptions(), vectors.label_names()
    digests = [described.digest_of(file) for files in albums for file in files]
    first = {digest: place for place, digest in reversed(list(enumerate(digests))) if digest in every}
    known = [every[digest] for digest in sorted(first)]
    shown = np.zeros((len(known), len(names)), dtype=bool)
    for row, cover in zip(shown, known, strict=True):
        row[:] = np.isin(names, cover.labels)
    apart = np.array([cover.kept_back for cover in known], dtype=bool)
    if shown[~apart].sum(axis=0).max(initial=0) < SEEN_OFTEN or not shown[apart].any():
        raise InputError(
            f"{len(known)} of the covers are described in spotitags/training/lite_head/described.tsv, "
            "too few to learn from"
            " some and to fit probabilities on others: name the sets of covers that it was written for"
        )
    sentences = described.sentences(known)
    places = np.array([first[cover.digest] for cover in known])
    return _Described(places, [sentences[cover.digest] for cover in known], shown, apart)


def _files(path: Path) -> list[str]:
    """The files of a CSV, each once."""
    return list(dict.fromkeys(cells[0] for _, cells in csv_rows(path, ["file"], [])))


def _sentences(pictures: Iterable[Picture]) -> Iterable[str]:
    return (words for picture in pictures for text in picture.texts for words in text.sentences)


def _texts(pictures: Sequence[Picture], wording: SentenceEmbeddings) -> list[list[tuple[int, list[int]]]]:
    """Of each picture its texts: a number that texts with one key share, and the rows of its sentences.

    Several texts of one picture share a number, too: none of them is wrong for it.
    """
    keys: dict[str, int] = {}
    found = []
    for picture in pictures:
        own = keys.setdefault(picture.texts[0].key, len(keys))
        found.append([(own, [wording.row[words] for words in text.sentences]) for text in picture.texts])
    return found
