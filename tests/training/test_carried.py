"""The bundled model of other words: its files, its published scores, and a training of a small one."""

from __future__ import annotations

import json

import numpy as np

from classifiers.ensemble.carried_files import load_carried
from classifiers.ensemble.ensemble import Ensemble
from classifiers.ensemble.word_vectors import WordVectors
from classifiers.training import carried
from classifiers.training.carried import TrainingCovers, Vocabulary
from classifiers.training.synonyms import synonyms
from spotitags.pipeline.carried_voting import carried_model
from spotitags.pipeline.voting import bundled_model
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.sentence_encoder import SentenceEncoder
from spotitags.training.carried import picture_words

GENRES = 3


def test_the_bundled_model_has_the_genres_of_the_ensemble_and_the_words_of_lite() -> None:
    model = load_carried(carried_model())
    assert model.genres == Ensemble.load(bundled_model()).genres
    known = set(model.words.labels)
    assert {*load_head().labels, *imagenet_labels(), *attribute_labels()} <= known
    assert set(picture_words()) <= known


def test_the_bundled_model_is_scored_on_words_that_it_was_not_trained_on() -> None:
    card = json.loads(carried_model().with_suffix(".json").read_text(encoding="utf-8"))
    for source in ("lite's words", "ImageNet's labels"):
        scores = card["scores"][source]["900"]
        assert scores["balanced_accuracy"] >= 0.6
        assert scores["calibration_error"] <= 0.1


def test_the_table_has_the_vectors_of_the_sentence_encoder() -> None:
    from spotitags.pipeline.phrase_vectors import phrase_vectors

    words = load_carried(carried_model()).words
    found = phrase_vectors(["electric guitar", "skull"], None)
    for label, vector in found.items():
        own = words.vector(label)
        assert own is not None
        assert np.corrcoef(words.project(vector), own)[0, 1] > 0.999


def test_common_words_are_words() -> None:
    found = SentenceEncoder().common_words(300)
    assert len(found) == 300
    assert {"the", "and", "with"} <= set(found)
    assert all(word.isalpha() and len(word) > 2 for word in found)


def test_a_classifier_carries_over_to_words_that_it_was_not_trained_on() -> None:
    """Three genres with a direction each; the taggers have other words for it, and another typical cover."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(GENRES), 6)
    artists = np.repeat(np.arange(len(truth)), 5)
    covers = TrainingCovers(artists, truth)

    def vocabulary(family: str) -> Vocabulary:
        rows = 3 * np.eye(8)[truth[artists]] + rng.normal(0, 1, (len(artists), 8)) + rng.normal(0, 2, 8)
        return Vocabulary(family, rows, np.ones(len(artists), dtype=bool))

    vocabularies = [vocabulary(family) for family in "abc"]
    (votes,) = carried.predict_held_out(vocabularies, [vocabularies[2]], covers, repeats=1)
    (level, *_, full) = carried.fit_levels([votes])
    shares = votes.shares(900, full)
    assert (shares[0].argmax(axis=1) == truth).mean() > 0.9
    assert (level.covers, full.covers) == (0, 800)
    poor = votes.shares(0, level)
    assert (poor[0].argmax(axis=1) == truth).mean() <= (shares[0].argmax(axis=1) == truth).mean()


def test_parts_of_a_vocabulary_have_some_of_its_words() -> None:
    words = WordVectors([f"word{i}" for i in range(30)], np.random.default_rng(0).normal(size=(30, 4)))
    covers = [{f"word{i}": 0.5 for i in range(j, j + 5)} for j in range(20)]
    whole, _ = words.covers(covers)
    found = carried.parts("words", covers, words)
    assert all(not part.whole and part.rows.shape == (20, 4) for part in found)
    assert any(not np.allclose(part.rows, whole) for part in found)


def test_mean_ranks_fall() -> None:
    ranks = carried.mean_ranks([{"a": 0.5, "b": 0.9}, {"a": 0.3}], 3)
    assert ranks.tolist() == [0.6, 0.25, 0.0]


def test_synonyms_are_near_words_that_no_tagger_gives() -> None:
    """Two groups of words, far apart: a label of one becomes a free word of the same one."""
    rng = np.random.default_rng(0)
    names = [f"{group} {i}" for group in ("instrument", "animal") for i in range(20)]
    words = WordVectors(names, np.repeat(4 * np.eye(6)[:2], 20, axis=0) + rng.normal(0, 0.3, (40, 6)))
    covers = [{"instrument 1": 0.5, "instrument 2": 0.25}, {"animal 1": 0.5, "unknown": 0.9}, {}]
    reserved = {f"{group} {i}" for group in ("instrument", "animal") for i in range(15)}
    free = [words.vector(name) for name in names if name not in reserved]
    found = synonyms("words", covers, words, reserved)
    whole, _ = words.covers(covers)
    for each in found:
        assert not each.whole
        assert each.known.tolist() == [True, True, False]
        assert np.abs(each.rows[:2] - whole[:2]).max() < 2
        assert not np.allclose(each.rows, whole)
        assert min(np.abs(each.rows[1] - vector).max() for vector in free if vector is not None) < 1e-9
    assert any(not np.allclose(found[0].rows, each.rows) for each in found[1:])
