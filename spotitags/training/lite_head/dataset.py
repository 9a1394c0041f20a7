"""Build the training set and the hold-out from pictures, sentences and covers on disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotitags.catalogs.csv_table import CsvTable
from spotitags.errors import InputError
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.sentence_encoder import DIM
from spotitags.taggers.lite.vocabulary import TEMPLATES
from spotitags.training.lite_head import described
from spotitags.training.lite_head import label_vectors as vectors
from spotitags.training.lite_head.captions import SHARES, read_pairs
from spotitags.training.lite_head.image_features import PLAIN, concatenate, extract_features
from spotitags.training.lite_head.sentence_embeddings import SentenceEmbeddings
from spotitags.training.lite_head.train import MIN_COVERS, DescribedCovers, TrainingSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.training.lite_head.captions import Picture

    Floats = NDArray[np.float32]


CAPTIONED = "flickr8k"
"""The set whose last pictures are held out."""
VIEWS = (PLAIN, 2, 3)


@dataclass(frozen=True, eq=False)
class HoldOut:
    """Pictures and covers that no head is trained on.

    Attributes:
        features: (n, n_features) of pictures.
        sentences: (n, n_layers * dim) of the first sentence of each picture.
        covers: (m, n_features) of described covers.
        fits: (m, n_labels), True if a built-in label fits.
    """

    features: NDArray[np.float16]
    sentences: Floats
    covers: NDArray[np.float16]
    fits: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data for the training and the evaluation of a head.

    Attributes:
        training: The training set.
        hold_out: The held-out pictures and covers.
        embeddings: The embeddings of all sentences, with those of labels and genres.
        counts: The number of training pictures by set, of ``covers``, and of ``described`` ones among them.
    """

    training: TrainingSet
    hold_out: HoldOut
    embeddings: SentenceEmbeddings
    counts: dict[str, int]


def build_dataset(  # noqa: PLR0913 - all but three have defaults
    pairs: Path,
    covers: Sequence[Path],
    cache_dir: Path,
    *,
    without: Collection[str] = (),
    held_out: int = 1000,
    unused: int = 0,
) -> Dataset:
    """Read the data and compute features and embeddings, or load them from the cache.

    Args:
        pairs: The folder of captioned pictures, for `read_pairs`.
        covers: CSV files of covers; only the column ``file`` is read.
        cache_dir: The folder for features and embeddings.
        without: Sets not to train on.
        held_out: The number of pictures of `CAPTIONED` to hold out for evaluation, the last by file name.
        unused: The number of pictures before these to leave out, too: to choose options, hold out one half of
            2,000 pictures and leave the other for the final evaluation.

    Raises:
        InputError: A file cannot be read, or too few of the covers are described.
        NotInstalledError: The extra ``words`` is missing.
    """
    pictures = read_pairs(pairs)
    captioned = sorted((p for p in pictures if p.source == CAPTIONED), key=lambda picture: picture.file)
    held = captioned[len(captioned) - held_out :]
    excluded = {picture.file for picture in captioned[max(len(captioned) - held_out - unused, 0) :]}
    trained = [p for p in pictures if p.file not in excluded and p.source not in without]
    albums = [[path.parent / name for name in _files(path)] for path in covers]
    known = _described(albums)
    descriptions = {sentence for texts in known.sentences for sentence in texts}
    embeddings = SentenceEmbeddings(
        vectors.sentences() | set(_sentences(trained)) | set(_sentences(held)) | descriptions, cache_dir
    )
    files = [pairs / picture.file for picture in pictures]
    outputs = [extract_features(files, cache_dir, view) for view in VIEWS]
    numbers = {picture.file: number for number, picture in enumerate(pictures)}
    rows, held_rows = ([numbers[p.file] for p in some] for some in (trained, held))
    cover_outputs = [
        concatenate([extract_features(some, cache_dir, view) for some in albums]) for view in VIEWS
    ]
    training = TrainingSet(
        views=[view.features[rows] for view in outputs],
        probabilities=outputs[PLAIN].probabilities[rows],
        shares=np.array([SHARES.get(picture.source, 1.0) for picture in trained]),
        texts=_texts(trained, embeddings),
        sentences=embeddings.vectors.astype(np.float16),
        dim=DIM,
        cover_views=[view.features for view in cover_outputs],
        cover_probabilities=cover_outputs[PLAIN].probabilities,
        classes=embeddings.rows(imagenet_labels()),
        described=known.to_training(embeddings),
    )
    hold_out = HoldOut(
        outputs[PLAIN].features[held_rows],
        embeddings.of([picture.texts[0].sentences[0] for picture in held]),
        cover_outputs[PLAIN].features[known.indices[known.held_out]],
        known.fits[known.held_out],
    )
    counts = dict(sorted(Counter(picture.source for picture in trained).items()))
    counts |= {"covers": sum(map(len, albums)), "described": len(training.described.covers)}
    return Dataset(training, hold_out, embeddings, counts)


