"""Training of the answer "none of these genres", from covers of other genres, other pictures and blanks.

Outliers of many kinds are shown in training (Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with
Outlier Exposure", 2019); every figure is measured on kinds that were not. docs/outsiders.md has the tables.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.ensemble.confidence import OutsiderModel
from classifiers.ensemble.pooling import pooled
from classifiers.image import EMBEDDING
from classifiers.training.calibrate import calibrate
from classifiers.training.dataset import Row
from classifiers.training.detector import fit_detector, kind_weights, principal_components
from classifiers.training.voters import artist_vote, fit_voters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.confidence import Calibration
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import Fold
    from classifiers.training.detector import Detector, Kind, References

    Floats = NDArray[np.float64]


SIZES = (1, 3, 5, 10)  # numbers of covers on which the probabilities are fitted
PREVALENCE = 1 / 3  # assumed rate of outsiders among what users bring; docs/outsiders.md compares others
_OUTSIDERS_PER_ARTIST = PREVALENCE / (1 - PREVALENCE)


class Trial(NamedTuple):
    """An outsider before a model that was trained without it.

    Attributes:
        kind: Its kind.
        known: True if the model was trained with others of its kind.
        covers: Number of its covers.
        evidence: Evidence for "none of the genres".
        share: Share of the genre that wins.
        largest: True if these are all of its covers.
    """

    kind: Kind
    known: bool
    covers: int
    evidence: float
    share: float
    largest: bool


@dataclass(frozen=True)
class TrainedOutsiders:
    """Detector and model of outsiders, with the trials behind them.

    Attributes:
        detector: Fitted on all rows and references.
        model: Probabilities from its evidence.
        evidence: (n_rows,) evidence of each held-out row from its first covers, at most the largest of
            `SIZES`; nan if it was not tested.
        covers: (n_rows,) number of covers behind it.
        trials: Trials of outsiders.
    """

    detector: Detector
    model: OutsiderModel
    evidence: Floats
    covers: Floats
    trials: tuple[Trial, ...] = field(repr=False)

    def scores(self, shares: Floats) -> Floats:
        """Score (..., n_rows, n_genres) held-out shares by `OutsiderModel.right_score`: (..., n_rows)."""
        return self.model.right_score(shares.max(axis=-1), self.evidence, self.covers)

    def calibration(self, shares: Floats, truth: NDArray[np.intp]) -> Calibration:
        """Calibrate the scores of held-out artists, and of outsiders as `PREVALENCE` says.

        Args:
            shares: (n_repeats, n_rows, n_genres) as for `classifiers.training.calibrate.calibrate`.
            truth: (n_rows,) genre indices.
        """
        trials = [trial for trial in self.trials if trial.largest]
        share, seen, covers = _columns(trials)
        outside = self.model.right_score(share, seen, covers), _trial_weights(trials) * _OUTSIDERS_PER_ARTIST
        return calibrate(shares, truth, self.scores(shares), outside)

    def rates(self, sure_from: float | None) -> dict[str, dict[str, float]]:
        """Compute rates on outsiders of unknown kinds: of sure genres, and the mean probability of none.

        Args:
            sure_from: Smallest score of a sure vote; None if no vote is sure.
        """
        found: dict[str, dict[str, float]] = {}
        unknown = [trial for trial in self.trials if trial.largest and not trial.known]
        for category in dict.fromkeys(trial.kind.category for trial in unknown):
            trials = [trial for trial in unknown if trial.kind.category == category]
            share, seen, covers = _columns(trials)
            sure = self.model.right_score(share, seen, covers) >= (2 if sure_from is None else sure_from)
            none, weights = self.model.none_probability(seen, covers), _trial_weights(trials)
            found[category] = {
                "tested": len(trials),
                "sure": float(np.average(sure, weights=weights)),
                "none": float(np.average(none, weights=weights)),
            }
        return found


def train_outsiders(  # noqa: PLR0913, PLR0917 - each is an input of its own
    rows: Sequence[Row],
    folds: Sequence[tuple[Fold, Sequence[int]]],
    genres: Sequence[str],
    references: References,
    shares: Mapping[int, Floats],
    voters: Sequence[tuple[VoterName, float, Sharpness | None]],
    *,
    seed: int = 0,
) -> TrainedOutsiders | None:
    """Train the detector, and fit both probabilities on held-out rows and held-out outsiders.

    In each fold, the detector knows neither the fold's rows, nor some kinds of outsiders, nor some outsiders
    of the other kinds; then it meets all of them. So a user's outsiders may be of known and of unknown kinds.

    Args:
        rows: Labelled artists.
        folds: Each fold of one cross-validation, with the numbers of its test rows.
        genres: Order of the probabilities.
        references: Reference covers.
        shares: For each of `SIZES`, (n_rows, n_genres) held-out shares from so many covers; nan if untested.
        voters: Name, weight and sharpness of each voter; those on the references' embeddings vote on them.
        seed: Random seed.

    Returns:
        None if no voter uses the references' embeddings, or fewer than two kinds are outsiders.
    """
    used = [v for v in voters if v[0].tagger == references.tagger and v[0].view == EMBEDDING and v[1]]
    if not used or len(references.outsiders) < 2:  # noqa: PLR2004
        return None
    basis = principal_components(references)
    fold_of = {kind.name: number % len(folds) for kind, number in _numbered_by_category(references.outsiders)}
    seen = {size: np.full(len(rows), np.nan) for size in SIZES}
    trials: list[Trial] = []
    for number, (fold, tested) in enumerate(folds):
        kinds, met = _divided(references, fold_of, number, len(folds))
        detector = fit_detector(fold.train, kinds, references, genres, basis)
        for row, i in zip(fold.test, tested, strict=True):
            for size in SIZES:
                seen[size][i] = detector.evidence(row.embeddings[references.tagger][:size])
        trials += _trials(met, detector, fold.train, genres, used, seed=seed)
    covers = np.array([min(len(row), max(SIZES)) for row in rows], dtype=np.float64)
    return TrainedOutsiders(
        fit_detector(rows, references.kinds, references, genres, basis),
        _fit_model(rows, genres, references, shares, seen, trials),
        seen[max(SIZES)],
        covers,
        tuple(trials),
    )


def _divided(
    references: References, fold_of: Mapping[str, int], number: int, folds: int
) -> tuple[list[Kind], list[tuple[Kind, bool]]]:
    """Divide the references of a fold: kinds to train on, and kinds to meet, with whether they are known."""
    training: list[Kind] = []
    met: list[tuple[Kind, bool]] = []
    for kind in references.kinds:
        if kind.genre is not None:
            training.append(kind)
        elif fold_of[kind.name] == number:
            met.append((kind, False))
        else:
            training.append(
                kind._replace(artists=[a for i, a in enumerate(kind.artists) if i % folds != number])
            )
            met.append((kind._replace(artists=kind.artists[number::folds]), True))
    return training, met


def _numbered_by_category(kinds: Sequence[Kind]) -> Iterator[tuple[Kind, int]]:
    """Yield each kind with its number among those of its category, so that every fold gets some of each."""
    count: Counter[str] = Counter()
    for kind in kinds:
        yield kind, count[kind.category]
        count[kind.category] += 1


def _trials(  # noqa: PLR0913 - each is an input of its own
    kinds: Sequence[tuple[Kind, bool]],
    detector: Detector,
    train: Sequence[Row],
    genres: Sequence[str],
    voters: Sequence[tuple[VoterName, float, Sharpness | None]],
    *,
    seed: int,
) -> list[Trial]:
    """Show outsiders to the detector, and to voters on embeddings that were fitted on the same rows."""
    tagger = voters[0][0].tagger
    shown = [
        (kind, known, each[:size], size == min(len(each), max(SIZES)))
        for kind, known in kinds
        for each in kind.artists
        for size in sorted({*SIZES, len(each)})
        if size <= min(len(each), max(SIZES))
    ]
    rows = [Row(kind.name, kind.name, {}, {tagger: covers}) for kind, _, covers, _ in shown]
    fits = fit_voters(train, [name for name, _, _ in voters], genres, None, seed)
    votes = np.stack(
        [
            [artist_vote(each, 0, sharpness) for each in fitted.predict(rows)]
            for fitted, (_, _, sharpness) in zip(fits, voters, strict=True)
        ],
        axis=1,
    )
    weights = np.array([weight for _, weight, _ in voters])
    shares = pooled(votes, weights / weights.sum()).max(axis=1).tolist()
    return [
        Trial(kind, known, len(covers), detector.evidence(covers), share, largest)
        for (kind, known, covers, largest), share in zip(shown, shares, strict=True)
    ]


def _columns(trials: Sequence[Trial]) -> tuple[Floats, Floats, Floats]:
    """Shares, evidence and numbers of covers, (n,) each."""
    rows = np.array([(trial.share, trial.evidence, trial.covers) for trial in trials], dtype=np.float64)
    return rows[:, 0], rows[:, 1], rows[:, 2]


def _trial_weights(trials: Sequence[Trial]) -> Floats:
    """Weights (n,) that sum to 1: kinds weigh as in training, known or not, and trials of one kind alike."""
    of_kind = kind_weights(list({trial.kind.name: trial.kind for trial in trials}.values()))
    count = Counter((trial.kind.name, trial.known) for trial in trials)
    weights = np.array([of_kind[t.kind.name] / count[t.kind.name, t.known] for t in trials])
    shares: Floats = weights / weights.sum()
    return shares


def _fit_model(  # noqa: PLR0913, PLR0917 - each is an input of its own
    rows: Sequence[Row],
    genres: Sequence[str],
    references: References,
    shares: Mapping[int, Floats],
    seen: Mapping[int, Floats],
    trials: Sequence[Trial],
) -> OutsiderModel:
    """Fit both logistic regressions; outsiders are as frequent as `PREVALENCE`, and all sizes weigh alike."""
    truth = np.array([genres.index(row.genre) for row in rows], dtype=np.intp)
    lengths = np.array([len(row) for row in rows])
    parts = []
    for size in SIZES:
        tested = ~np.isnan(seen[size]) & ~np.isnan(shares[size]).any(axis=1)
        share = shares[size][tested]
        right = share.argmax(axis=1) == truth[tested]
        covers = np.minimum(size, lengths[tested])
        weight = np.full(tested.sum(), 1 / max(1, tested.sum()) / len(SIZES))
        parts.append(np.stack([share.max(axis=1), seen[size][tested], covers, right, weight, 0 * weight]))
    zeros = np.zeros(len(trials))
    parts.append(
        np.stack([*_columns(trials), zeros, _trial_weights(trials) * _OUTSIDERS_PER_ARTIST, zeros + 1])
    )
    share, found, covers, right, weight, outside = np.concatenate(parts, axis=1)
    log_share = np.log(np.clip(share, 1e-6, 1 - 1e-6) / (1 - np.clip(share, 1e-6, 1 - 1e-6)))
    none = _logistic_fit([found, np.log(covers)], outside, weight)
    sure = _logistic_fit([log_share, found, np.log(covers)], right, weight)
    source = f"{references.tagger}/{EMBEDDING}"
    return OutsiderModel(source, (none[0], none[1], none[2]), (sure[0], sure[1], sure[2], sure[3]))


def _logistic_fit(features: Sequence[Floats], target: Floats, weights: Floats) -> list[float]:
    """Intercept and coefficients of a logistic regression, rounded for the card."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10, max_iter=500)
    model.fit(np.column_stack(features), target, sample_weight=weights * len(weights) / weights.sum())
    return [round(float(value), 4) for value in (model.intercept_[0], *model.coef_[0])]
