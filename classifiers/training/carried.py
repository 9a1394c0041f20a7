"""Training of the classifier that votes on other taggers' words, and its votes on words held out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.carried import CarriedModel, Level, Typical, standardise
from classifiers.ensemble.pooling import pool_covers
from classifiers.metrics.splits import splits
from classifiers.training.calibrate import calibrate
from classifiers.training.cross_validation import fit_sharpness
from classifiers.training.train import MAX_TEST_COVERS
from classifiers.training.voters import VoterPredictions, row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.word_vectors import WordVectors

    Floats = NDArray[np.float64]
    Tags = Mapping[str, float]


USUAL: Final = 50.0
"""Number of a tagger's own covers that weigh as much as the typical covers of the training."""
EVENNESS: Final = 0.75
LEVELS: Final = (0, 10, 50, 200, 800)
"""Numbers of typical covers at which sharpness and calibration are fitted; the last stands for all covers."""
MEASURED: Final = (0, 10, 50, 200, 900)
"""Numbers of typical covers at which votes are scored."""
_STRENGTH: Final = 0.001  # C of the logistic regression
_TRAINED_AT: Final = (
    0,
    50,
    900,
)  # numbers of typical covers in training, so that it learns from poor ones, too
_SUBSETS: Final = 6  # vocabularies that are parts of another one
_GROUPS: Final = 12  # of similar words, of which a part has a third


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Vectors of all covers by the words of one tagger.

    Attributes:
        family: Vocabularies of one family are left out together.
        rows: (n_covers, dim).
        known: (n_covers,) True for covers with a known word.
        whole: False for a part of another vocabulary, or for vectors without words.
    """

    family: str
    rows: Floats
    known: NDArray[np.bool_]
    whole: bool = True


class TrainingCovers(NamedTuple):
    """Covers of labelled artists: (n_covers,) number of the artist, and (n_artists,) genre indices."""

    artists: NDArray[np.intp]
    truth: NDArray[np.intp]

    def of(self, artists: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return (n_covers,) True for covers of these artists."""
        return np.isin(self.artists, artists)


class Linear(NamedTuple):
    """A fitted classifier, and the typical covers of its vocabularies."""

    coefficients: Floats
    intercepts: Floats
    usual: Typical


