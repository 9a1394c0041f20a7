"""Views: which labels of a bag a voter looks at.

``all`` and ``top`` ask for no genre; ``distinct`` and ``log-odds`` look at the genres of the rows that they
are fitted on, so a cross-validation fits them anew in every fold. ``covers`` has the labels of ``all``; its
voters read one cover at a time, and their votes are pooled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifiers.errors import ClassifierError
from classifiers.text.vectors import heaviest, vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray


COVERS = "covers"
"""Name of the view whose rows are single covers."""

BAG_ROOT, COVER_ROOT = 3, 5  # of weights; docs/ensemble.md compares others


@dataclass(frozen=True, slots=True)
class View:
    """A fitted view.

    Attributes:
        name: One of `VIEWS`.
        labels: What it looks at, sorted; the columns of its vectors.
        top: How many of a bag's heaviest labels it reads; None for all.
    """

    name: str
    labels: tuple[str, ...]
    top: int | None = None

    def vectors(self, bags: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
        """(n, n_labels) unit rows of bags or of covers; see `classifiers.text.vectors.vectors`.

        One cover's weights fall off more steeply than a bag's, whose sums even them out: so they are damped
        more.
        """
        root = COVER_ROOT if self.name == COVERS else BAG_ROOT
        return vectors(bags, self.labels, self.top, root=root)


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Sizes of the views.

    Attributes:
        top: Heaviest labels a bag of the view ``top``.
        distinct: The k of ``distinct``: in a genre's top k and in no other genre's.
        log_odds: Labels a genre of ``log-odds``, those with the highest z-scores.
        min_artists: A label that fewer bags have is left out of all views but ``distinct``: what one artist
            alone shows says nothing of a genre.
    """

    top: int = 100
    distinct: int = 100
    log_odds: int = 100
    min_artists: int = 2


def totals(bags: Sequence[Mapping[str, float]], genres: Sequence[str]) -> dict[str, dict[str, float]]:
    """Summed weights of each genre's bags: genre to label to weight, genres in alphabetical order."""
    sums: dict[str, defaultdict[str, float]] = {genre: defaultdict(float) for genre in sorted(set(genres))}
    for bag, genre in zip(bags, genres, strict=True):
        for label, weight in bag.items():
            sums[genre][label] += weight
    return {genre: dict(labels) for genre, labels in sums.items()}


def distinct(
    genre_totals: Mapping[str, Mapping[str, float]], k: int = 100
) -> dict[str, list[tuple[str, float]]]:
    """The labels in a genre's top ``k`` and in no other genre's top ``k``, the rule of the SpotiTags of 2015.

    Args:
        genre_totals: From `totals`.
        k: Heaviest labels looked at in each genre.

    Returns:
        Genre to its labels with their summed weights, heaviest first; a genre may have none.
    """
    tops = {genre: heaviest(labels, k) for genre, labels in genre_totals.items()}
    seen = Counter(label for top in tops.values() for label, _ in top)
    return {genre: [tag for tag in top if seen[tag[0]] == 1] for genre, top in tops.items()}


def log_odds(
    genre_totals: Mapping[str, Mapping[str, float]], prior: float | None = None
) -> dict[str, list[tuple[str, float]]]:
    """How much more a genre shows each label than all the others together, as a z-score.

    Weighted log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn, "Fightin' Words",
    Political Analysis 16 (2008), equations 15, 16, 20 and 22. Summed weights stand where the paper has word
    counts (a weight in [0, 1] is an expected count), the prior has the proportions of the whole corpus.

    Args:
        genre_totals: From `totals`; two genres at least.
        prior: Strength of the prior in units of summed weight; None for the mean total of a genre.

    Returns:
        Genre to every label of the corpus with its z-score, highest first, ties by label; above 0 the genre
        has it more than the others.

    Raises:
        ClassifierError: Fewer than two genres, or a prior that is not above 0.
    """
    if len(genre_totals) < 2:  # noqa: PLR2004
        raise ClassifierError("log-odds compare a genre with the others: give tags of two genres at least")
    if prior is not None and not prior > 0:
        raise ClassifierError(f"the prior's strength must be above 0, not {prior}")
    whole: defaultdict[str, float] = defaultdict(float)
    for labels in genre_totals.values():
        for label, weight in labels.items():
            whole[label] += weight
    names = sorted(label for label, weight in whole.items() if weight > 0)
    mass = np.array([whole[label] for label in names])
    strength = mass.sum() / len(genre_totals) if prior is None else prior
    alpha = strength * mass / mass.sum() if names else mass
    scores = {}
    for genre, labels in genre_totals.items():
        here = np.array([labels.get(label, 0.0) for label in names])
        z = _z_scores(here + alpha, mass - here + alpha)
        scores[genre] = sorted(zip(names, z.tolist(), strict=True), key=lambda tag: (-tag[1], tag[0]))
    return scores


