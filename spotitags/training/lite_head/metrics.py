"""How good a head is: a picture's sentence, a cover's labels, genres by name and from bags."""

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
    from spotitags.evaluation.cross_validation import HeldOutPredictions
    from spotitags.evaluation.samples import Sample
    from spotitags.taggers.lite.head import Head
    from spotitags.training.lite_head.dataset import HoldOut


MEASURES = frozenset(attribute_labels())
IMAGENET = frozenset(imagenet_labels())
ASKED = 10  # covers of an artist
_OFTEN = 3  # covers a label must be on to be measured
_FIRST = 8  # labels of a cover


class Plain(LiteTagger):
    """`lite` without its head, whose embeddings are what a head reads: heads are measured beside it."""

    name = "lite-plain"
    parts = ("attributes", "imagenet")

    def _from_outputs(
        self, features: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> CoverFeatures:
        return CoverFeatures(features, features, probabilities)


TAGGER = Plain.name


class Retrieval(NamedTuple):
    """Part of the pictures whose own sentence is the nearest of all, or among the nearest 5 or 10."""

    at_1: float
    at_5: float
    at_10: float


class Labels(NamedTuple):
    """How well labels fit covers that were not learnt from.

    Attributes:
        average_precision: Mean over the labels that are on three covers or more; chance is their share.
        precision: Part of each cover's eight heaviest labels that fit.
        calibration: Mean distance between probability and part that fits, over tenths, by number, where the
            probability is `FLOOR` or more.
    """

    average_precision: float
    precision: float
    calibration: float


class Genres(NamedTuple):
    """Balanced accuracies on labelled artists; chance is 1 / genres.

    Attributes:
        bags: Labels' bags by logistic regression.
        covers: Labels of single covers by logistic regression, pooled.
        tags: The ensemble of all voters on tags.
        zero_shot: By the genres' names, nothing learnt.
    """

    bags: float
    covers: float
    tags: float
    zero_shot: float


def retrieval(head: Head, kept_back: HoldOut) -> Retrieval:
    """Pictures to sentences, among all those kept back."""
    cosines = head.project(kept_back.features) @ head.adapt(kept_back.sentences).T
    nearer = (cosines > np.diag(cosines)[:, np.newaxis]).sum(axis=1)
    return Retrieval(*(float(np.mean(nearer < most)) for most in (1, 5, 10)))


def label_contrast(head: Head, covers: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, n_labels) how far covers of (n, n_features) stand out towards each built-in label."""
    vectors = head.label_vectors
    return head.contrast(head.project(covers), vectors, head.statistics(vectors))


def label_scores(head: Head, kept_back: HoldOut) -> Labels:
    """Labels against what is on the described covers that were kept back."""
    from sklearn.metrics import average_precision_score

    shown = kept_back.shown
    contrast, priors = label_contrast(head, kept_back.covers), head.priors(head.labels)
    likely, weights = head.probabilities(contrast, priors), head.weights(contrast, priors)
    often = np.flatnonzero(shown.sum(axis=0) >= _OFTEN)
    precision = [average_precision_score(shown[:, label], likely[:, label]) for label in often]
    first = np.argsort(-weights, axis=1)[:, :_FIRST]
    return Labels(
        average_precision=float(np.mean(precision)),
        precision=float(np.take_along_axis(shown, first, axis=1).mean()),
        calibration=_calibration_error(likely.ravel(), shown.ravel()),
    )


def _calibration_error(likely: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Over ten bins of equal width (Naeini et al. 2015)."""
    told = likely >= FLOOR
    likely, right = likely[told], right[told]
    bins = np.minimum((likely * 10).astype(int), 9)
    gaps = [abs(likely[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    return float(sum(gaps))


def labelled_samples(manifest: Path, genres: Sequence[str]) -> tuple[Sample, ...]:
    """Artists of these genres with 3 covers of their own at least, and without any cover that others share.

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
    """What the house's own evaluation says of a head's labels.

    Args:
        head: Whose labels take the place of those that the samples were tagged with.
        samples: From `labelled_samples`.
        names: How a genre of the samples is called in `Head.genres`, where that differs.
        repeats: Of 5 folds.
        also: Of `lite`'s other tags those that stay beside the labels.
    """
    vocabulary = Vocabulary(Path(), head=head)
    tagged = [replace(sample, row=_retagged(head, vocabulary, sample, also)) for sample in samples]
    answers = run(tagged, {TAGGER: "head"}, Protocol(repeats=repeats, curve_repeats=0, max_test_covers=ASKED))
    by_name = {(v.view, v.classifier): i for i, v in enumerate(answers.voters)}
    return Genres(
        bags=_accuracy(answers, answers.each[:, :, by_name["all", "logistic_regression"]]),
        covers=_accuracy(answers, answers.each[:, :, by_name["covers", "logistic_regression"]]),
        tags=_accuracy(answers, answers.ensemble),
        zero_shot=zero_shot(head, samples, names),
    )


def zero_shot(head: Head, samples: Sequence[Sample], names: dict[str, str]) -> float:
    """Balanced accuracy of the genres' names alone on artists' first `ASKED` covers."""
    genres = sorted({sample.genre for sample in samples})
    vectors = np.stack([head.genres[names.get(genre, genre)] for genre in genres])
    statistics = head.statistics(vectors)
    named = []
    for sample in samples:
        images = head.project(sample.row.embeddings[TAGGER][:ASKED])
        named.append(genres[int(head.contrast(images, vectors, statistics).mean(axis=0).argmax())])
    truth = np.array([sample.genre for sample in samples])
    right = np.array(named) == truth
    return float(np.mean([right[truth == genre].mean() for genre in genres]))


def _accuracy(answers: HeldOutPredictions, votes: NDArray[np.float64]) -> float:
    """Balanced accuracy of (n_repeats, n_rows, n_genres) votes, mean over repeats."""
    right = votes.argmax(axis=2) == answers.truth
    return float(np.mean([right[:, answers.truth == genre].mean() for genre in np.unique(answers.truth)]))


def _retagged(head: Head, vocabulary: Vocabulary, sample: Sample, also: AbstractSet[str]) -> Row:
    """The sample's row with a head's labels, read from its covers' features, and those of the others."""
    vectors = head.project(sample.row.embeddings[TAGGER])
    covers = []
    for vector, before in zip(vectors, sample.row.covers[TAGGER], strict=True):
        tags = {tag.label: tag.weight for tag in vocabulary.tags(vector, TOP)}
        covers.append({label: weight for label, weight in before.items() if label in also} | tags)
    return replace(sample.row, covers={TAGGER: covers}, embeddings={})
