"""Effect of every word on a genre: weighted log-odds, with intervals and a test over artists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.text.views import log_odds_ratios
from spotitags.errors import InputError
from spotitags.io.genre_names import find_genre

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.evaluation.samples import Sample

    Floats = NDArray[np.float64]


MIN_ARTISTS: Final = 2
"""Minimum number of artists with a word: that of a single artist says nothing about a genre."""
PRIOR: Final = 20
"""Covers of a genre that the prior of its words is worth."""
RESAMPLES: Final = 500
"""Number of bootstrap samples of the artists, and of shuffles of their genres."""
_LEVEL: Final = 0.05  # of intervals and of the test
_SCORE: Final = 2.0  # least score of a telling word
_LEAST: Final = 1e-12  # variance


class Word(NamedTuple):
    """Word on the covers of a genre.

    Attributes:
        tagger: Tagger of the word.
        label: The word.
        effect: Natural logarithm of how many times the odds of the word are higher in the genre than in the
            others, drawn towards 0 where it is rare; above 0 if the genre has it more often.
        low: Lower end of the 95% interval of the effect, by a bootstrap over artists.
        high: Upper end.
        score: Welch's t of the roots of artists' mean weights: the difference between the genre and the
            others by its standard error. Beyond 2 for about one word in twenty by chance.
        sure: True if fewer than 5% of shuffles of the genres among the artists give any word such a score:
            at most one table in twenty has a sure word by chance.
        covers: Number of the genre's covers with the word.
        share: Share of the genre's covers with the word.
        other_share: Share of the others' covers with it.
    """

    tagger: str
    label: str
    effect: float
    low: float
    high: float
    score: float
    sure: bool
    covers: int
    share: float
    other_share: float

    @property
    def telling(self) -> bool:
        """True if the effect is unlikely to be chance: neither by its interval nor by its score."""
        return (self.low > 0 or self.high < 0) and abs(self.score) > _SCORE


@dataclass(frozen=True, slots=True)
class GenreWords:
    """Words of one genre, compared with others.

    Attributes:
        genre: The genre.
        others: The genres that it is compared with.
        artists: Number of its artists.
        covers: Number of its covers.
        other_artists: Number of the others' artists.
        other_covers: Number of their covers.
        words: All words, the most surely telling first.
    """

    genre: str
    others: tuple[str, ...]
    artists: int
    covers: int
    other_artists: int
    other_covers: int
    words: tuple[Word, ...]

    @property
    def telling(self) -> list[Word]:
        """The telling words, the highest scores first."""
        return [word for word in self.words if word.telling]


class _Counts(NamedTuple):
    """Words of artists.

    Attributes:
        names: Tagger and label of each word.
        weights: (n_artists, n_words) summed weights.
        present: (n_artists, n_words) numbers of covers with the word.
        covers: (n_artists,) numbers of covers.
        genres: (n_artists,).
    """

    names: list[tuple[str, str]]
    weights: Floats
    present: Floats
    covers: Floats
    genres: NDArray[np.str_]

    def of(self, kept: list[int]) -> _Counts:
        """Return the artists with these numbers only."""
        return self._replace(
            weights=self.weights[kept],
            present=self.present[kept],
            covers=self.covers[kept],
            genres=self.genres[kept],
        )


def telling_words(
    samples: Sequence[Sample], *, genre: str | None = None, against: str | None = None, seed: int = 0
) -> list[GenreWords]:
    """Compare the words of each genre with those of the others.

    The effect is the log-odds ratio with an informative Dirichlet prior of Monroe, Colaresi and Quinn
    ("Fightin' Words", 2008), of summed weights in place of counts; the prior is `PRIOR`. Intervals and the
    test take artists as units, since an artist's covers resemble each other; the test compares with the
    largest score of each shuffle (Westfall and Young, "Resampling-Based Multiple Testing", 1993).

    Args:
        samples: Labelled artists, without covers that several of them have.
        genre: The only genre to compare, in any spelling; None for all.
        against: The only genre to compare with; None for all others.
        seed: Equal seeds and samples give equal words.

    Returns:
        The genres in alphabetical order; those with fewer than `MIN_ARTISTS` artists are left out.

    Raises:
        InputError: There is no such genre, or it has too few artists.
    """
    counts = _counts(samples)
    artists = Counter(counts.genres.tolist())
    known = sorted(artists)
    chosen = [name for name in known if artists[name] >= MIN_ARTISTS]
    other = None
    if genre is not None:
        chosen = [_found(genre, artists)]
        other = None if against is None else _found(against, artists)
    elif against is not None:
        raise InputError("one genre is missing: give the genre to compare, too (--genre)")
    if other in chosen:
        raise InputError(f"{other} is compared with itself: give two different genres")
    if len(known) < 2 or not chosen:  # noqa: PLR2004
        raise InputError(f"words are compared between genres: give {MIN_ARTISTS} artists or more of each")
    if other is not None:
        counts = counts.of([i for i, name in enumerate(counts.genres) if name in {chosen[0], other}])
    rng = np.random.default_rng(seed)
    return [_compare(counts, name, rng) for name in chosen]


def _found(name: str, artists: Mapping[str, int]) -> str:
    genre = find_genre(name, sorted(artists))
    if genre is None:
        raise InputError(f"no artist has the genre {name!r}: choose from {', '.join(sorted(artists))}")
    if artists[genre] < MIN_ARTISTS:
        raise InputError(f"{genre} has only one artist: give {MIN_ARTISTS} or more")
    return genre


def _counts(samples: Sequence[Sample]) -> _Counts:
    """Count the words of each artist; those of fewer than `MIN_ARTISTS` artists are left out."""
    artists: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        artists.setdefault((sample.genre, sample.unit), []).append(sample)
    numbers = [Counter(name for name, _ in _tags(of_artist)) for of_artist in artists.values()]
    common = Counter(name for of_artist in numbers for name in of_artist)
    names = sorted(name for name, number in common.items() if number >= MIN_ARTISTS)
    column = {name: i for i, name in enumerate(names)}
    weights, present = np.zeros((2, len(artists), len(names)))
    for row, of_artist in enumerate(artists.values()):
        for name, weight in _tags(of_artist):
            if (i := column.get(name)) is not None:
                weights[row, i] += weight
                present[row, i] += 1
    covers = np.array([sum(map(len, of_artist)) for of_artist in artists.values()], float)
    return _Counts(names, weights, present, covers, np.array([genre for genre, _ in artists], str))


def _tags(samples: Iterable[Sample]) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield tagger, label and weight of every tag of every cover."""
    for sample in samples:
        for tagger, covers in sample.row.covers.items():
            for cover in covers:
                yield from (((tagger, label), weight) for label, weight in cover.items() if weight > 0)


