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


class Unmet(NamedTuple):
    """Outsiders that a model was trained without.

    Attributes:
        kind: Their kind.
        artists: (n_covers, dim) embeddings of each.
        known: True if the model was trained with others of the kind.
    """

    kind: Kind
    artists: Sequence[NDArray[np.float32]]
    known: bool


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
        model: Probability from its evidence.
        ids: Ids of the held-out rows.
        rows: (n_tested, 2) evidence of each held-out row, from its first covers, and the number of these.
        trials: Trials of outsiders.
    """

    detector: Detector
    model: OutsiderModel
    ids: tuple[str, ...] = field(repr=False)
    rows: Floats = field(repr=False)
    trials: tuple[Trial, ...] = field(repr=False)

    @property
    def kinds(self) -> dict[str, int]:
        """Kinds of outsiders to their numbers of covers, in alphabetical order."""
        return dict(sorted({trial.kind.name: trial.kind.covers for trial in self.trials}.items()))

    def rates(self, calibration: Calibration, *, known: bool = False) -> dict[str, dict[str, float]]:
        """Compute rates on outsiders of each category: of sure genres, and the mean probability of none.

        Args:
            calibration: Smallest share of a sure vote, and the limit of its probability of none.
            known: Measure on outsiders of known kinds, too; else on those of unknown kinds alone.
        """
        found: dict[str, dict[str, float]] = {}
        tested = [trial for trial in self.trials if trial.largest and (known or not trial.known)]
        for category in dict.fromkeys(trial.kind.category for trial in tested):
            trials = [trial for trial in tested if trial.kind.category == category]
            share, seen, covers = _columns(trials)
            none, weights = self.model.none_probability(seen, covers), _trial_weights(trials)
            sure = calibration.sure_share(share) & (none < calibration.none_below)
            found[category] = {
                "tested": len(trials),
                "sure": float(np.average(sure, weights=weights)),
                "none": float(np.average(none, weights=weights)),
            }
        return found


def train_outsiders(  # noqa: PLR0913 - each is an input of its own
    rows: Sequence[Row],
    folds: Sequence[Fold],
    genres: Sequence[str],
    references: References,
    voters: Sequence[tuple[VoterName, float, Sharpness | None]],
    *,
    seed: int = 0,
) -> TrainedOutsiders | None:
    """Train the detector, and fit the probability on held-out rows and held-out outsiders.

    In each fold, the detector knows neither the fold's rows, nor some kinds of outsiders, nor some outsiders
    of the other kinds; then it meets all of them. So a user's outsiders may be of known and of unknown kinds.

    Args:
        rows: Labelled artists.
        folds: Each fold of one cross-validation.
        genres: Order of the probabilities.
        references: Reference covers.
        voters: Name, weight and sharpness of each voter; those on the references' embeddings vote on them.
        seed: Random seed.

    Returns:
        None if no voter uses the references' embeddings, or no category has two kinds of outsiders, so that
        a fold without some kinds would have none left.
    """
    used = [v for v in voters if v[0].tagger == references.tagger and v[0].view == EMBEDDING and v[1]]
    fold_of = {kind.name: number % len(folds) for kind, number in _numbered_by_category(references.outsiders)}
    if not used or len(set(fold_of.values())) < 2:  # noqa: PLR2004
        return None
    basis = principal_components(references)
    seen: dict[int, list[float]] = {size: [] for size in _sizes(rows)}
    whole: list[tuple[float, int]] = []
    trials: list[Trial] = []
    for number, fold in enumerate(folds):
        kinds, unmet = _divided(references, fold_of, number, len(folds))
        detector = fit_detector(fold.train, kinds, references, genres, basis)
        for row in fold.test:
            first = row.embeddings[references.tagger][: max(seen)]
            whole.append((detector.evidence(first), len(first)))
            for size, found in seen.items():
                if len(row) >= size:
                    found.append(detector.evidence(row.embeddings[references.tagger][:size]))
        trials += _trials(unmet, detector, fold.train, genres, used, sizes=list(seen), seed=seed)
    return TrainedOutsiders(
        fit_detector(rows, references.kinds, references, genres, basis),
        _fit_model(references, seen, trials),
        tuple(row.id for fold in folds for row in fold.test),
        np.array(whole),
        tuple(trials),
    )


def _sizes(rows: Sequence[Row]) -> list[int]:
    """Numbers of covers that a quarter of the rows have: outsiders are compared with rows like them."""
    lengths = np.array([len(row) for row in rows])
    return [size for size in SIZES if size == 1 or (lengths >= size).mean() >= 1 / 4]


def _divided(
    references: References, fold_of: Mapping[str, int], number: int, folds: int
) -> tuple[list[Kind], list[Unmet]]:
    """Divide the references of a fold into those to train on and those to meet afterwards."""
    training: list[Kind] = []
    unmet: list[Unmet] = []
    for kind in references.kinds:
        if kind.genre is not None:
            training.append(kind)
        elif fold_of[kind.name] == number:
            unmet.append(Unmet(kind, kind.artists, known=False))
        elif len(kind.artists) == 1:
            training.append(kind)
        else:
            training.append(
                kind._replace(artists=[a for i, a in enumerate(kind.artists) if i % folds != number])
            )
            unmet.append(Unmet(kind, kind.artists[number::folds], known=True))
    return training, unmet


def _numbered_by_category(kinds: Sequence[Kind]) -> Iterator[tuple[Kind, int]]:
    """Yield each kind with its number among those of its category, so that every fold gets some of each."""
    count: Counter[str] = Counter()
    for kind in kinds:
        yield kind, count[kind.category]
        count[kind.category] += 1


def _trials(  # noqa: PLR0913 - each is an input of its own
    outsiders: Sequence[Unmet],
    detector: Detector,
    train: Sequence[Row],
    genres: Sequence[str],
    voters: Sequence[tuple[VoterName, float, Sharpness | None]],
    *,
    sizes: Sequence[int],
    seed: int,
) -> list[Trial]:
    """Show outsiders to the detector, and to voters on embeddings that were fitted on the same rows."""
    tagger = voters[0][0].tagger
    shown = [
        (kind, known, each[:size], size == max(s for s in sizes if s <= len(each)))
        for kind, artists, known in outsiders
        for each in artists
        for size in sizes
        if size <= len(each)
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


def _fit_model(
    references: References, seen: Mapping[int, Sequence[float]], trials: Sequence[Trial]
) -> OutsiderModel:
    """Fit the probability of none; rows and outsiders weigh alike, and so does each number of covers."""
    from sklearn.linear_model import LogisticRegression

    parts = [np.stack([[t.evidence, t.covers, 1] for t in trials])]
    weights = [_trial_weights(trials)]
    for size, of_size in seen.items():
        count = len(of_size)
        parts.append(np.column_stack([of_size, np.full(count, size), np.zeros(count)]))
        weights.append(np.full(count, 1 / len(seen) / max(1, count)))
    found, covers, outside = np.concatenate(parts).T
    weight = np.concatenate(weights)
    model = LogisticRegression(C=10, max_iter=500)
    model.fit(
        np.column_stack([found, np.log(covers)]), outside, sample_weight=weight * len(weight) / weight.sum()
    )
    numbers = (round(float(value), 4) for value in (model.intercept_[0], *model.coef_[0]))
    return OutsiderModel(f"{references.tagger}/{EMBEDDING}", *numbers)
