"""Training of a head on synthetic pictures: reproducibility, retrieval, serialisation, calibration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from spotitags.errors import WeightsError
from spotitags.taggers.lite.head import Calibration, Head
from spotitags.training.lite_head.artefact import Labels, Reference, fit_calibration, log_odds, pack
from spotitags.training.lite_head.dataset import HoldOut
from spotitags.training.lite_head.metrics import label_scores, retrieval
from spotitags.training.lite_head.model import Projection, weights_of
from spotitags.training.lite_head.train import (
    DescribedCovers,
    Options,
    TrainingSet,
    contrast,
    labelled,
    train,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIM, FEATURES, CLASSES, PICTURES, LABELS = 16, 24, 8, 256, 6
OPTIONS = Options(
    epochs=8, batch=64, covers=16, described=32, hidden=(32, 16), dropout=(0.1, 0.1), learning_rate=5e-3
)


def unit(rows: NDArray[np.floating]) -> Floats:
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


NAMES = ["dog", "skull", "neon", "hat", "sea", "harp"]


@pytest.fixture(scope="module")
def world() -> tuple[Floats, Floats]:
    """Features and sentences of pictures: a linear map and a little noise."""
    rng = np.random.default_rng(0)
    sentences = unit(rng.normal(size=(PICTURES + 64, DIM)))
    features = sentences @ rng.normal(size=(DIM, FEATURES)) + 0.05 * rng.normal(
        size=(len(sentences), FEATURES)
    )
    return features.astype(np.float32), sentences


@pytest.fixture(scope="module")
def training_set(world: tuple[Floats, Floats]) -> TrainingSet:
    features, sentences = world
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(CLASSES), PICTURES).astype(np.float16)
    trained = features[:PICTURES].astype(np.float16)
    words = sentences @ unit(rng.normal(size=(LABELS, DIM))).T
    return TrainingSet(
        views=[trained, (trained + 0.01).astype(np.float16)],
        probabilities=probabilities,
        shares=np.ones(PICTURES),
        texts=[[(number, [number])] for number in range(PICTURES)],
        sentences=layers(sentences),
        dim=DIM,
        cover_views=[trained],
        cover_probabilities=probabilities,
        classes=np.arange(CLASSES),
        described=DescribedCovers(
            covers=np.arange(PICTURES),
            texts=np.stack([np.arange(PICTURES)] * 2, axis=1),
            fits=words[:PICTURES] > 0.3,
            labels=words[:PICTURES].argmax(axis=0)[:, np.newaxis],
        ),
    )


def layers(sentences: Floats) -> NDArray[np.float16]:
    """Sentences as the encoder's four layers would be, of which the third is the sentence itself."""
    noise = np.random.default_rng(2).normal(size=(3, *sentences.shape)) / 4
    return np.concatenate([*noise[:2], sentences, noise[2]], axis=1).astype(np.float16)


@pytest.fixture(scope="module")
def trained(training_set: TrainingSet) -> tuple[Projection, list[float]]:
    return train(training_set, replace(OPTIONS, distilled=0.05, blended=0.0))


@pytest.fixture(scope="module")
def head(trained: tuple[Projection, list[float]], training_set: TrainingSet) -> Head:
    return Head(packed(trained[0], training_set))


def packed(model: Projection, training_set: TrainingSet) -> bytes:
    with torch.inference_mode():
        covers = model.project_images(
            torch.from_numpy(training_set.cover_views[0].astype(np.float32))
        ).numpy()
        rows = training_set.sentences[training_set.described.labels[:, 0]].astype(np.float32)
        vectors = model.project_texts(torch.from_numpy(rows)).numpy()
    labels = Labels(NAMES, vectors, log_odds(training_set.described.fits))
    genres = (NAMES[:2], vectors[:2])
    return pack(weights_of(model), labels, genres, Reference.of(covers), Calibration(1.0, 1.0, 0.0))


def test_the_loss_falls(trained: tuple[Projection, list[float]]) -> None:
    losses = trained[1]
    assert len(losses) == OPTIONS.epochs
    assert losses[-1] < 0.7 * losses[0]


def hold_out(world: tuple[Floats, Floats], fits: NDArray[np.bool_] | None = None) -> HoldOut:
    features, sentences = world
    pictures = features[PICTURES:].astype(np.float16)
    if fits is None:
        fits = np.zeros((len(pictures), LABELS), bool)
    return HoldOut(pictures, layers(sentences)[PICTURES:].astype(np.float32), pictures, fits)


def test_held_out_pictures_find_their_sentences(head: Head, world: tuple[Floats, Floats]) -> None:
    pictures = hold_out(world)
    found = retrieval(head, pictures)
    assert found.at_1 > 10 / len(pictures.sentences)
    assert found.at_1 <= found.at_5 <= found.at_10
    shuffled = retrieval(head, replace(pictures, sentences=pictures.sentences[::-1]))
    assert shuffled.at_1 < found.at_1


