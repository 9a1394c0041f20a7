"""Names, covers, tags that decided, and maps for the report of an evaluation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from spotitags.covers.images import cover_url
from spotitags.covers.thumbnails import thumbnails
from spotitags.errors import InputError
from spotitags.evaluation.report.artists import reported_artists
from spotitags.evaluation.report.gallery import Gallery
from spotitags.evaluation.samples import select
from spotitags.explain.held_out import fit_held_out, held_out_maps
from spotitags.explain.words.effects import telling_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from classifiers.ensemble.results import Confidence
    from spotitags.evaluation.folds import Protocol
    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.report.artists import ReportedArtist
    from spotitags.evaluation.samples import Samples

SIDE: Final = 96
"""Longer side of a thumbnail in pixels."""
MOST_COVERS: Final = 2000
"""Maximum number of thumbnails: about 8 MB."""
TELLING: Final = 8
"""Maximum number of telling tags of a genre."""


def build_gallery(  # noqa: PLR0913 - each is a choice of its own
    found: Mapping[str, Any],
    samples: Samples,
    predictions: EnsemblePredictions,
    protocol: Protocol,
    *,
    covers: bool = True,
    maps: int = 0,
    cache_dir: Path | None = None,
) -> Gallery:
    """Gather what a report shows of the artists besides their scores.

    Args:
        found: Content of ``scores.json``.
        samples: Samples of the evaluation.
        predictions: Its predictions.
        protocol: Its settings.
        covers: False leaves out all pictures.
        maps: Maximum number of maps.
        cache_dir: Folder of the cache.
    """
    names = _names(samples)
    artists = reported_artists(found, names)
    voters = fit_held_out(samples, protocol, predictions)
    listed = _covers(samples, protocol.max_test_covers)
    digests = [digest for each in artists for digest, _ in listed.get(each.id, ())]
    local = [d for d in digests if samples.albums[d].images and cover_url(samples.albums[d]) is None]
    order = [each.id for each in artists]
    drawn = held_out_maps(voters, samples, order, maps, cache_dir) if covers and maps else {}
    return Gallery(
        names=names,
        covers=listed,
        thumbnails=thumbnails((samples.albums[d] for d in local[:MOST_COVERS]), SIDE) if covers else {},
        evidence=voters.evidence(),
        evidence_part=voters.part,
        maps=drawn,
        maps_part=voters.mapped_part,
        mappable=len(set(local)),
        confidence=_confidence(artists, predictions),
        telling=_telling(samples),
        hidden=max(0, len(local) - MOST_COVERS) if covers else 0,
    )


def _names(samples: Samples) -> dict[str, str | None]:
    return {
        row.id: samples.albums[row.groups[0]].artist.name
        for row in samples.labelled
        if row.groups and row.groups[0] in samples.albums
    }


def _covers(samples: Samples, most: int | None) -> dict[str, list[tuple[str, str]]]:
    """Return digest and title of the covers of each artist that were tested."""
    return {
        row.id: [
            (digest, samples.albums[digest].name or samples.albums[digest].id)
            for digest in row.groups[: most or None]
        ]
        for row in samples.labelled
    }


def _confidence(artists: Sequence[ReportedArtist], predictions: EnsemblePredictions) -> dict[str, Confidence]:
    from classifiers.training.calibrate import calibrate

    calibration = calibrate(predictions.ensemble, predictions.truth)
    return {
        each.id: calibration.confidence(max(each.shares.values()))
        for each in artists
        if each.predicted is not None
    }


def _telling(samples: Samples) -> dict[str, list[tuple[str, float]]]:
    """Return the tags that each genre has more often; none if there are too few artists to compare."""
    try:
        genres = telling_words(select(samples, drop_shared=True).rows)
    except InputError:
        return {}
    return {
        genre.genre: [
            (word.label, math.exp(word.effect)) for word in genre.telling if word.sure and word.effect > 0
        ][:TELLING]
        for genre in genres
    }
