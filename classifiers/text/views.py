"""Bags as vectors, through views: each view selects the labels that a voter uses.

``all`` and ``top`` need no genre; ``distinct`` and ``log-odds`` use the genres of the rows that they are
fitted on, so a cross-validation fits them again in every fold. ``covers`` has the labels of ``all``; its
rows are single covers, and the votes on them are pooled. ``words`` is for words that were read: its columns
are words and their n-grams, weighted by TF-IDF.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import fsum, log
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised
from classifiers.errors import ClassifierError
from classifiers.text.ngrams import GRAM, with_ngrams

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Bags = Sequence[Mapping[str, float]]


COVERS = "covers"
"""Name of the view whose rows are single covers."""
VIEWS = ("all", "top", "distinct", "log-odds", COVERS)
"""Views of tags."""
WORDS = "words"
"""Name of the view of words that were read."""

_LEAST = 1e-12  # weight of a label whose odds are computed
BAG_ROOT, COVER_ROOT = 3, 5  # roots of weights; docs/ensemble.md compares others


def sum_tags(covers: Iterable[Iterable[tuple[str, float]]]) -> dict[str, float]:
    """Sum the (label, weight) tags of covers into a bag.

    Each sum is rounded once, so that the order of the covers makes no difference, not even in the last bit.
    """
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for cover in covers:
        for label, weight in cover:
            weights[label].append(weight)
    return {label: fsum(summands) for label, summands in weights.items()}


def heaviest(bag: Mapping[str, float], n: int | None = None) -> list[tuple[str, float]]:
    """Return the ``n`` heaviest labels of a bag with their weights (all for None), heaviest first.

    Ties are in order of the labels; labels without weight are left out.
    """
    return sorted(((label, w) for label, w in bag.items() if w > 0), key=lambda tag: (-tag[1], tag[0]))[:n]


def bag_vectors(
    bags: Bags, labels: Sequence[str], top: int | None = None, *, root: int = 3
) -> NDArray[np.float64]:
    """Turn bags, or single covers, into unit vectors over fixed labels; used in training and prediction.

    The root of each weight is taken, so that a label on all of an artist's covers does not drown the twenty
    labels that occur once; then the row is scaled to length 1, so that neither the number of covers nor a
    tagger's scale matters. ``docs/ensemble.md`` compares alternatives.

    Args:
        bags: Label to weight, at least 0 and finite.
        labels: Labels of the columns. Other labels of a bag are ignored.
        top: Use only the ``top`` heaviest labels of each bag; None for all.
        root: 3 for the cube root. A higher root lessens the influence of weights, in favour of presence.

    Returns:
        (n_bags, n_labels) in [0, 1]; a row is all 0 if its bag has none of the labels.
    """
    column = {label: i for i, label in enumerate(labels)}
    rows = np.zeros((len(bags), len(labels)), dtype=np.float64)
    for row, bag in zip(rows, bags, strict=True):
        for label, weight in bag.items() if top is None else heaviest(bag, top):
            if (i := column.get(label)) is not None:
                row[i] = weight
    rows **= 1 / root
    return l2_normalised(rows)


@dataclass(frozen=True, slots=True)
class View:
    """Fitted selection of the labels that a voter uses, which turns bags into vectors.

    Attributes:
        name: One of `VIEWS`, or `WORDS`.
        labels: Its labels, sorted; the columns of its vectors.
        top: Number of a bag's heaviest labels that it uses; None for all.
        idf: Weight of each label in `WORDS`, inverse to the number of artists that have it; else empty.
    """

    name: str
    labels: tuple[str, ...]
    top: int | None = None
    idf: tuple[float, ...] = ()

    def vectors(self, bags: Bags) -> NDArray[np.float64]:
        """Return (n, n_labels) unit rows of bags or of covers; see `bag_vectors`.

        The weights of one cover fall off more steeply than those of a bag, whose sums even them out: so a
        higher root is taken. In `WORDS`, the words and the n-grams of a row have length 1 each.
        """
        if self.name == WORDS:
            return _word_vectors(bags, self.labels, self.idf)
        root = COVER_ROOT if self.name == COVERS else BAG_ROOT
        return bag_vectors(bags, self.labels, self.top, root=root)


def _word_vectors(bags: Bags, labels: Sequence[str], idf: Sequence[float]) -> NDArray[np.float64]:
    rows = bag_vectors([with_ngrams(bag) for bag in bags], labels, root=1)
    rows *= np.array(idf)
    grams = np.array([label.startswith(GRAM) for label in labels], dtype=bool)
    for part in (grams, ~grams):
        rows[:, part] = l2_normalised(rows[:, part])
    return rows


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Sizes of the views.

    Attributes:
        top: Number of heaviest labels per bag in the view ``top``.
        distinct: The k of ``distinct``: labels in a genre's top k and in no other genre's.
        log_odds: Number of labels per genre in ``log-odds``, those with the highest z-scores.
        min_artists: Minimum number of bags with a label, in all views but ``distinct``: a label of a single
            artist says nothing about a genre.
        min_artists_of_ngram: The same for n-grams in `WORDS`.
    """

    top: int = 100
    distinct: int = 100
    log_odds: int = 100
    min_artists: int = 2
    min_artists_of_ngram: int = 3