def _z_scores(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds ratio over its standard deviation; both (n_labels,), smoothed, above 0 up to rounding."""
    if here.size < 2:  # noqa: PLR2004 - the odds of the only label there is are infinite on both sides
        return np.zeros_like(here)
    here, there = np.maximum(here, 1e-12), np.maximum(there, 1e-12)
    odds = np.log(here / (here.sum() - here)) - np.log(there / (there.sum() - there))
    z: NDArray[np.float64] = odds / np.sqrt(1 / here + 1 / there)
    return z


def _common(bags: Sequence[Mapping[str, float]], least: int) -> set[str]:
    """Labels that at least ``least`` of the bags have."""
    counts = Counter(label for bag in bags for label, weight in bag.items() if weight > 0)
    return {label for label, count in counts.items() if count >= least}


def _all(bags: Sequence[Mapping[str, float]], _: Sequence[str], options: ViewOptions) -> View:
    return View("all", tuple(sorted(_common(bags, options.min_artists))))


def _covers(bags: Sequence[Mapping[str, float]], _: Sequence[str], options: ViewOptions) -> View:
    return View(COVERS, tuple(sorted(_common(bags, options.min_artists))))


def _top(bags: Sequence[Mapping[str, float]], _: Sequence[str], options: ViewOptions) -> View:
    tops = [dict(heaviest(bag, options.top)) for bag in bags]
    return View("top", tuple(sorted(_common(tops, options.min_artists))), options.top)


def _distinct(bags: Sequence[Mapping[str, float]], genres: Sequence[str], options: ViewOptions) -> View:
    chosen = distinct(totals(bags, genres), options.distinct)
    return View("distinct", tuple(sorted(label for tags in chosen.values() for label, _ in tags)))


def _log_odds(bags: Sequence[Mapping[str, float]], genres: Sequence[str], options: ViewOptions) -> View:
    common = _common(bags, options.min_artists)
    scores = log_odds(totals(bags, genres))
    best = [
        [label for label, z in tags if z > 0 and label in common][: options.log_odds]
        for tags in scores.values()
    ]
    return View("log-odds", tuple(sorted({label for labels in best for label in labels})))


_FITS: dict[str, Callable[[Sequence[Mapping[str, float]], Sequence[str], ViewOptions], View]] = {
    "all": _all,
    "top": _top,
    "distinct": _distinct,
    "log-odds": _log_odds,
    COVERS: _covers,
}
VIEWS = tuple(_FITS)


def fit_view(
    name: str,
    bags: Sequence[Mapping[str, float]],
    genres: Sequence[str],
    options: ViewOptions | None = None,
) -> View:
    """Choose a view's labels on labelled bags.

    Args:
        name: One of `VIEWS`.
        bags: Label to weight; training rows only.
        genres: One for each bag, two different ones at least for ``log-odds``.
        options: Sizes; None for the defaults.

    Raises:
        ClassifierError: There is no view of that name.
    """
    if name not in _FITS:
        raise ClassifierError(f"no view is called {name!r}; there are: {', '.join(VIEWS)}")
    return _FITS[name](bags, genres, options or ViewOptions())