@dataclass(frozen=True, eq=False)
class _Described:
    """The described ones among all covers.

    Attributes:
        indices: (n,) their indices among all covers.
        sentences: For each cover its sentence, then lists of its labels.
        fits: (n, n_labels), True if a label of lite fits.
        held_out: (n,), True if the cover is held out.
    """

    indices: NDArray[np.intp]
    sentences: Sequence[Sequence[str]]
    fits: NDArray[np.bool_]
    held_out: NDArray[np.bool_]

    def to_training(self, embeddings: SentenceEmbeddings) -> DescribedCovers:
        """Return those to train on."""
        labels = [[template.format(name) for template in TEMPLATES] for name in vectors.label_names()]
        return DescribedCovers(
            covers=self.indices[~self.held_out],
            texts=np.stack([embeddings.rows(texts) for texts in self.sentences])[~self.held_out],
            fits=self.fits[~self.held_out],
            labels=np.stack([embeddings.rows(texts) for texts in labels]),
        )


def _described(albums: Iterable[Iterable[Path]]) -> _Described:
    """Return the described ones of the covers, in the order of their digests.

    Raises:
        InputError: A file cannot be read, or too few are described.
    """
    every, names = described.descriptions(), vectors.label_names()
    digests = [described.digest_of(file) for files in albums for file in files]
    first = {digest: index for index, digest in reversed(list(enumerate(digests))) if digest in every}
    known = [every[digest] for digest in sorted(first)]
    fits = np.zeros((len(known), len(names)), dtype=bool)
    for row, cover in zip(fits, known, strict=True):
        row[:] = np.isin(names, cover.labels)
    held_out = np.array([cover.held_out for cover in known], dtype=bool)
    if fits[~held_out].sum(axis=0).max(initial=0) < MIN_COVERS or not fits[held_out].any():
        raise InputError(
            f"{len(known)} of the covers are described in spotitags/training/lite_head/described.tsv, "
            "too few to train on some and to calibrate on others: name the sets of covers that it was "
            "written for"
        )
    sentences = described.sentences(known)
    indices = np.array([first[cover.digest] for cover in known])
    return _Described(indices, [sentences[cover.digest] for cover in known], fits, held_out)


def _files(path: Path) -> list[str]:
    """Return the files of a CSV without duplicates."""
    return list(dict.fromkeys(cells[0] for _, cells in CsvTable(path).rows(["file"])))


def _sentences(pictures: Iterable[Picture]) -> Iterable[str]:
    return (words for picture in pictures for text in picture.texts for words in text.sentences)


def _texts(pictures: Sequence[Picture], embeddings: SentenceEmbeddings) -> list[list[tuple[int, list[int]]]]:
    """Return the texts of each picture: an index per key, and the rows of the sentences.

    All texts of one picture share the index of its first key: none of them is a negative example for it.
    """
    keys: dict[str, int] = {}
    found = []
    for picture in pictures:
        index = keys.setdefault(picture.texts[0].key, len(keys))
        found.append([(index, [embeddings.row[words] for words in text.sentences]) for text in picture.texts])
    return found