def totals(bags: Bags, genres: Sequence[str]) -> dict[str, dict[str, float]]:
    """Sum the bags of each genre: genre to label to weight, genres in alphabetical order."""
    sums: dict[str, defaultdict[str, float]] = {genre: defaultdict(float) for genre in sorted(set(genres))}
    for bag, genre in zip(bags, genres, strict=True):
        for label, weight in bag.items():
            sums[genre][label] += weight
    return {genre: dict(labels) for genre, labels in sums.items()}


def distinct(genre_totals: Mapping[str, Mapping[str, float]], k: int) -> dict[str, list[tuple[str, float]]]:
    """Find the labels in a genre's top ``k`` and in no other genre's top ``k``, as the SpotiTags of 2015 did.

    Args:
        genre_totals: From `totals`.
        k: Number of heaviest labels of each genre that are compared.

    Returns:
        Genre to its labels with their summed weights, heaviest first; a genre may have none.
    """
    tops = {genre: heaviest(labels, k) for genre, labels in genre_totals.items()}
    counts = Counter(label for top in tops.values() for label, _ in top)
    return {genre: [tag for tag in top if counts[tag[0]] == 1] for genre, top in tops.items()}


def log_odds(
    genre_totals: Mapping[str, Mapping[str, float]], prior: float | None = None
) -> dict[str, list[tuple[str, float]]]:
    """Compare each label's weight in a genre with that in all other genres together, as a z-score.

    Weighted log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn, "Fightin' Words",
    Political Analysis 16 (2008), equations 15, 16, 20 and 22. Summed weights take the place of the paper's
    word counts (a weight in [0, 1] is an expected count), and the prior has the proportions of the whole
    corpus.

    Args:
        genre_totals: From `totals`; at least two genres.
        prior: Strength of the prior in units of summed weight; None for the mean total of a genre.

    Returns:
        Genre to every label of the corpus with its z-score, highest first, ties by label; above 0 if the
        genre has more of it than the others.

    Raises:
        ClassifierError: There are fewer than two genres, or the prior is not above 0.
    """
    if len(genre_totals) < 2:  # noqa: PLR2004
        raise ClassifierError("log-odds compare a genre with the others: give tags of at least two genres")
    if prior is not None and not prior > 0:
        raise ClassifierError(f"the prior's strength must be above 0, not {prior}")
    corpus: defaultdict[str, float] = defaultdict(float)
    for labels in genre_totals.values():
        for label, weight in labels.items():
            corpus[label] += weight
    names = sorted(label for label, weight in corpus.items() if weight > 0)
    mass = np.array([corpus[label] for label in names])
    strength = mass.sum() / len(genre_totals) if prior is None else prior
    alpha = strength * mass / mass.sum() if names else mass
    scores = {}
    for genre, labels in genre_totals.items():
        own = np.array([labels.get(label, 0.0) for label in names])
        z = _z_scores(own + alpha, mass - own + alpha)
        scores[genre] = sorted(zip(names, z.tolist(), strict=True), key=lambda tag: (-tag[1], tag[0]))
    return scores


