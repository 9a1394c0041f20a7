"""How good a head is: finding a picture's sentence, naming genres untrained, and bags of its labels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spotitags.evaluation.planning import Protocol
from spotitags.evaluation.protocol import run
from spotitags.evaluation.samples import collect, select
from spotitags.taggers._attributes import attribute_labels
from spotitags.taggers._efficientnet import installed_weights
from spotitags.taggers._state_dict import read_state_dict
from spotitags.taggers._vocabulary import Vocabulary
from spotitags.taggers.lite import TOP, imagenet_labels
from spotitags.training import read_labelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from classifiers.rows import Row
    from spotitags.evaluation.protocol import Answers
    from spotitags.evaluation.samples import Sample
    from spotitags.head.lessons import KeptBack
    from spotitags.taggers._head import Head

TAGGER = "lite"
MEASURES = frozenset(attribute_labels())
IMAGENET = frozenset(imagenet_labels())
ASKED = 10  # covers of an artist


class Retrieval(NamedTuple):
    """Part of the pictures whose own sentence is the nearest of all, or among the nearest 5 or 10."""

    at_1: float
    at_5: float
    at_10: float


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


def retrieval(head: Head, kept_back: KeptBack) -> Retrieval:
    """Pictures to sentences, among all those kept back."""
    cosines = head.project(kept_back.features) @ head.adapt(kept_back.sentences).T
    nearer = (cosines > np.diag(cosines)[:, np.newaxis]).sum(axis=1)
    return Retrieval(*(float(np.mean(nearer < most)) for most in (1, 5, 10)))


def labelled_samples(manifest: Path, genres: Sequence[str]) -> tuple[Sample, ...]:
    """Artists of these genres with 3 covers of their own at least, and without any cover that others share.

    Raises:
        InputError: The manifest cannot be used.
    """
    from spotitags.catalogs.folder import FolderCatalog
    from spotitags.pipeline import SpotiTags

    spotitags = SpotiTags(catalog=FolderCatalog(manifest), tagger=TAGGER, albums=20)
    artists, _ = read_labelled(manifest, genres)
    return select(collect(spotitags, artists), min_covers=3, drop_shared=True).rows


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
    tagged = [replace(sample, row=_retagged(vocabulary, sample, also)) for sample in samples]
    answers = run(tagged, {TAGGER: "head"}, Protocol(repeats=repeats, curve_repeats=0, asked_covers=ASKED))
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


def _accuracy(answers: Answers, votes: NDArray[np.float64]) -> float:
    """Balanced accuracy of (n_repeats, n_rows, n_genres) votes, mean over repeats."""
    right = votes.argmax(axis=2) == answers.truth
    return float(np.mean([right[:, answers.truth == genre].mean() for genre in np.unique(answers.truth)]))


def _retagged(vocabulary: Vocabulary, sample: Sample, also: AbstractSet[str]) -> Row:
    """The sample's row with a head's labels, read from its covers' features, and those of the others."""
    features = sample.row.embeddings[TAGGER]
    covers = []
    for row, answers, before in zip(features, _answers(features), sample.row.covers[TAGGER], strict=True):
        tags = {tag.label: tag.weight for tag in vocabulary.tags(row, answers, TOP)}
        covers.append({label: weight for label, weight in before.items() if label in also} | tags)
    return replace(sample.row, covers={TAGGER: covers}, embeddings={})


def _answers(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 1000) ImageNet probabilities, which are a fixed function of the (n, 1960) features."""
    weights, bias = _classifier()
    logits = features[:, : weights.shape[1]] @ weights.T + bias
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities


@cache
def _classifier() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    state = read_state_dict(installed_weights())
    return state["_fc.weight"], state["_fc.bias"]
