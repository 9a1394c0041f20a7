"""Evidence on evaluated artists, by voters that were trained without them: tags that decided, and maps.

The voters of the first repeat's folds are fitted once more; those with little weight are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.covers.images import cover_url
from spotitags.covers.thumbnails import jpeg
from spotitags.evaluation.folds import fold_dataset
from spotitags.evaluation.report.gallery import ArtistEvidence, CoverMap
from spotitags.explain.artist.covers import MAPPED, SIDE, strongest_ninth
from spotitags.explain.places.features import PlaceNetwork
from spotitags.explain.places.maps import combined, vote_map
from spotitags.explain.places.picture import attention, overlay
from spotitags.records import Cover, CoverFile
from spotitags.taggers.lite.square import square

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

    from classifiers.ensemble.linear import LinearVoter
    from classifiers.ensemble.pooling import Sharpness
    from classifiers.ensemble.results import VoterName
    from classifiers.text import Classifier
    from classifiers.training.cross_validation import Fold
    from classifiers.training.dataset import Row
    from classifiers.training.voters import FittedVoter
    from spotitags.evaluation.folds import Protocol
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.samples import Samples
    from spotitags.records import Album

    Floats = NDArray[np.float64]

SMALL: Final = 0.01
"""Weight of a voter, as a part of all, below which it is left out."""
TRIED: Final = 60
"""Maximum number of an artist's tags whose removal is tried, the heaviest ones."""
NAMED: Final = 6
"""Number of tags that are named."""
MAPPED_COVERS: Final = 3
"""Maximum number of covers of one artist that are mapped: those that speak most for the predicted genre."""
_QUALITY: Final = 72
_MAP_SIDE: Final = 160  # pixels


class _Fitted(NamedTuple):
    """Voters of one fold, with their mean weights beside each other, and the rows that they did not learn."""

    voters: list[FittedVoter]
    fold: Fold


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutVoters:
    """Voters of the folds of the first repeat.

    Attributes:
        genres: Order of the probabilities.
        names: Names of the voters that have some weight.
        weights: (n_voters,) their mean weights beside each other.
        part: Part of the weight of all voters that they have.
        folds: The fitted voters of each fold.
        pairs: For each tested artist, by id, columns of the predicted genre and of the one to compare it
            with: the true genre if the prediction is wrong, else the runner-up.
    """

    genres: tuple[str, ...]
    names: list[VoterName]
    weights: Floats
    part: float
    folds: list[_Fitted]
    pairs: Mapping[str, tuple[int, int]]

    @property
    def mapped_part(self) -> float:
        """Part of the weight of all voters that voters on the embeddings of `lite` have."""
        from classifiers.image import EMBEDDING

        own = sum(
            w for name, w in zip(self.names, self.weights, strict=True) if name[:2] == (MAPPED, EMBEDDING)
        )
        return float(self.part * own / self.weights.sum())

    def evidence(self) -> dict[str, ArtistEvidence]:
        """Find the tags that decided each artist's prediction, by removing each of them."""
        from classifiers.training.cross_validation import HeldOut, fit_all_sharpness

        predictions = [
            [each for fitted in self.folds for each in fitted.voters[number].predict(fitted.fold.test)]
            for number in range(len(self.names))
        ]
        rows = [row for fitted in self.folds for row in fitted.fold.test]
        truth = np.array([self.genres.index(row.genre) for row in rows], dtype=np.intp)
        held = HeldOut(self.names, rows, np.zeros(len(rows), np.intp), truth, predictions)
        sharpness = fit_all_sharpness([held])
        found = {}
        for fitted in self.folds:
            for row in fitted.fold.test:
                if row.id in self.pairs:
                    found[row.id] = self._evidence(fitted.voters, row, sharpness)
        return found

    def _evidence(
        self, voters: Sequence[FittedVoter], row: Row, sharpness: Sequence[Sharpness | None]
    ) -> ArtistEvidence:
        from classifiers.ensemble.occlusion import OccludedVotes, explain_votes
        from classifiers.image import EMBEDDING
        from classifiers.training.voters import artist_vote

        tags = _heaviest(row, [name.tagger for name in self.names if name.view != EMBEDDING])
        variants = [row, *(_without(row, *tag) for tag in tags)]
        votes = np.empty((len(variants), len(voters), len(self.genres)))
        for number, (voter, sharp) in enumerate(zip(voters, sharpness, strict=True)):
            fixed = voter.name.view == EMBEDDING
            found = voter.predict([row] if fixed else variants)
            votes[:, number] = [artist_vote(each, len(row), sharp) for each in found]
        pair = tuple(self.genres[column] for column in self.pairs[row.id])
        occluded = OccludedVotes(self.genres, self.names, self.weights, tags, votes)
        pulls = explain_votes(occluded, (pair[0], pair[1]), NAMED).overall
        return ArtistEvidence(pair[0], pair[1], tuple((pull.label, pull.log_odds) for pull in pulls))

    def linear(self, fold: int) -> list[LinearVoter]:
        """Return the linear voters of a fold on the embeddings of `lite`."""
        from classifiers.ensemble.linear import LinearVoter, linear_logits
        from classifiers.ensemble.onnx_voters import Voter
        from classifiers.image import EMBEDDING

        found = []
        for fitted, weight in zip(self.folds[fold].voters, self.weights, strict=True):
            if fitted.name[:2] != (MAPPED, EMBEDDING) or fitted.model is None:
                continue
            (logits,) = linear_logits(fitted.width, partial(_cover_votes, fitted.model))
            if logits is not None:
                found.append(LinearVoter(Voter(fitted.name, float(weight), "", 0, None), logits))
        return found