def parts(family: str, covers: Sequence[Tags], words: WordVectors, seed: int = 0) -> list[Vocabulary]:
    """Make vocabularies of a part of a tagger's words each: similar words stay together.

    A classifier that is trained on them, too, learns to do without any kind of words.
    """
    from sklearn.cluster import KMeans

    labels = sorted({label for tags in covers for label in tags if words.vector(label) is not None})
    groups = min(_GROUPS, len(labels))
    vectors = np.array([words.vector(label) for label in labels])
    group = KMeans(groups, n_init=1, random_state=seed).fit_predict(vectors)
    rng, found = np.random.default_rng(seed), []
    for _ in range(_SUBSETS):
        chosen = set(rng.choice(groups, max(groups // 3, 1), replace=False).tolist())
        kept = {label for label, each in zip(labels, group.tolist(), strict=True) if each in chosen}
        some = [{label: w for label, w in tags.items() if label in kept} for tags in covers]
        found.append(Vocabulary(family, *words.covers(some), whole=False))
    return found


def fit(
    vocabularies: Sequence[Vocabulary], covers: TrainingCovers, artists: NDArray[np.intp], seed: int
) -> Linear:
    """Fit the classifier on some artists' covers, as all vocabularies describe them.

    Each vocabulary is standardised three times: by the typical covers of other families, by all of its own,
    and by a mixture, as in predictions with none, many and some known covers of a tagger.
    """
    from sklearn.linear_model import LogisticRegression

    chosen, rng = covers.of(artists), np.random.default_rng(seed)
    usual = _usual(vocabularies, chosen)
    rows, genres, weights = [], [], []
    for each in vocabularies:
        used = chosen & each.known
        others = [other for other in vocabularies if other.family != each.family] or vocabularies
        mixed = _usual(others, chosen)
        own = covers.artists[used]
        weight = row_weights(covers.truth, np.bincount(own, minlength=len(covers.truth)))
        for count in _TRAINED_AT:
            typical = _typical(each, covers, rng.permutation(artists), count)
            sets = (typical,) if count == _TRAINED_AT[-1] else (mixed, typical)
            deviations = standardise(each.rows[used], sets, EVENNESS)
            rows.append(deviations)
            genres.append(covers.truth[own])
            weights.append(weight / (len(_TRAINED_AT) * len(vocabularies)))
    model = LogisticRegression(C=4 * _STRENGTH, tol=1e-3, max_iter=300)
    # Single precision takes half the time, and the rows have less.
    model.fit(
        np.concatenate(rows, dtype=np.float32), np.concatenate(genres), sample_weight=np.concatenate(weights)
    )
    return Linear(model.coef_.astype(np.float64), model.intercept_.astype(np.float64), usual)


def _usual(vocabularies: Sequence[Vocabulary], chosen: NDArray[np.bool_]) -> Typical:
    """Return the mean of the whole vocabularies' typical covers, as heavy as `USUAL` covers."""
    whole = [Typical.of(each.rows[chosen & each.known]) for each in vocabularies if each.whole]
    mean = np.mean([each.mean for each in whole], axis=0)
    variance = np.mean([each.variance for each in whole], axis=0)
    return Typical(USUAL, USUAL * mean, USUAL * (variance + mean**2))


def _typical(each: Vocabulary, covers: TrainingCovers, artists: NDArray[np.intp], count: int) -> Typical:
    """Sum the covers of the first artists that have ``count`` covers together."""
    sizes = np.bincount(covers.artists[each.known], minlength=len(covers.truth))[artists]
    needed = int(np.searchsorted(np.cumsum(sizes), count)) + 1 if count else 0
    return Typical.of(each.rows[each.known & covers.of(artists[:needed])])


class HeldOutVotes(NamedTuple):
    """Votes on one vocabulary that no classifier was trained on, nor on the artist.

    Attributes:
        predictions: Number of typical covers to (repeat, artist) to the votes on the artist's covers.
        truth: (n_artists,) genre indices.
    """

    predictions: Mapping[int, Mapping[tuple[int, int], VoterPredictions]]
    truth: NDArray[np.intp]

    def shares(
        self, count: int, level: Level | None = None, *, fitted: Sequence[HeldOutVotes] = ()
    ) -> Floats:
        """Pool the votes to (n_repeats, n_artists, n_genres) shares; nan for artists without a known word.

        Args:
            count: Number of typical covers.
            level: Level whose sharpness is used; None to fit it on ``fitted``.
            fitted: Votes on other vocabularies.
        """
        sharpness = (
            level.sharpness if level else fit_sharpness([p for each in fitted for p in each.pairs(count)])
        )
        found = self.predictions[count]
        genres = next(iter(found.values())).votes.shape[1]
        shares = np.full((max(r for r, _ in found) + 1, len(self.truth), genres), np.nan)
        for (repeat, artist), (votes, known) in found.items():
            if known.any():
                shares[repeat, artist] = pool_covers(votes, known, sharpness)
        return shares

    def pairs(self, count: int) -> list[tuple[VoterPredictions, int]]:
        """Return predictions with the true genre."""
        return [(found, int(self.truth[artist])) for (_, artist), found in self.predictions[count].items()]


def predict_held_out(  # noqa: PLR0913 - all but three have defaults
    vocabularies: Sequence[Vocabulary],
    tested: Sequence[Vocabulary],
    covers: TrainingCovers,
    *,
    repeats: int,
    first: int = 0,
    seed: int = 0,
) -> list[HeldOutVotes]:
    """Vote on artists and words that were left out of the training, at each number of `MEASURED`.

    Args:
        vocabularies: All vocabularies; those of the tested family are left out.
        tested: Vocabularies of one family to test.
        covers: Labelled covers.
        repeats: Number of repeats of five folds over artists.
        first: Number of the first repeat; a repeat gives the same votes in whatever call.
        seed: Random seed.
    """
    others = [each for each in vocabularies if each.family != tested[0].family]
    numbers = np.arange(len(covers.truth))
    found: list[dict[int, dict[tuple[int, int], VoterPredictions]]] = [
        {count: {} for count in MEASURED} for _ in tested
    ]
    for repeat in range(first, first + repeats):
        for split in splits(
            [str(genre) for genre in covers.truth], [()] * len(numbers), folds=5, seed=seed + repeat
        ):
            model = fit(others, covers, split.train, seed + repeat)
            for artist in split.test.tolist():
                rng = np.random.default_rng([seed, repeat, artist])
                order = rng.permutation(numbers[numbers != artist])
                own = np.flatnonzero(covers.artists == artist)[:MAX_TEST_COVERS]
                for results, each in zip(found, tested, strict=True):
                    for count in MEASURED:
                        typical = _typical(each, covers, order, count)
                        deviations = standardise(each.rows[own], (model.usual, typical), EVENNESS)
                        votes = softmax(deviations @ model.coefficients.T + model.intercepts)
                        results[count][repeat, artist] = VoterPredictions(votes, each.known[own])
    return [HeldOutVotes(results, covers.truth) for results in found]


def join(parts: Sequence[HeldOutVotes]) -> HeldOutVotes:
    """Join the votes of several repeats on one vocabulary."""
    found = {
        count: {key: votes for part in parts for key, votes in part.predictions[count].items()}
        for count in parts[0].predictions
    }
    return HeldOutVotes(found, parts[0].truth)


def fit_levels(held_out: Sequence[HeldOutVotes]) -> tuple[Level, ...]:
    """Fit sharpness and calibration at each of `LEVELS`; the vocabularies of an artist weigh 1 together."""
    levels = []
    for count, measured in zip(LEVELS, MEASURED, strict=True):
        sharpness = fit_sharpness([pair for each in held_out for pair in each.pairs(measured)])
        level = Level(count, sharpness, calibrate(np.full((1, 1, 2), 0.5), np.zeros(1, dtype=np.intp)))
        shares = np.concatenate([each.shares(measured, level) for each in held_out])
        levels.append(level._replace(calibration=calibrate(shares, held_out[0].truth)))
    return tuple(levels)


def mean_ranks(covers: Sequence[Tags], count: int = 100) -> Floats:
    """Return the (count,) mean weight of the heaviest, second heaviest … label of a cover."""
    rows = np.zeros((len(covers), count))
    for row, tags in zip(rows, covers, strict=True):
        weights = sorted(tags.values(), reverse=True)[:count]
        row[: len(weights)] = weights
    ranks: Floats = rows.mean(axis=0)
    return ranks


def build(  # noqa: PLR0913, PLR0917 - the parts of a model
    genres: Sequence[str],
    words: WordVectors,
    model: Linear,
    levels: Sequence[Level],
    trained_on: str,
    ranks: Floats,
) -> CarriedModel:
    """Put the parts of a model together."""
    return CarriedModel(
        tuple(genres),
        words,
        model.coefficients,
        model.intercepts,
        model.usual,
        EVENNESS,
        tuple(levels),
        trained_on,
        ranks,
    )
