"""Evaluate a head: retrieval of sentences, labels of covers, genres by name and from bags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.catalogs.labels import read_labels
from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.samples import collect_samples, select
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.tagger import TOP, CoverFeatures, LiteTagger
from spotitags.taggers.lite.vocabulary import FLOOR, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from classifiers.training.dataset import Row
    from spotitags.evaluation.predictions import HeldOutPredictions
    from spotitags.evaluation.samples import Sample
    from spotitags.taggers.lite.head import Head
    from spotitags.training.lite_head.dataset import HoldOut


MEASURES = frozenset(attribute_labels())
IMAGENET = frozenset(imagenet_labels())
MAX_COVERS = 10  # per artist
_MIN_COVERS = 3  # that a label must fit to be evaluated
_TOP = 8  # labels per cover


class Plain(LiteTagger):
    """Tagger ``lite`` without its head; its embeddings are the input of heads to compare."""

    name = "lite-plain"
    parts = ("attributes", "imagenet")

    def _from_outputs(
        self, outputs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
    ) -> list[CoverFeatures]:
        return [CoverFeatures(features, features, probabilities) for features, probabilities in outputs]


TAGGER = Plain.name


class Retrieval(NamedTuple):
    """Share of the pictures whose sentence is the nearest of all, or among the nearest 5 or 10."""

    at_1: float
    at_5: float
    at_10: float


class Labels(NamedTuple):
    """Scores of labels on held-out covers.

    Attributes:
        average_precision: The mean over the labels that fit three covers or more; chance is their share.
        precision: The share of each cover's eight heaviest labels that fit.
        calibration: The expected calibration error over ten bins of the probabilities of at least `FLOOR`.
    """

    average_precision: float
    precision: float
    calibration: float


class Genres(NamedTuple):
    """Balanced accuracies on labelled artists; chance is 1 / genres.

    Attributes:
        bags: Logistic regression on bags of labels.
        covers: Logistic regression on the labels of single covers, pooled.
        tags: The ensemble of all voters on tags.
        zero_shot: Zero-shot votes by the names of the genres.
    """

    bags: float
    covers: float
    tags: float
    zero_shot: float


def retrieval(head: Head, hold_out: HoldOut) -> Retrieval:
    """Evaluate the retrieval of sentences by pictures, among all held-out ones."""
    cosines = head.project(hold_out.features) @ head.adapt(hold_out.sentences).T
    nearer = (cosines > np.diag(cosines)[:, np.newaxis]).sum(axis=1)
    return Retrieval(*(float(np.mean(nearer < most)) for most in (1, 5, 10)))


def label_contrast(head: Head, covers: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the (n, n_labels) contrast of covers, (n, n_features), along each built-in label."""
    vectors = head.label_vectors
    return head.contrast(head.project(covers), vectors, head.statistics(vectors))


def label_scores(head: Head, hold_out: HoldOut) -> Labels:
    """Evaluate labels on the held-out described covers."""
    from sklearn.metrics import average_precision_score

    fits = hold_out.fits
    contrast, priors = label_contrast(head, hold_out.covers), head.priors(head.labels)
    likely, weights = head.probabilities(contrast, priors), head.weights(contrast, priors)
    often = np.flatnonzero(fits.sum(axis=0) >= _MIN_COVERS)
    precision = [average_precision_score(fits[:, label], likely[:, label]) for label in often]
    first = np.argsort(-weights, axis=1)[:, :_TOP]
    return Labels(
        average_precision=float(np.mean(precision)),
        precision=float(np.take_along_axis(fits, first, axis=1).mean()),
        calibration=_calibration_error(likely.ravel(), fits.ravel()),
    )


def _calibration_error(likely: NDArray[np.floating], fits: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    used = likely >= FLOOR
    likely, fits = likely[used], fits[used]
    bins = np.minimum((likely * 10).astype(int), 9)
    gaps = [abs(likely[bins == b].mean() - fits[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    return float(sum(gaps))


def labelled_samples(manifest: Path, genres: Sequence[str]) -> tuple[Sample, ...]:
    """Collect artists of these genres with at least 3 covers, without covers that artists share.

    Raises:
        InputError: The manifest cannot be used.
    """
    from spotitags.catalogs.manifest import FolderCatalog
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.settings import Settings

    tagger = Plain(Settings().cache_dir)
    spotitags = SpotiTags(catalog=FolderCatalog(manifest), tagger=tagger, albums=20)
    artists, _ = read_labels(manifest, genres)
    return select(collect_samples(spotitags, artists), min_covers=3, drop_shared=True).rows


def genre_scores(
    head: Head,
    samples: Sequence[Sample],
    names: dict[str, str],
    *,
    repeats: int = 4,
    also: AbstractSet[str] = MEASURES | IMAGENET,
) -> Genres:
    """Evaluate the genre votes on a head's labels by the project's cross-validation.

    Args:
        head: The head whose labels replace those of the samples.
        samples: The result of `labelled_samples`.
        names: The names in `Head.genres` of genres that the samples name differently.
        repeats: The number of repeats, of 5 folds each.
        also: Other tags of `lite` to use besides the labels.
    """
    vocabulary = Vocabulary(Path(), head=head)
    tagged = [replace(sample, row=_retagged(head, vocabulary, sample, also)) for sample in samples]
    predictions = run(
        tagged, {TAGGER: "head"}, Protocol(repeats=repeats, curve_repeats=0, max_test_covers=MAX_COVERS)
    )
    by_name = {(v.view, v.classifier): i for i, v in enumerate(predictions.voters)}
    return Genres(
        bags=_accuracy(predictions, predictions.votes[:, :, by_name["all", "logistic_regression"]]),
        covers=_accuracy(predictions, predictions.votes[:, :, by_name["covers", "logistic_regression"]]),
        tags=_accuracy(predictions, predictions.ensemble),
        zero_shot=zero_shot(head, samples, names),
    )


def zero_shot(head: Head, samples: Sequence[Sample], names: dict[str, str]) -> float:
    """Compute the balanced accuracy of zero-shot votes on artists' first `MAX_COVERS` covers."""
    from sklearn.metrics import balanced_accuracy_score

    genres = sorted({sample.genre for sample in samples})
    vectors = np.stack([head.genres[names.get(genre, genre)] for genre in genres])
    statistics = head.statistics(vectors)
    predicted = []
    for sample in samples:
        images = head.project(sample.row.embeddings[TAGGER][:MAX_COVERS])
        predicted.append(genres[int(head.contrast(images, vectors, statistics).mean(axis=0).argmax())])
    return float(balanced_accuracy_score([sample.genre for sample in samples], predicted))


def _accuracy(predictions: HeldOutPredictions, votes: NDArray[np.float64]) -> float:
    """Compute the mean balanced accuracy over repeats of votes, (n_repeats, n_rows, n_genres)."""
    right = votes.argmax(axis=2) == predictions.truth
    return float(
        np.mean([right[:, predictions.truth == genre].mean() for genre in np.unique(predictions.truth)])
    )


def _retagged(head: Head, vocabulary: Vocabulary, sample: Sample, also: AbstractSet[str]) -> Row:
    """Return the sample's row with the labels of a head and the other tags in ``also``."""
    vectors = head.project(sample.row.embeddings[TAGGER])
    covers = []
    for vector, before in zip(vectors, sample.row.covers[TAGGER], strict=True):
        tags = {tag.label: tag.weight for tag in vocabulary.tags(vector, TOP)}
        covers.append({label: weight for label, weight in before.items() if label in also} | tags)
    return replace(sample.row, covers={TAGGER: covers}, embeddings={})