def _cover_votes(model: Classifier, rows: Floats) -> Floats:
    """Return (m, 1, n_genres) votes on (m, width) rows."""
    return model.predict_proba(rows)[:, np.newaxis]


def fit_held_out(samples: Samples, protocol: Protocol, predictions: EnsemblePredictions) -> HeldOutVoters:
    """Fit the voters of the first repeat's folds, without those of little weight.

    Args:
        samples: Samples of the evaluation.
        protocol: Its settings.
        predictions: Its predictions.
    """
    from threadpoolctl import threadpool_limits

    from classifiers.training.voters import fit_voters

    dataset = fold_dataset(samples.rows, replace(protocol, repeats=1, curve_repeats=0))
    (split,) = dataset.splits
    mean = np.nan_to_num(np.nanmean(predictions.blended_weights(), axis=(0, 1)))
    part = mean / mean.sum()
    chosen = [number for number, each in enumerate(part) if each >= SMALL]
    names = [predictions.voters[number] for number in chosen]
    shares = np.nanmean(predictions.ensemble, axis=0)
    pairs = {
        sample.id: _pair(shares[number], int(predictions.truth[number]))
        for number, sample in enumerate(samples.rows)
        if not np.isnan(shares[number]).any()
    }
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        folds = [
            _Fitted(fit_voters(fold.train, names, dataset.genres, seed=split.seed), fold)
            for fold in split.folds
        ]
    return HeldOutVoters(dataset.genres, names, mean[chosen], float(part[chosen].sum()), folds, pairs)


def _pair(shares: Floats, truth: int) -> tuple[int, int]:
    order = np.argsort(-shares, kind="stable").tolist()
    return order[0], (truth if order[0] != truth else order[1])


def _heaviest(row: Row, taggers: Sequence[str]) -> list[tuple[str, str]]:
    tags = [
        (weight, tagger, label)
        for tagger in dict.fromkeys(taggers)
        for label, weight in row.bag(tagger).items()
    ]
    return [(tagger, label) for _, tagger, label in sorted(tags, reverse=True)[:TRIED]]


def _without(row: Row, tagger: str, label: str) -> Row:
    covers = [{name: weight for name, weight in tags.items() if name != label} for tags in row.covers[tagger]]
    return replace(row, covers={**row.covers, tagger: covers})


def held_out_maps(
    voters: HeldOutVoters, samples: Samples, order: Sequence[str], most: int, cache_dir: Path | None = None
) -> dict[str, CoverMap]:
    """Map covers by voters that were trained without their artist.

    Args:
        voters: From `fit_held_out`.
        samples: Samples of the evaluation.
        order: Ids of the artists, those that come first first.
        most: Maximum number of maps.
        cache_dir: Folder of the cache.

    Returns:
        Maps of covers on this machine, by digest; none if no linear voter reads the embeddings of `lite`.
    """
    rows = {row.id: row for row in samples.labelled}
    fold_of = {row.id: number for number, fitted in enumerate(voters.folds) for row in fitted.fold.test}
    linear = {number: voters.linear(number) for number in sorted(set(fold_of.values()))} if most else {}
    network = PlaceNetwork(cache_dir)
    maps: dict[str, CoverMap] = {}
    for ref in order:
        if len(maps) >= most or ref not in fold_of or not linear[fold_of[ref]]:
            continue
        used, pair = linear[fold_of[ref]], voters.pairs[ref]
        chosen = _chosen(rows[ref], samples.albums, used, pair)[: most - len(maps)]
        for cover in _decoded(chosen):
            pixels = square(cover.pixels, SIDE)
            found = vote_map(network.split(pixels), used, *pair)
            pictures = [_small(draw(pixels, found.places)) for draw in (overlay, attention)]
            maps[cover.digest] = CoverMap(
                pictures[0], pictures[1], found.total, strongest_ninth(found.places)
            )
    return maps


def _chosen(
    row: Row, albums: Mapping[str, Album], voters: Sequence[LinearVoter], pair: tuple[int, int]
) -> list[Album]:
    """Return the artist's covers on this machine that speak most for the first genre."""
    from classifiers.ensemble.graph_inputs import feature_rows

    weights, bias = combined(voters, *pair)
    odds = feature_rows(MAPPED, row.embeddings[MAPPED]) @ weights + bias
    ordered = [albums[row.groups[number]] for number in np.argsort(-odds, kind="stable")]
    return [each for each in ordered if each.images and cover_url(each) is None][:MAPPED_COVERS]


def _decoded(albums: Sequence[Album]) -> Iterator[Cover]:
    with CoverFetcher() as fetcher:
        files = [file for file in fetcher.fetch(albums, SIDE) if isinstance(file, CoverFile)]
    yield from (cover for cover in decode_many(files, SIDE) if isinstance(cover, Cover))


def _small(image: Image) -> bytes:
    image.thumbnail((_MAP_SIDE, _MAP_SIDE))
    return jpeg(image, _QUALITY)
