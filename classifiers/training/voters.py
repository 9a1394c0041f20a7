"""Voters fitted on labelled rows with scikit-learn, and their predictions."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers import image
from classifiers.ensemble.blends import is_word_source
from classifiers.ensemble.graph_inputs import feature_rows
from classifiers.ensemble.model_card import PER_COVER
from classifiers.ensemble.pooling import Sharpness, flat_where_unknown, pool_covers, temper
from classifiers.ensemble.results import VoterName
from classifiers.errors import ClassifierError, TrainingDataError
from classifiers.image import EMBEDDING
from classifiers.text import build_classifier, classifier_names
from classifiers.text.views import COVERS, VIEWS, WORDS, View, ViewOptions, fit_view
from classifiers.training.dataset import common_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text import Classifier
    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


WORD_CLASSIFIER = "logistic_regression"
INNER_FOLDS = 5  # for calibration inside a classifier; fewer if a genre is smaller


class VoterPredictions(NamedTuple):
    """One voter's (k, n_genres) votes on one artist; (k,) ``known`` is False if it knows no feature.

    k is 1 for a bag, else the number of covers.
    """

    votes: Floats
    known: NDArray[np.bool_]


class FittedVoter(NamedTuple):
    """A fitted voter; ``model`` is None if its view is empty: its votes are flat then."""

    name: VoterName
    view: View
    width: int
    model: Classifier | None
    genres: int

    def predict(self, rows: Sequence[Row]) -> list[VoterPredictions]:
        """Predict each row's bag, or each of its covers."""
        matrices = _matrices(self.view, self.name.tagger, rows)
        if not matrices:
            return []
        x = np.concatenate(matrices)
        votes = np.full((len(x), self.genres), 1 / self.genres)
        if self.model is not None and len(x):
            votes = self.model.predict_proba(x)
        ends = np.cumsum([len(matrix) for matrix in matrices])[:-1]
        known = x.any(axis=1) & (self.model is not None)
        return [
            VoterPredictions(*pair) for pair in zip(np.split(votes, ends), np.split(known, ends), strict=True)
        ]


def artist_vote(predictions: VoterPredictions, covers: int, sharpness: Sharpness | None) -> Floats:
    """Combine one voter's predictions into a (n_genres,) vote: pool covers, or temper the vote on a bag."""
    if sharpness:
        return pool_covers(predictions.votes, predictions.known, sharpness)
    vote: Floats = temper(flat_where_unknown(predictions.votes, predictions.known), covers)[0]
    return vote


def voter_names(
    rows: Sequence[Row],
    taggers: Mapping[str, str],
    views: Sequence[str] | None = None,
    classifiers: Sequence[str] | None = None,
    image_models: Sequence[str] = (),
) -> list[VoterName]:
    """List every (tagger, view, classifier) that can be trained on these rows.

    Args:
        rows: Labelled artists; taggers whose embeddings all of them have get the view ``embedding``.
        taggers: Tagger to version.
        views: Some of `classifiers.text.views.VIEWS`, ``words`` and ``embedding``; None for all. Sources of
            words have the view ``words`` alone, and other taggers all but that one.
        classifiers: Some text classifiers; None for all. Only `WORD_CLASSIFIER` reads words.
        image_models: Additional image models, as in `optional_voters`.

    Raises:
        ClassifierError: No voter is left, or the rows lack the feature of an image model.
    """
    wanted = (*VIEWS, WORDS, EMBEDDING) if views is None else views
    classifiers = classifiers or classifier_names()
    texts = [view for view in wanted if view not in {WORDS, EMBEDDING}]
    labelled = [tagger for tagger in taggers if not is_word_source(tagger)]
    names = [VoterName(*name) for name in product(labelled, texts, classifiers)]
    if WORDS in wanted and WORD_CLASSIFIER in classifiers:
        names += [VoterName(each, WORDS, WORD_CLASSIFIER) for each in taggers if is_word_source(each)]
    if EMBEDDING in wanted:
        embedded = common_features(rows, list(taggers))
        defaults = image.classifier_names(default=True)
        names += [VoterName(*name) for name in product(embedded, [EMBEDDING], defaults)]
    names += optional_voters(rows, taggers, image_models)
    if not names:
        raise ClassifierError("an ensemble needs at least one tagger, one view and one classifier")
    return names


