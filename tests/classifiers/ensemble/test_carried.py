"""Votes on words that no voter was trained on: vectors of words, typical covers, files of the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.ensemble.carried import CarriedModel, Level, Typical, match_ranks, standardise
from classifiers.ensemble.carried_files import load_carried, save_carried
from classifiers.ensemble.confidence import Calibration, Step
from classifiers.ensemble.pooling import Sharpness
from classifiers.ensemble.word_vectors import WordVectors
from classifiers.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path

WORDS = WordVectors(["skull", "fire", "violin", "piano", "electric guitar"], np.array(
    [[1.0, 0.0, 0.1], [0.9, 0.1, 0.0], [-1.0, 0.1, 0.0], [-0.9, 0.0, 0.1], [0.5, 0.8, 0.2]]
))  # fmt: skip
NOTHING = Typical.of(np.zeros((0, 3)))


def model(levels: tuple[Level, ...] = ()) -> CarriedModel:
    """A model in which the first number of a vector tells metal from classical."""
    sure = Calibration((Step(0.0, 0.4, 20), Step(0.6, 0.8, 30)), 0.6)
    return CarriedModel(
        genres=("classical", "metal"),
        words=WORDS,
        coefficients=np.array([[-1.0, 0, 0], [1.0, 0, 0]]),
        intercepts=np.zeros(2),
        usual=Typical(50.0, np.zeros(3), np.full(3, 50.0)),
        evenness=0.5,
        levels=levels or (Level(0, Sharpness(1.0, 0.0), sure), Level(20, Sharpness(1.0, 0.5), sure)),
        trained_on="words of a test",
        ranks=np.array([0.9, 0.5, 0.1]),
    )


def test_words_are_found_in_any_case_and_phrases_by_their_words() -> None:
    assert np.array_equal(WORDS.vector("Skull"), WORDS.vectors[0])
    assert np.array_equal(WORDS.vector("electric-guitar"), WORDS.vectors[4])
    both = WORDS.vector("skull, on fire")
    assert both is not None
    assert np.dot(both, WORDS.vectors[0]) > 0.9
    assert np.linalg.norm(both) == pytest.approx(np.linalg.norm(WORDS.vectors[:2], axis=1).mean())
    assert WORDS.vector("totenkopf") is None


def test_a_cover_is_the_weighted_mean_of_its_known_words() -> None:
    rows, known = WORDS.covers(
        [{"skull": 1.0, "violin": 1.0, "xyzzy": 1.0}, {"xyzzy": 1.0}, {"piano": 0.0}, {}]
    )
    assert rows[0] == pytest.approx([0.0, 0.05, 0.05])
    assert known.tolist() == [True, False, False, False]
    heavier, _ = WORDS.covers([{"skull": 1.0, "violin": 0.25}])
    assert heavier[0, 0] == pytest.approx((1 - 0.5) / 1.5)


@given(
    arrays(np.float64, (5, 3), elements=st.floats(-1, 1)), arrays(np.float64, (3,), elements=st.floats(-9, 9))
)
def test_typical_covers_take_away_what_a_tagger_says_of_every_cover(
    rows: np.ndarray, shift: np.ndarray
) -> None:
    """A constant that is added to all covers of a tagger changes nothing."""
    usual = standardise(rows, [Typical.of(rows)], 0.5)
    assert usual.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-4 if rows.std() < 1e-4 else 1e-6)
    if rows.std(axis=0).min() > 1e-2:
        assert standardise(rows + shift, [Typical.of(rows + shift)], 0.5) == pytest.approx(usual, abs=1e-6)


@given(arrays(np.float64, (6, 3), elements=st.floats(-1, 1)))
def test_covers_that_are_taken_out_of_typical_ones_leave_the_others(rows: np.ndarray) -> None:
    rest = Typical.of(rows) - Typical.of(rows[:2])
    assert rest.covers == 4
    assert rest.mean == pytest.approx(rows[2:].mean(axis=0))
    assert (rest + Typical.of(rows[:2])).variance == pytest.approx(rows.var(axis=0), abs=1e-9)


def test_votes_follow_the_words_and_the_typical_covers() -> None:
    found = model().vote([{"skull": 0.9, "fire": 0.5}, {"skull": 0.4, "nonsense": 0.4}], NOTHING)
    assert found is not None
    assert found.shares["metal"] > 0.7
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.known == pytest.approx(1.8 / 2.2)
    assert (found.typical, found.confidence.right, found.confidence.sure) == (0, 0.8, True)
    skulls = Typical.of(np.tile(WORDS.vectors[:1], (1000, 1)))  # a tagger that finds a skull on every cover
    other = model().vote([{"skull": 0.9, "fire": 0.5}], skulls)
    assert other is not None
    assert other.shares["metal"] < found.shares["metal"]
    assert model().vote([{"nonsense": 1.0}], NOTHING) is None


@given(st.dictionaries(st.text(max_size=3), st.floats(0.01, 1), max_size=6), st.floats(0.2, 5))
def test_matching_by_rank_undoes_any_scale_of_weights(tags: dict[str, float], power: float) -> None:
    found = match_ranks(tags, np.array([0.9, 0.5, 0.1]))
    scaled = {label: weight**power for label, weight in tags.items()}
    if len(set(scaled.values())) == len(set(tags.values())):
        assert match_ranks(scaled, np.array([0.9, 0.5, 0.1])) == found
    assert sorted(found.values(), reverse=True) == [0.9, 0.5, 0.1][: len(tags)]


def test_an_explanation_names_the_words_for_and_against() -> None:
    covers = [{"skull": 0.9, "violin": 0.2, "nonsense": 1.0}]
    why = model().explain("mine", covers, NOTHING, ("metal", "classical"))
    parts = {pull.label: pull.log_odds for pull in why.overall}
    assert parts["skull"] > 0 > parts["violin"]
    assert "nonsense" not in parts
    assert why.evidence.pictures == 0


def test_a_saved_model_votes_as_before(tmp_path: Path) -> None:
    files = save_carried(model(), tmp_path / "m", {"scores": {}})
    loaded = load_carried(tmp_path / "m")
    assert files == (tmp_path / "m.npz", tmp_path / "m.json")
    covers = [{"skull": 0.9, "piano": 0.1}]
    before, after = model().vote(covers, NOTHING), loaded.vote(covers, NOTHING)
    assert before is not None
    assert after is not None
    assert after.shares == pytest.approx(before.shares, abs=0.01)
    assert after.confidence == before.confidence
    assert save_carried(model(), tmp_path / "n", {})[0].read_bytes() == files[0].read_bytes()


def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path) -> None:
    arrays_file, card_file = save_carried(model(), tmp_path / "m", {})
    card = json.loads(card_file.read_text())
    for change in (
        {"format": 2}, {"sha256": "0" * 64}, {"genres": ["classical"]}, {"genres": ["metal", "metal"]},
        {"genres": ["classical", "metal", "jazz"]}, {"trained_on": "bad\x1b[2J"}, {"usual_covers": 0},
        {"evenness": 2}, {"ranks": []}, {"ranks": [0.1, 0.9]}, {"ranks": [2]}, {"levels": []},
        {"levels": [card["levels"][1]]}, {"levels": "many"},
    ):  # fmt: skip
        card_file.write_text(json.dumps(card | change))
        with pytest.raises(ModelFileError, match="cannot be used"):
            load_carried(tmp_path / "m")
    del card["genres"]
    card_file.write_text(json.dumps(card))
    with pytest.raises(ModelFileError):
        load_carried(tmp_path / "m")
    save_carried(model(), tmp_path / "m", {})
    arrays_file.write_bytes(arrays_file.read_bytes()[:-9])
    with pytest.raises(ModelFileError, match="another file"):
        load_carried(tmp_path / "m")
    arrays_file.unlink()
    with pytest.raises(ModelFileError):
        load_carried(tmp_path / "m")
