"""Voters fitted on labelled rows with scikit-learn, and their answers on others."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers import image
from classifiers.ensemble.inputs import PER_COVER
from classifiers.ensemble.pooling import Sharpness, pool_covers, with_doubt, with_unknown
from classifiers.ensemble.results import VoterName
from classifiers.errors import ClassifierError
from classifiers.image import EMBEDDING
from classifiers.text import build_classifier, classifier_names
from classifiers.text.views import COVERS, VIEWS, View, ViewOptions, fit_view
from classifiers.training.dataset import embedded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.text import Classifier
    from classifiers.training.dataset import Row

    Floats = NDArray[np.float64]


INNER_FOLDS = 5  # for calibration inside a classifier; fewer where a genre is smaller


class VoterPredictions(NamedTuple):
    """One voter's answers on one artist: (k, n_genres) votes, and (k,) whether it knew anything.

    k is 1 for a bag, else the number of covers.
    """

    votes: Floats
    known: NDArray[np.bool_]


class FittedVoter(NamedTuple):
    """A voter fitted on some rows; ``model`` is None where its view is empty: its answers are flat then."""

    name: VoterName
    view: View
    width: int
    model: Classifier | None
    genres: int

    def answers(self, rows: Sequence[Row]) -> list[VoterPredictions]:
        """On each row's bag, or on each of its covers."""
        parts = _matrices(self.view, self.name.tagger, rows)
        if not parts:
            return []
        x = np.concatenate(parts)
        votes = np.full((len(x), self.genres), 1 / self.genres)
        if self.model is not None and len(x):
            votes = self.model.predict_proba(x)
        ends = np.cumsum([len(part) for part in parts])[:-1]
        known = x.any(axis=1) & (self.model is not None)
        return [
            VoterPredictions(*pair) for pair in zip(np.split(votes, ends), np.split(known, ends), strict=True)
        ]


def vote_of(answers: VoterPredictions, covers: int, sharpness: Sharpness | None) -> Floats:
    """(n_genres,) an artist's vote: of its covers pooled where ``sharpness`` is given, else of its bag."""
    if sharpness:
        return pool_covers(answers.votes, answers.known, sharpness)
    flat: Floats = with_doubt(with_unknown(answers.votes, answers.known), covers)[0]
    return flat


def voter_names(
    rows: Sequence[Row],
    taggers: Mapping[str, str],
    views: Sequence[str] | None = None,
    classifiers: Sequence[str] | None = None,
    image_models: Sequence[str] = (),
) -> list[VoterName]:
    """Every (tagger, view, classifier) that these rows can train.

    Args:
        rows: Labelled artists; a tagger whose embeddings all of them have gets the view ``embedding``.
        taggers: Tagger to version.
        views: Some of `classifiers.text.views.VIEWS` and ``embedding``; None for all.
        classifiers: Some text classifiers; None for all.
        image_models: Image models besides, from `optional_voters`.

    Raises:
        ClassifierError: No voter is left, or the rows lack what an image model reads.
    """
    wanted = (*VIEWS, EMBEDDING) if views is None else views
    texts = [view for view in wanted if view != EMBEDDING]
    names = [VoterName(*name) for name in product(taggers, texts, classifiers or classifier_names())]
    if EMBEDDING in wanted:
        able = embedded(rows, list(taggers))
        standing = image.classifier_names(default=True)
        names += [VoterName(*name) for name in product(able, [EMBEDDING], standing)]
    names += optional_voters(rows, taggers, image_models)
    if not names:
        raise ClassifierError("an ensemble needs a tagger, a view and a classifier at least")
    return names


def optional_voters(rows: Sequence[Row], taggers: Iterable[str], models: Iterable[str]) -> list[VoterName]:
    """The voters that image models stand for: one for each tagger's embeddings, or one on a measure.

    Args:
        rows: Labelled artists.
        taggers: Their names.
        models: Names from `classifiers.image`; ``name:source`` for one that is to read that tagger's numbers,
            or another source of the rows' embeddings.

    Raises:
        ClassifierError: There is no such model, or not all rows have what it reads.
    """
    names = []
    for model, _, named in (spec.partition(":") for spec in dict.fromkeys(models)):
        source = named or image.reads(model)
        wanted = list(taggers) if source == EMBEDDING else [source]
        able = embedded(rows, wanted)
        if not able:
            raise ClassifierError(
                f"the model {model} reads the {source} of covers, and not all artists have that: "
                "give their covers and a tagger that embeds, or leave the model out"
            )
        names += [VoterName(tagger, EMBEDDING, model) for tagger in able]
    return names


def fit_voters(
    rows: Sequence[Row],
    names: Sequence[VoterName],
    genres: Sequence[str],
    options: ViewOptions | None = None,
    seed: int = 0,
) -> list[FittedVoter]:
    """Fit a view and a classifier for each voter.

    Genres weigh the same in sum. Where each cover is a row, an artist's covers weigh the square root of their
    number together: more covers say more, but they resemble each other.

    Args:
        rows: To learn from, with every genre.
        names: From `voter_names`.
        genres: Order of the probabilities.
        options: Sizes of the views; None for the defaults.
        seed: Of everything random.

    Raises:
        ClassifierError: There is no such view or classifier.
    """
    truth = np.array([genres.index(row.genre) for row in rows], dtype=np.intp)
    counts = np.bincount(truth, minlength=len(genres))
    seen: dict[tuple[str, str], tuple[View, list[Floats]]] = {}
    fits: list[FittedVoter] = []
    for name in names:
        if name[:2] not in seen:
            view = _view(name, rows, options)
            seen[name[:2]] = view, _matrices(view, name.tagger, rows)
        view, parts = seen[name[:2]]
        x, lengths = np.concatenate(parts), np.array([len(part) for part in parts])
        weights = _row_weights(truth, lengths)
        model = None
        if x.any():
            inner = min(INNER_FOLDS, int(counts.min()))
            model = _classifier(name, inner, seed).fit(x, np.repeat(truth, lengths), sample_weight=weights)
        fits.append(FittedVoter(name, view, x.shape[1], model, len(genres)))
    return fits


def _row_weights(truth: NDArray[np.intp], lengths: NDArray[np.intp]) -> Floats:
    """(sum of lengths,) weights with mean 1 of all artists' rows, from their (n_artists,) genres and rows."""
    artists = np.sqrt(lengths)
    of_genre = np.bincount(truth, artists)
    each = np.repeat(artists / (of_genre[truth] * np.maximum(lengths, 1)), lengths)
    weights: Floats = each * len(each) / each.sum()
    return weights


def _classifier(name: VoterName, inner_folds: int, seed: int) -> Classifier:
    if name.view == EMBEDDING:
        return image.build_classifier(name.classifier, seed=seed)
    return build_classifier(
        name.classifier, inner_folds=inner_folds, seed=seed, per_cover=name.view in PER_COVER
    )


def _view(name: VoterName, rows: Sequence[Row], options: ViewOptions | None) -> View:
    if name.view == EMBEDDING:
        return View(EMBEDDING, ())
    return fit_view(name.view, [row.bag(name.tagger) for row in rows], [row.genre for row in rows], options)


def _matrices(view: View, tagger: str, rows: Sequence[Row]) -> list[Floats]:
    """What a view shows of each row: (1, width) of a bag, (n_covers, width) of covers."""
    if view.name == EMBEDDING:
        return [image.prepared(tagger, row.embeddings[tagger]) for row in rows]
    if view.name == COVERS:
        return [view.vectors(row.covers[tagger]) for row in rows]
    return [view.vectors([row.bag(tagger)]) for row in rows]
