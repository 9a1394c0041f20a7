"""A head learns made-up pictures' words, the same each time, and its file does what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from spotitags.errors import WeightsError
from spotitags.head.artefact import Curve, Reference, pack
from spotitags.head.lessons import KeptBack
from spotitags.head.measures import retrieval
from spotitags.head.model import Projection, weights_of
from spotitags.head.training import Lesson, Options, contrast, train
from spotitags.taggers._head import Head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIM, FEATURES, CLASSES, PICTURES = 16, 24, 8, 256
OPTIONS = Options(epochs=8, batch=64, covers=16, hidden=(32, 16), dropout=(0.1, 0.1), learning_rate=5e-3)


def unit(rows: NDArray[np.floating]) -> Floats:
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def world() -> tuple[Floats, Floats]:
    """Pictures' features and their sentences: a map that a head can find, and a little noise."""
    rng = np.random.default_rng(0)
    sentences = unit(rng.normal(size=(PICTURES + 64, DIM)))
    features = sentences @ rng.normal(size=(DIM, FEATURES)) + 0.05 * rng.normal(
        size=(len(sentences), FEATURES)
    )
    return features.astype(np.float32), sentences


@pytest.fixture(scope="module")
def lesson(world: tuple[Floats, Floats]) -> Lesson:
    features, sentences = world
    rng = np.random.default_rng(1)
    answers = rng.dirichlet(np.ones(CLASSES), PICTURES).astype(np.float16)
    learnt = features[:PICTURES].astype(np.float16)
    return Lesson(
        views=[learnt, (learnt + 0.01).astype(np.float16)],
        probabilities=answers,
        shares=np.ones(PICTURES),
        texts=[[(number, [number])] for number in range(PICTURES)],
        sentences=sentences,
        cover_views=[learnt],
        cover_probabilities=answers,
        classes=unit(rng.normal(size=(CLASSES, DIM))),
    )


@pytest.fixture(scope="module")
def trained(lesson: Lesson) -> tuple[Projection, list[float]]:
    return train(lesson, replace(OPTIONS, distilled=0.05, blended=0.0))


@pytest.fixture(scope="module")
def head(trained: tuple[Projection, list[float]], lesson: Lesson) -> Head:
    return Head(packed(trained[0], lesson))


def packed(model: Projection, lesson: Lesson) -> bytes:
    with torch.inference_mode():
        covers = model.images(torch.from_numpy(lesson.cover_views[0].astype(np.float32))).numpy()
        vectors = model.texts(torch.from_numpy(lesson.sentences[:5])).numpy()
    names = ["dog", "skull", "neon", "hat", "sea"]
    parts = ((names, vectors), (names[:2], vectors[:2]))
    return pack(weights_of(model), *parts, Reference.of(covers), Curve(2.0, 2.0, 0.5))


def test_the_loss_falls(trained: tuple[Projection, list[float]]) -> None:
    losses = trained[1]
    assert len(losses) == OPTIONS.epochs
    assert losses[-1] < 0.7 * losses[0]


def test_pictures_that_were_kept_back_find_their_sentences(head: Head, world: tuple[Floats, Floats]) -> None:
    features, sentences = (part[PICTURES:] for part in world)
    found = retrieval(head, KeptBack(features.astype(np.float16), sentences))
    assert found.at_1 > 10 / len(sentences)
    assert found.at_1 <= found.at_5 <= found.at_10
    shuffled = retrieval(head, KeptBack(features.astype(np.float16), sentences[::-1]))
    assert shuffled.at_1 < found.at_1


def test_one_seed_gives_one_head(lesson: Lesson) -> None:
    short = replace(OPTIONS, epochs=1)
    first, again, other = (packed(train(lesson, replace(short, seed=seed))[0], lesson) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_packed_head_says_what_the_trained_one_said(
    head: Head, trained: tuple[Projection, list[float]], world: tuple[Floats, Floats]
) -> None:
    features, sentences = world
    with torch.inference_mode():
        images = trained[0].images(torch.from_numpy(features)).numpy()
        texts = trained[0].texts(torch.from_numpy(sentences)).numpy()
    np.testing.assert_allclose(head.project(features), images, atol=0.03)
    np.testing.assert_allclose(head.adapt(sentences), texts, atol=0.03)


def test_a_cover_is_projected_alike_in_any_company(head: Head, world: tuple[Floats, Floats]) -> None:
    features = world[0]
    alone = np.concatenate([head.project(features[i : i + 1]) for i in range(7)])
    np.testing.assert_array_equal(head.project(features[:7]), alone)


def test_statistics_are_those_of_the_reference_covers(head: Head, lesson: Lesson) -> None:
    covers = head.project(lesson.cover_views[0])
    statistics = head.statistics(head.label_vectors)
    np.testing.assert_allclose(statistics.mean, (covers @ head.label_vectors.T).mean(axis=0), atol=0.02)


def test_weights_rise_with_likeness_and_stay_in_bounds(head: Head) -> None:
    statistics = head.statistics(head.label_vectors)
    weights = head.weights(head.contrast(head.label_vectors, head.label_vectors, statistics))
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (weights.argmax(axis=0) == np.arange(len(head.labels))).all()


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_a_broken_file_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="reinstall spotitags"):
        Head(data)


def test_the_loss_takes_equal_texts_for_equal() -> None:
    logits = torch.tensor([[5.0, 5.0], [5.0, 5.0]])
    merged = contrast(logits, torch.ones(2, 2))
    assert float(merged) == pytest.approx(float(np.log(2)))
    assert float(contrast(torch.eye(2) * 50, torch.eye(2))) < 1e-6