def _compare(counts: _Counts, genre: str, rng: np.random.Generator) -> GenreWords:
    """Compare one genre with all others."""
    own = counts.genres == genre
    effects = _Effects(counts)
    (effect,) = effects.of(own[np.newaxis].astype(float), (~own)[np.newaxis].astype(float))
    low, high = np.quantile(
        effects.of(_resampled(own, rng), _resampled(~own, rng)), [_LEVEL / 2, 1 - _LEVEL / 2], axis=0
    )
    score = _scores(counts, own[np.newaxis])[0]
    shuffled = _scores(counts, np.array([rng.permutation(own) for _ in range(RESAMPLES)]))
    limit = np.quantile(np.abs(shuffled).max(axis=1, initial=0), 1 - _LEVEL)
    inside, outside = counts.present[own].sum(axis=0), counts.present[~own].sum(axis=0)
    covers, other_covers = counts.covers[own].sum(), counts.covers[~own].sum()
    shares = inside / max(covers, 1), outside / max(other_covers, 1)
    columns = (effect, low, high, score, np.abs(score) > limit, inside, *shares)
    words = [
        Word(*name, *values)
        for name, *values in zip(counts.names, *(c.tolist() for c in columns), strict=True)
    ]
    words = [word._replace(covers=int(word.covers)) for word in words]
    words.sort(key=lambda word: (not word.telling, -abs(word.score), word.label))
    return GenreWords(
        genre,
        tuple(sorted({*counts.genres[~own].tolist()})),
        int(own.sum()),
        int(covers),
        int((~own).sum()),
        int(other_covers),
        tuple(words),
    )


class _Effects:
    """Effects of all words under many divisions of the artists into a genre and the others.

    The prior is worth `PRIOR` covers of the genre with all artists' proportions of words, and of the others
    as many times more as they have more covers. So a word that is on no cover of either has no effect.
    """

    def __init__(self, counts: _Counts) -> None:
        self._weights = counts.weights
        taggers = np.array([tagger for tagger, _ in counts.names])
        self._columns = [np.flatnonzero(taggers == name) for name in dict.fromkeys(taggers.tolist())]
        self._mean = counts.weights.sum(axis=0) / max(counts.covers.sum(), 1)
        self._covers = counts.covers

    def of(self, own: Floats, others: Floats) -> Floats:
        """Return (n, n_words) effects for (n, n_artists) times that each artist counts on either side."""
        more = (others @ self._covers) / np.maximum(own @ self._covers, 1)
        ours = own @ self._weights + PRIOR * self._mean
        theirs = others @ self._weights + PRIOR * more[:, np.newaxis] * self._mean
        effects: Floats = np.zeros_like(ours)
        for columns in self._columns:
            effects[:, columns] = log_odds_ratios(ours[:, columns], theirs[:, columns])
        return effects


def _scores(counts: _Counts, own: NDArray[np.bool_]) -> Floats:
    """Return Welch's t of the roots of artists' mean weights: (n, n_words) for (n, n_artists) divisions."""
    means = np.sqrt(counts.weights / np.maximum(counts.covers, 1)[:, np.newaxis])
    moments = []
    for side in (own, ~own):
        number = side.sum(axis=1, keepdims=True)
        mean, square = side @ means / number, side @ means**2 / number
        moments.append((mean, np.maximum(square - mean**2, 0) / np.maximum(number - 1, 1)))
    (ours, our_error), (theirs, their_error) = moments
    scores: Floats = (ours - theirs) / np.sqrt(our_error + their_error + _LEAST)
    return scores


def _resampled(side: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return (RESAMPLES, n_artists): how often each artist of one side occurs in a bootstrap sample."""
    number = int(side.sum())
    times = np.zeros((RESAMPLES, side.size))
    times[:, side] = rng.multinomial(number, np.full(number, 1 / number), RESAMPLES)
    return times