def test_one_seed_gives_one_head(training_set: TrainingSet) -> None:
    short = replace(OPTIONS, epochs=1)
    first, again, other = (
        packed(train(training_set, replace(short, seed=seed))[0], training_set) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_the_packed_head_gives_the_trained_models_vectors(
    head: Head, trained: tuple[Projection, list[float]], world: tuple[Floats, Floats]
) -> None:
    features, sentences = world
    with torch.inference_mode():
        images = trained[0].project_images(torch.from_numpy(features)).numpy()
        texts = trained[0].project_texts(torch.from_numpy(layers(sentences).astype(np.float32))).numpy()
    np.testing.assert_allclose(head.project(features), images, atol=0.03)
    np.testing.assert_allclose(head.adapt(layers(sentences)), texts, atol=0.03)


def test_a_cover_is_projected_alike_in_any_company(head: Head, world: tuple[Floats, Floats]) -> None:
    features = world[0]
    alone = np.concatenate([head.project(features[i : i + 1]) for i in range(7)])
    np.testing.assert_array_equal(head.project(features[:7]), alone)


def test_statistics_are_those_of_the_reference_covers(head: Head, training_set: TrainingSet) -> None:
    covers = head.project(training_set.cover_views[0])
    statistics = head.statistics(head.label_vectors)
    along = covers @ head.label_vectors.T
    np.testing.assert_allclose(statistics.mean, along.mean(axis=0), atol=0.02)
    typical = np.sqrt(np.trace(np.cov(covers.T)) / DIM)
    np.testing.assert_allclose(statistics.spread, np.sqrt(along.std(axis=0) * typical), rtol=0.05)


def test_probabilities_rise_with_likeness_and_with_what_is_common(head: Head) -> None:
    statistics, usual = head.statistics(head.label_vectors), head.priors(head.labels)
    contrast = head.contrast(head.label_vectors, head.label_vectors, statistics)
    likely = head.probabilities(contrast, np.zeros_like(usual))
    assert ((likely >= 0) & (likely <= 1)).all()
    assert (likely.argmax(axis=0) == np.arange(len(head.labels))).all()
    assert (head.probabilities(contrast, usual + 1) > head.probabilities(contrast, usual)).all()


def test_weights_are_what_is_beyond_the_usual(head: Head) -> None:
    usual = head.priors(head.labels)
    covers = head.label_vectors
    contrast = head.contrast(covers, head.label_vectors, head.statistics(head.label_vectors))
    weights, likely = head.weights(contrast, usual), head.probabilities(contrast, usual)
    assert ((weights >= 0) & (weights <= likely)).all()
    seen = weights > 0
    expected = likely - 1 / (1 + np.exp(-usual))
    np.testing.assert_allclose(weights[seen], expected[seen], atol=1e-6)
    assert (head.weights(contrast - 100, usual) == 0).all(), "less likely than usual is no tag"


def test_an_unknown_label_is_assumed_to_fit_every_twentieth_cover(head: Head) -> None:
    known = head.priors(head.labels)
    (unknown,) = head.priors(["something else"])
    assert 1 / (1 + np.exp(-unknown)) == pytest.approx(0.05)
    np.testing.assert_array_equal(head.priors([name.upper() for name in head.labels]), known)


def test_labels_of_held_out_covers_are_found(
    head: Head, world: tuple[Floats, Floats], training_set: TrainingSet
) -> None:
    rows = training_set.sentences[training_set.described.labels[:, 0]].astype(np.float32)[
        :, 2 * DIM : 3 * DIM
    ]
    fits = world[1][PICTURES:] @ rows.T > 0.3
    frequent = fits.sum(axis=0) >= 3
    right = label_scores(head, hold_out(world, fits))
    wrong = label_scores(head, hold_out(world, fits[::-1]))
    assert right.average_precision > 2 * fits[:, frequent].mean() > 0
    assert right.average_precision > wrong.average_precision


def test_fitted_probabilities_are_as_high_as_labels_are_often_right() -> None:
    rng = np.random.default_rng(3)
    contrast = rng.normal(size=(4000, LABELS)).astype(np.float32)
    priors = rng.normal(size=LABELS).astype(np.float32)
    fits = rng.random(contrast.shape) < 1 / (1 + np.exp(-(0.7 * contrast + priors - 0.5)))
    likeness, prevalence, bias = fit_calibration(contrast, fits, priors)
    assert (likeness, prevalence, bias) == pytest.approx((0.7, 1.0, -0.5), abs=0.06)
    likely = 1 / (1 + np.exp(-(likeness * contrast + prevalence * priors + bias)))
    assert likely.mean() == pytest.approx(fits.mean(), abs=1e-3), "as logistic regression must"


def test_a_label_without_covers_is_rare_and_not_impossible() -> None:
    fits = np.zeros((9, 2), bool)
    fits[:, 1] = True
    never, always = log_odds(fits)
    assert never == pytest.approx(np.log(0.5 / 9.5), rel=1e-5)
    assert always == pytest.approx(-never)


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_a_broken_file_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="reinstall spotitags"):
        Head(data)


def test_equal_texts_are_both_positives() -> None:
    logits = torch.tensor([[5.0, 5.0], [5.0, 5.0]])
    merged = contrast(logits, torch.ones(2, 2))
    assert float(merged) == pytest.approx(float(np.log(2)))
    assert float(contrast(torch.eye(2) * 50, torch.eye(2))) < 1e-6


def test_the_loss_of_labels_compares_the_covers_of_each_label() -> None:
    fits = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    assert float(labelled(50 * fits, fits)) == pytest.approx(np.log(2) / 2, abs=1e-5)
    assert float(labelled(-50 * fits, fits)) > 10, "the label that fits none counts for nothing"
    assert float(labelled(fits, torch.zeros_like(fits))) == 0
