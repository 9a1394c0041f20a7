"""Impact of groups of inputs: permutation on held-out artists, and training without a group.

Permutation importance (Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, "All Models are Wrong,
but Many are Useful", 2019) of whole groups: in each fold, each tested artist gets a group of inputs of
another tested one, and the ensemble that was trained on the other folds predicts again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from spotitags.errors import InputError
from spotitags.evaluation.cross_validation import in_processes
from spotitags.evaluation.estimates import Bootstrap
from spotitags.evaluation.folds import fold_dataset
from spotitags.evaluation.inputs import InputGroup, exchanged, input_groups, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import FoldPredictions, HeldOut
    from classifiers.training.dataset import Row
    from classifiers.training.voters import FittedVoter, VoterPredictions
    from spotitags.evaluation.estimates import Statistic
    from spotitags.evaluation.folds import FoldedDataset, Protocol, Split
    from spotitags.evaluation.samples import Progress, Sample

    Floats = NDArray[np.float64]

REPEATS: Final = 3
"""Maximum number of repeats of the cross-validation in which inputs are permuted."""
PERMUTATIONS: Final = 5
"""Permutations of each group in each repeat."""
RETRAINED: Final = 3
"""Number of groups, those with the largest loss, without which the ensemble is trained anew."""


class _Task(NamedTuple):
    """One repeat.

    Attributes:
        split: The folds.
        voters: Names of the voters.
        genres: Order of the probabilities.
        groups: Groups of inputs.
        units: Artist of each row, by the row's id.
    """

    split: Split
    voters: Sequence[VoterName]
    genres: Sequence[str]
    groups: Sequence[InputGroup]
    units: Mapping[str, str]


class _Permuted(NamedTuple):
    """Shares of one repeat, (n_tested, n_genres) each.

    Attributes:
        full: Of the ensemble.
        permuted: By group, of each permutation.
        dropped: By number of a group that is a whole kind, of an ensemble that was weighted without it.
    """

    full: Floats
    permuted: list[list[Floats]]
    dropped: dict[int, Floats]


def impact(
    samples: Sequence[Sample],
    taggers: Mapping[str, str],
    protocol: Protocol,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure what each group of inputs is worth to the ensemble.

    Args:
        samples: Labelled samples, from `spotitags.evaluation.samples`.
        taggers: Tagger, and other source of labels, to version.
        protocol: Settings; at most `REPEATS` repeats are used.
        workers: Number of processes; None for one per core, 1 for the current process alone.
        progress: Called with ("impact", done, total).

    Returns:
        Entry ``impact`` of ``scores.json``, which docs/impact.md describes.

    Raises:
        InputError: The samples cannot be split or trained on.
    """
    from classifiers.errors import ClassifierError
    from classifiers.training.voters import voter_names

    used = replace(protocol, repeats=min(protocol.repeats, REPEATS), curve_repeats=0)
    dataset = fold_dataset(samples, used)
    units = {sample.id: sample.unit for sample in samples}
    rows = [sample.row for sample in dataset.samples]
    step = progress or (lambda *_stage: None)
    try:
        voters = voter_names(rows, taggers)
        groups = input_groups(voters, rows)
        tasks = [_Task(split, voters, dataset.genres, groups, units) for split in dataset.repeats]
        total = len(tasks) + RETRAINED
        step("impact", 0, total)
        found: dict[int, _Permuted] = {}
        for number, each in in_processes(_permute, tasks, workers):
            found[number] = each
            step("impact", len(found), total)
        repeats = [found[number] for number in range(len(tasks))]
        scores = _Scores(dataset, [sample.unit for sample in dataset.samples], protocol.seed)
        full = scores.of([[each.full] for each in repeats])
        entries = [
            {"name": group.name, "kind": group.kind, "part": group.theme}
            | _loss(full, scores.of([each.permuted[i] for each in repeats]))
            | {"retrained": None}
            for i, group in enumerate(groups)
        ]
        strongest = sorted(range(len(groups)), key=lambda i: _strength(entries[i]))[:RETRAINED]
        for done, i in enumerate(strongest, start=1):
            if shares := _retrained(i, tasks, repeats, workers):
                entries[i]["retrained"] = _loss(full, scores.of([[each] for each in shares]))
            step("impact", len(tasks) + done, total)
    except ClassifierError as error:
        raise InputError(str(error)) from error
    accuracy = full["balanced_accuracy"].as_json()
    return {
        "repeats": len(tasks),
        "permutations": PERMUTATIONS,
        "ensemble": {name: full[name].as_json() for name in ("balanced_accuracy", "log_loss")},
        "weak": accuracy["low"] <= 1 / len(dataset.genres),
        "groups": [entries[i] for i in sorted(range(len(groups)), key=lambda i: _strength(entries[i]))],
    }


def _strength(entry: Mapping[str, Any]) -> tuple[float, float]:
    return -entry["balanced_accuracy"]["value"], -entry["log_loss"]["value"]


def _loss(full: Mapping[str, Statistic], changed: Mapping[str, Statistic]) -> dict[str, Any]:
    """Return how much balanced accuracy falls, and log loss rises, with intervals of a paired bootstrap."""
    fall = full["balanced_accuracy"].minus(changed["balanced_accuracy"])
    rise = changed["log_loss"].minus(full["log_loss"])
    return {"balanced_accuracy": fall.as_json(), "log_loss": rise.as_json()}


