"""Evidence on evaluated artists, by voters that were trained without them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.manifests import cover
from helpers.word_samples import artists, collected

from spotitags.evaluation.cross_validation import run
from spotitags.evaluation.folds import Protocol
from spotitags.evaluation.scores import scores
from spotitags.explain.gallery import build_gallery
from spotitags.explain.held_out import fit_held_out
from spotitags.records import Image

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.evaluation.predictions import EnsemblePredictions
    from spotitags.evaluation.samples import Samples

PROTOCOL = Protocol(folds=3, repeats=1, curve_repeats=0)
WIDTH = 1960 + 384  # of lite's embeddings


def with_covers(samples: Samples, folder: Path) -> Samples:
    """Give each cover a file, and an embedding that says the genre."""
    rng = np.random.default_rng(0)
    albums, rows = {}, []
    for index, sample in enumerate(samples.rows):
        digests = []
        for number, group in enumerate(sample.row.groups):
            data = cover("fire" if sample.genre == "metal" else "sea", 100 * index + number)
            digest = hashlib.sha256(data).hexdigest()
            (folder / f"{group}.jpg").write_bytes(data)
            albums[digest] = replace(
                samples.albums[group], images=(Image(str(folder / f"{group}.jpg")),), digest=digest
            )
            digests.append(digest)
        embedding = np.abs(rng.normal(size=(len(digests), WIDTH))).astype(np.float32)
        embedding[:, 0] += 9 * (sample.genre == "metal")
        rows.append(
            replace(sample, row=replace(sample.row, groups=tuple(digests), embeddings={"lite": embedding}))
        )
    return replace(samples, rows=tuple(rows), labelled=tuple(each.row for each in rows), albums=albums)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Samples, EnsemblePredictions]:
    samples = with_covers(collected(artists(12)), tmp_path_factory.mktemp("covers"))
    return samples, run(samples.rows, {"lite": "1"}, PROTOCOL, workers=1)


def test_the_planted_tag_decides_and_words_of_no_meaning_hardly(
    evaluated: tuple[Samples, EnsemblePredictions],
) -> None:
    samples, predictions = evaluated
    voters = fit_held_out(samples, PROTOCOL, predictions)
    evidence = voters.evidence()
    assert set(evidence) == {sample.id for sample in samples.rows}
    metal = [
        evidence[s.id] for s in samples.rows if s.genre == "metal" and evidence[s.id].predicted == "metal"
    ]
    assert len(metal) > 3
    for each in metal:
        assert each.other == "jazz"
        assert each.tags[0][0] == "sword"
        assert each.tags[0][1] > 0
    assert 0.5 < voters.part <= 1


def test_voters_of_a_fold_were_not_trained_on_its_artists(
    evaluated: tuple[Samples, EnsemblePredictions],
) -> None:
    voters = fit_held_out(evaluated[0], PROTOCOL, evaluated[1])
    tested = [row.id for fitted in voters.folds for row in fitted.fold.test]
    assert sorted(tested) == sorted(sample.id for sample in evaluated[0].rows)
    for fitted in voters.folds:
        assert not {row.id for row in fitted.fold.test} & {row.id for row in fitted.fold.train}


def test_a_gallery_has_covers_and_at_most_the_wanted_number_of_maps(
    evaluated: tuple[Samples, EnsemblePredictions],
) -> None:
    samples, predictions = evaluated
    about = {"created": "", "dataset": "x", "name": "x", "unit": "artist", "protocol": {}, "taggers": []}
    found = scores(samples.rows, predictions, about)
    full = build_gallery(found, samples, predictions, PROTOCOL, maps=4)
    assert len(full.maps) == 4
    assert full.mappable == len(samples.albums) == len(full.thumbnails)
    assert set(full.maps) <= set(samples.albums)
    assert {label for label, _ in full.telling["metal"]} == {"sword"}
    assert all(0 < each.right < 1 for each in full.confidence.values())
    none = build_gallery(found, samples, predictions, PROTOCOL, covers=False, maps=4)
    assert not none.maps
    assert not none.thumbnails
    assert none.evidence == full.evidence
