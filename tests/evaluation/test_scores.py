from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.evaluations import VOTERS, about, predictions, run
from helpers.rows import versions
from helpers.samples import samples

from classifiers.metrics.bootstrap import METRICS, row_stats
from spotitags.errors import InputError
from spotitags.evaluation.cross_validation import run as run_protocol
from spotitags.evaluation.folds import Protocol, shuffled
from spotitags.evaluation.scores import FORMAT, read, scores

if TYPE_CHECKING:
    from pathlib import Path


def test_the_ensemble_every_view_and_every_voter_are_scored() -> None:
    found = run()
    assert [(system["kind"], system["name"]) for system in found["systems"]] == [
        ("ensemble", "ensemble"),
        ("view", "lite all"),
        ("view", "lite top"),
        *(("voter", " ".join(voter)) for voter in VOTERS),
    ]
    pairs = [list(pair) for pair in combinations(found["genres"], 2)]
    for system in found["systems"]:
        assert set(system["scores"]) == set(METRICS)
        for estimate in system["scores"].values():
            assert estimate["low"] <= estimate["high"]
        assert [pair["genres"] for pair in system["auc"]] == pairs
        assert set(system["genres"]) == {"jazz", "metal", "pop"}
        assert np.array(system["confusion"]).sum(axis=1) == pytest.approx([7, 8, 8])
        assert len(system["right"]) == 24
        assert system["right"][0] is None
    by_name = {system["name"]: system for system in found["systems"]}
    good, poor = (
        by_name[f"lite all {name}"]["scores"]["balanced_accuracy"]["value"] for name in ("good", "poor")
    )
    assert good > poor + 0.2


def test_a_view_is_its_voters_by_their_weights() -> None:
    """The poor voter of the view weighs nothing, so that the view is the good one."""
    by_name = {system["name"]: system for system in run()["systems"]}
    assert by_name["lite all"]["scores"] == by_name["lite all good"]["scores"]
    assert by_name["lite all"]["weight"] == pytest.approx(0.7)
    assert by_name["lite all poor"]["weight"] == 0
    assert by_name["lite all poor"]["scores"] != by_name["lite all"]["scores"]


def test_all_voters_pooled_are_the_ensemble() -> None:
    """With voters of one view alone, the view has the scores of the ensemble."""
    found = scores(samples(), predictions(last_view="all"), about())
    by_name = {system["name"]: system for system in found["systems"]}
    assert by_name["lite all"]["scores"] == by_name["ensemble"]["scores"]
    assert by_name["lite all"]["right"] == by_name["ensemble"]["right"]


def test_where_embeddings_vote_pictures_and_tags_are_scored_side_by_side() -> None:
    found = scores(samples(), predictions(last_view="embedding"), about())
    by_name = {system["name"]: system for system in found["systems"]}
    assert [(system["kind"], system["name"]) for system in found["systems"][:3]] == [
        ("ensemble", "ensemble"),
        ("kind", "picture"),
        ("kind", "tags"),
    ]
    assert by_name["tags"]["scores"] == by_name["lite all"]["scores"] != by_name["ensemble"]["scores"]
    assert by_name["tags"]["weight"] == pytest.approx(0.7)
    assert "tags" not in {system["name"] for system in run()["systems"]}, "of one kind alone"


def test_tags_alone_score_as_an_ensemble_without_embeddings() -> None:
    rng = np.random.default_rng(3)
    embedding = [
        replace(
            each, row=replace(each.row, embeddings={"lite": rng.random((len(each), 4), dtype=np.float32)})
        )
        for each in samples()
    ]
    protocol = Protocol(folds=2, repeats=2, curve_repeats=0)
    alone, both = (
        scores(rows, run_protocol(rows, versions(), protocol, workers=1), about())["systems"]
        for rows in (samples(), embedding)
    )
    assert [both[2]["name"], alone[0]["name"]] == ["tags", "ensemble"]
    assert both[2]["scores"] == alone[0]["scores"]
    assert both[2]["right"] == alone[0]["right"]


def test_words_are_scored_beside_the_rest_and_those_of_another_artist_give_no_gain() -> None:
    """Tags and pictures are noise; only words tell the genres."""
    rng = np.random.default_rng(5)
    rows = []
    for each in samples(per_genre=10):
        covers = {
            "lite": [{f"label {rng.integers(30)}": 1.0} for _ in range(len(each))],
            "text": [{f"{each.genre} {rng.integers(3)}": 1.0} for _ in range(len(each))],
        }
        noise = {"lite": rng.random((len(each), 4), dtype=np.float32)}
        rows.append(replace(each, row=replace(each.row, covers=covers, embeddings=noise)))
    protocol = Protocol(folds=3, repeats=2, curve_repeats=0)
    systems = scores(rows, run_protocol(rows, versions("lite", "text"), protocol, workers=1), about())[
        "systems"
    ]
    found = {(each["kind"], each["name"]): each["scores"]["balanced_accuracy"]["value"] for each in systems}
    assert list(found)[:6] == [
        ("ensemble", "ensemble"),
        ("kind", "picture"),
        ("kind", "tags"),
        ("kind", "words"),
        ("blend", "picture and tags"),
        ("control", "words of another artist"),
    ]
    assert found["kind", "words"] == found["ensemble", "ensemble"] == 1
    assert found["blend", "picture and tags"] < 0.6
    assert found["control", "words of another artist"] < 0.6


def test_the_shares_of_each_row_are_in_the_file_and_give_the_same_scores() -> None:
    found, drawn = run(), predictions()
    assert [row["genre"] for row in found["answers"]] == ["jazz"] * 8 + ["metal"] * 8 + ["pop"] * 8
    shares = np.array([row["shares"] for row in found["answers"]], dtype=float).transpose(1, 0, 2)
    assert np.allclose(shares, drawn.ensemble, rtol=1e-3, equal_nan=True)
    again = row_stats(shares, drawn.truth)
    assert np.allclose(again.right[1:], row_stats(drawn.ensemble, drawn.truth).right[1:])


def test_permuted_genres_are_the_genres_in_the_file() -> None:
    permuted = shuffled(samples(), seed=1)
    protocol = Protocol(folds=2, repeats=1, curve_repeats=0, seed=1, shuffled=True)
    found = scores(samples(), run_protocol(samples(), versions(), protocol, workers=1), about())
    assert [row["genre"] for row in found["answers"]] == [each.genre for each in permuted]


def test_curves_end_with_the_full_training_and_all_covers() -> None:
    curves = run()["curves"]
    assert [point["artists"] for point in curves["artists"]] == [9.0, 12.0, 16.0]
    assert [point["covers"] for point in curves["covers"]] == list(range(1, 11))
    for curve in curves["roc"]:
        assert curve["tpr"][-1] == 1
        assert curve["tpr"] == sorted(curve["tpr"])


def test_a_file_is_read_back_and_others_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    found = run()
    file.write_text(json.dumps(found, allow_nan=False), encoding="utf-8")
    assert read(file) == found
    file.write_text(json.dumps(found | {"format": FORMAT + 1}), encoding="utf-8")
    with pytest.raises(InputError, match="evaluate anew"):
        read(file)
    for text in ("[]", "{}", "no"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"not a scores\.json"):
            read(file)
    with pytest.raises(InputError, match=r"did you mean"):
        read(tmp_path / "missing.json")