def optional_voters(rows: Sequence[Row], taggers: Iterable[str], models: Iterable[str]) -> list[VoterName]:
    """List the voters of image models: one for each tagger's embeddings, or one on a pixel feature.

    Args:
        rows: Labelled artists.
        taggers: Names of the taggers.
        models: Names from `classifiers.image`; ``name:source`` to use only the embeddings of that tagger, or
            another feature in the rows' embeddings.

    Raises:
        ClassifierError: There is no such model, or not all rows have its feature.
    """
    names = []
    for model, _, named in (spec.partition(":") for spec in dict.fromkeys(models)):
        source = named or image.feature_of(model)
        available = common_features(rows, list(taggers) if source == EMBEDDING else [source])
        if not available:
            raise ClassifierError(
                f"the model {model} needs the {source} of covers, which not all artists have: "
                "give their covers and a tagger with embeddings, or leave the model out"
            )
        names += [VoterName(tagger, EMBEDDING, model) for tagger in available]
    return names


def fit_voters(
    rows: Sequence[Row],
    names: Sequence[VoterName],
    genres: Sequence[str],
    options: ViewOptions | None = None,
    seed: int = 0,
) -> list[FittedVoter]:
    """Fit a view and a classifier for each voter.

    Every genre has the same total weight. If each cover is a row, an artist's covers together weigh the
    square root of their number: more covers say more, but they resemble each other.

    Args:
        rows: Training rows, with every genre.
        names: From `voter_names`.
        genres: Order of the probabilities.
        options: Sizes of the views; None for the defaults.
        seed: Random seed.

    Raises:
        ClassifierError: There is no such view or classifier.
    """
    truth = np.array([genres.index(row.genre) for row in rows], dtype=np.intp)
    counts = np.bincount(truth, minlength=len(genres))
    inputs: dict[tuple[str, str], tuple[View, list[Floats]]] = {}
    fits: list[FittedVoter] = []
    for name in names:
        if name[:2] not in inputs:
            view = _view(name, rows, options)
            inputs[name[:2]] = view, _matrices(view, name.tagger, rows)
        view, matrices = inputs[name[:2]]
        x, lengths = np.concatenate(matrices), np.array([len(matrix) for matrix in matrices])
        weights = row_weights(truth, lengths)
        model = None
        if x.any():
            inner_folds = min(INNER_FOLDS, int(counts.min()))
            model = _classifier(name, inner_folds, seed).fit(
                x, np.repeat(truth, lengths), sample_weight=weights
            )
        fits.append(FittedVoter(name, view, x.shape[1], model, len(genres)))
    return fits


def usable_voters(fits: Sequence[FittedVoter], voting: int) -> list[int]:
    """Return the numbers of the voters whose view is not empty; the first ``voting`` are default voters.

    Raises:
        TrainingDataError: No default voter is left.
    """
    usable = [i for i, fitted in enumerate(fits) if fitted.model]
    if not any(i < voting for i in usable):
        raise TrainingDataError("no tag is shared between artists: give more artists, or richer tags")
    return usable


def row_weights(truth: NDArray[np.intp], lengths: NDArray[np.intp]) -> Floats:
    """(sum of lengths,) row weights with mean 1, from (n_artists,) genre indices and numbers of rows."""
    artists = np.sqrt(lengths)
    genres = np.bincount(truth, artists)
    rows = np.repeat(artists / (genres[truth] * np.maximum(lengths, 1)), lengths)
    weights: Floats = rows * len(rows) / rows.sum()
    return weights


def _classifier(name: VoterName, inner_folds: int, seed: int) -> Classifier:
    if name.view == EMBEDDING:
        return image.build_classifier(name.classifier, seed=seed)
    # words have thousands of columns, so they want as strong a penalty as single covers
    strong = name.view in PER_COVER or name.view == WORDS
    return build_classifier(name.classifier, inner_folds=inner_folds, seed=seed, per_cover=strong)


def _view(name: VoterName, rows: Sequence[Row], options: ViewOptions | None) -> View:
    if name.view == EMBEDDING:
        return View(EMBEDDING, ())
    return fit_view(name.view, [row.bag(name.tagger) for row in rows], [row.genre for row in rows], options)


def _matrices(view: View, tagger: str, rows: Sequence[Row]) -> list[Floats]:
    """The input of each row: (1, width) for a bag, (n_covers, width) for covers."""
    if view.name == EMBEDDING:
        return [feature_rows(tagger, row.embeddings[tagger]) for row in rows]
    if view.name == COVERS:
        return [view.vectors(row.covers[tagger]) for row in rows]
    return [view.vectors([row.bag(tagger)]) for row in rows]