def _z_scores(own: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds ratio over its standard deviation; both (n_labels,), smoothed, above 0 up to rounding."""
    z: NDArray[np.float64] = log_odds_ratios(own, others) / np.sqrt(
        1 / np.maximum(own, _LEAST) + 1 / np.maximum(others, _LEAST)
    )
    return z


def log_odds_ratios(own: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of labels in one group over those in another: equation 15 of Monroe et al.

    Args:
        own: (..., n_labels) weights of each label in the group, prior included, at least 0.
        others: The same in the other group.

    Returns:
        (..., n_labels); 0 for a single label, whose odds are infinite on both sides.
    """
    if own.shape[-1] < 2:  # noqa: PLR2004
        return np.zeros_like(own)
    own, others = np.maximum(own, _LEAST), np.maximum(others, _LEAST)
    odds: NDArray[np.float64] = np.log(own / (own.sum(axis=-1, keepdims=True) - own))
    odds -= np.log(others / (others.sum(axis=-1, keepdims=True) - others))
    return odds


def _common(bags: Bags, min_artists: int) -> set[str]:
    """Labels that at least ``min_artists`` of the bags have."""
    counts = Counter(label for bag in bags for label, weight in bag.items() if weight > 0)
    return {label for label, count in counts.items() if count >= min_artists}


def _labels(name: str, bags: Bags, genres: Sequence[str], options: ViewOptions) -> set[str]:
    """Select the labels of a view, as `ViewOptions` describes."""
    if name == "distinct":
        tags = distinct(totals(bags, genres), options.distinct)
        return {label for of_genre in tags.values() for label, _ in of_genre}
    if name == "top":
        bags = [dict(heaviest(bag, options.top)) for bag in bags]
    common = _common(bags, options.min_artists)
    if name != "log-odds":
        return common
    scores = log_odds(totals(bags, genres))
    best = [
        [label for label, z in tags if z > 0 and label in common][: options.log_odds]
        for tags in scores.values()
    ]
    return {label for labels in best for label in labels}


def fit_view(name: str, bags: Bags, genres: Sequence[str], options: ViewOptions | None = None) -> View:
    """Select a view's labels from labelled bags.

    Args:
        name: One of `VIEWS`, or `WORDS`.
        bags: Label to weight; training rows only.
        genres: One for each bag; at least two different ones for ``log-odds``.
        options: Sizes of the views; None for the defaults.

    Raises:
        ClassifierError: There is no view of that name.
    """
    if name not in {*VIEWS, WORDS}:
        raise ClassifierError(f"no view is called {name!r}; there are: {', '.join((*VIEWS, WORDS))}")
    options = options or ViewOptions()
    if name == WORDS:
        return _fit_words(bags, options)
    labels = _labels(name, bags, genres, options)
    return View(name, tuple(sorted(labels)), options.top if name == "top" else None)


def _fit_words(bags: Bags, options: ViewOptions) -> View:
    """Select words and n-grams, with smoothed inverse document frequencies as scikit-learn has them."""
    counts = Counter(
        label for bag in bags for label in with_ngrams({word: w for word, w in bag.items() if w > 0})
    )
    least = {True: options.min_artists_of_ngram, False: options.min_artists}
    labels = tuple(sorted(label for label, n in counts.items() if n >= least[label.startswith(GRAM)]))
    idf = tuple(round(1 + log((1 + len(bags)) / (1 + counts[label])), 6) for label in labels)
    return View(WORDS, labels, idf=idf)