class _Scores:
    """Metrics of shares that are given by repeat, fold by fold."""

    def __init__(self, dataset: FoldedDataset, units: Sequence[str], seed: int) -> None:
        self._dataset = dataset
        self._bootstrap = Bootstrap(dataset.truth, units, seed)

    def of(self, by_repeat: Sequence[Sequence[Floats]]) -> dict[str, Statistic]:
        """Return all metrics of the (n_tested, n_genres) shares of one or more runs of each repeat."""
        placed = []
        for split, runs in zip(self._dataset.repeats, by_repeat, strict=True):
            for shares in runs:
                rows = np.full((len(self._dataset.samples), shares.shape[1]), np.nan)
                rows[split.tested] = shares
                placed.append(rows)
        return self._bootstrap.scores(np.stack(placed))


def _permute(task: _Task) -> _Permuted:
    """Fit all voters on each fold, and predict its test rows, as they are and with permuted groups."""
    from threadpoolctl import threadpool_limits

    from classifiers.ensemble.blends import kind_of
    from classifiers.training.cross_validation import HeldOut, ensemble_predictions
    from classifiers.training.voters import fit_voters

    split, voters, genres, groups, units = task
    rng = np.random.default_rng([split.seed, len(groups)])
    kinds = [kind_of(name) for name in voters]
    full: list[list[VoterPredictions]] = [[] for _ in voters]
    changed: dict[tuple[int, int, int], list[VoterPredictions]] = defaultdict(list)
    with threadpool_limits(1):
        for fold in split.folds:
            fits = fit_voters(fold.train, voters, genres, None, split.seed)
            _extend(full, fits, fold.test)
            for g, group in enumerate(groups):
                own = [i for i, kind in enumerate(kinds) if kind == group.kind]
                for p in range(PERMUTATIONS):
                    donors = _donors(fold.test, units, rng)
                    rows = [exchanged(*pair, group) for pair in zip(fold.test, donors, strict=True)]
                    for i in own:
                        changed[g, p, i].extend(fits[i].predict(rows))
        tested = [row for fold in split.folds for row in fold.test]
        fold_of = np.repeat(np.arange(len(split.folds)), [len(fold.test) for fold in split.folds])
        truth = np.array([genres.index(row.genre) for row in tested], dtype=np.intp)
        held = HeldOut(voters, tested, fold_of, truth, full)
        found = ensemble_predictions(held)
        repool = _Pool(held, found)
        permuted = [
            [
                repool([changed.get((g, p, i), of_voter) for i, of_voter in enumerate(full)])
                for p in range(PERMUTATIONS)
            ]
            for g in range(len(groups))
        ]
    dropped = {}
    for g, group in enumerate(groups):
        others = [i for i, kind in enumerate(kinds) if kind != group.kind]
        if group.theme is None and others:
            dropped[g] = found.shares_of(others)
    return _Permuted(found.shares, permuted, dropped)


class _Pool:
    """Pools other predictions on the same rows, with the sharpness and the weights of the first ones."""

    def __init__(self, held: HeldOut, found: FoldPredictions) -> None:
        from classifiers.training.cross_validation import fit_all_sharpness

        self._held, self._found = held, found
        self._sharpness = {
            int(fold): fit_all_sharpness([held], np.flatnonzero(held.fold != fold))
            for fold in np.unique(held.fold)
        }

    def __call__(self, predictions: Sequence[Sequence[VoterPredictions]]) -> Floats:
        """Return (n_rows, n_genres) shares."""
        held = replace(self._held, predictions=predictions)
        votes = np.zeros_like(self._found.votes)
        for fold, sharpness in self._sharpness.items():
            rows = held.fold == fold
            votes[rows] = held.votes(sharpness)[rows]
        return self._found._replace(votes=votes, known=held.known).shares


def _extend(
    predictions: Sequence[list[VoterPredictions]], fits: Sequence[FittedVoter], rows: Sequence[Row]
) -> None:
    for of_voter, fitted in zip(predictions, fits, strict=True):
        of_voter.extend(fitted.predict(rows))


def _donors(rows: Sequence[Row], units: Mapping[str, str], rng: np.random.Generator) -> list[Row]:
    """Return for each row one of another artist: the one before it in a random circle of all artists."""
    members: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        members[units[row.id]].append(row)
    names = [*members]
    order = [names[i] for i in rng.permutation(len(names))]
    donor = dict(zip(order[1:] + order[:1], order, strict=True))
    taken: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        giver = members[donor[units[row.id]]]
        found.append(giver[taken[units[row.id]] % len(giver)])
        taken[units[row.id]] += 1
    return found


def _retrained(
    group: int, tasks: Sequence[_Task], repeats: Sequence[_Permuted], workers: int | None
) -> list[Floats]:
    """Return the shares of each repeat by ensembles without a group; none if nothing else is left."""
    if tasks[0].groups[group].theme is None:
        return [each.dropped[group] for each in repeats if group in each.dropped]
    chosen = [task._replace(groups=[task.groups[group]]) for task in tasks]
    found = dict(in_processes(_predict_without, chosen, workers))
    return [found[number] for number in range(len(tasks))]


def _predict_without(task: _Task) -> Floats:
    """Fit all voters on each fold without a part of the tags, and predict its test rows without it."""
    from threadpoolctl import threadpool_limits

    from classifiers.training.cross_validation import Fold, ensemble_predictions, predict_held_out

    (group,) = task.groups
    folds = [
        Fold([without(row, group) for row in fold.train], [without(row, group) for row in fold.test])
        for fold in task.split.folds
    ]
    with threadpool_limits(1):
        (held,) = predict_held_out(folds, task.voters, task.genres, seed=task.split.seed)
        return ensemble_predictions(held).shares
