from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.covers import crossword, noise
from hypothesis import given
from hypothesis import strategies as st

from classifiers.arrays import power_normalised
from classifiers.ensemble.ensemble import Ensemble
from classifiers.ensemble.linear import linear_logits
from spotitags.explain.places.features import GRID, PlaceFeatures, PlaceNetwork
from spotitags.explain.places.maps import combined, tag_map, vote_map
from spotitags.explain.places.occlusion import blurred, occlusion_map
from spotitags.explain.places.picture import attention, overlay
from spotitags.pipeline.voting import bundled_model
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import VECTOR_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 260
NOISE = noise(260, 260)
CROSSWORD = square(np.asarray(crossword()), 260)
PICTURES = {"noise": NOISE, "crossword": CROSSWORD, "black": np.zeros((SIDE, SIDE, 3), np.uint8)}


@cache
def split(name: str) -> PlaceFeatures:
    return network().split(PICTURES[name])


@cache
def network() -> PlaceNetwork:
    return PlaceNetwork()


@cache
def model() -> Ensemble:
    return Ensemble.load(bundled_model())


@pytest.mark.parametrize("name", PICTURES)
def test_features_are_sums_over_places(name: str) -> None:
    found = split(name)
    assert found.places.shape == (GRID * GRID, len(found.features))
    np.testing.assert_allclose(found.places.sum(axis=0), found.features, atol=2e-6)


@pytest.mark.parametrize("name", PICTURES)
def test_a_map_of_votes_sums_to_the_voters_logits(name: str) -> None:
    voters = model().linear_voters("lite")
    assert {each.voter.name.classifier for each in voters} == {"linear_svm", "logistic_regression"}
    features = split(name).features
    vector = load_head().project(features[np.newaxis].astype(np.float32))
    row = power_normalised(np.hstack([features[np.newaxis, :1960], VECTOR_SCALE * vector]))[0]
    for genre in range(len(model().genres)):
        for other in (None, (genre + 1) % len(model().genres)):
            weights, bias = combined(voters, genre, other)
            found = vote_map(split(name), voters, genre, other)
            assert found.places.shape == (GRID, GRID)
            assert found.total == pytest.approx(row @ weights + bias, abs=1e-6)


@pytest.mark.parametrize("label", ["skull", "jeans"])
def test_a_map_of_a_tag_sums_to_its_contrast(label: str) -> None:
    head = load_head()
    index = head.labels.index(label)
    vector, known = head.label_vectors[index], head.statistics(head.label_vectors[index : index + 1])
    found = tag_map(split("crossword"), vector, float(known.mean[0]), float(known.spread[0]))
    image = head.project(split("crossword").features[np.newaxis].astype(np.float32))
    assert found.total == pytest.approx(head.contrast(image, vector[np.newaxis], known)[0, 0], abs=1e-5)


def test_the_half_that_differs_from_the_mean_is_where_the_map_is_strong() -> None:
    pixels = np.full((SIDE, SIDE, 3), 128, np.uint8)
    pixels[:, SIDE // 2 :] = CROSSWORD[:, SIDE // 2 :]
    found = network().split(pixels)
    parts = np.abs(found.places[:, :1280]).sum(axis=1).reshape(GRID, GRID)
    assert parts[:, 5:].sum() > 1.2 * parts[:, :4].sum()


@given(st.integers(0, 2**32 - 1))
def test_linear_logits_are_recovered_and_others_left_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, constants = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 3))

    def votes(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        logits = np.einsum("mw,vwg->mvg", rows, weights) + constants
        logits[:, 1] += 0.1 * (rows**2).sum(axis=1, keepdims=True) * [1, 0, 0]  # not linear
        powers = np.exp(logits)
        shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
        return shares

    found, other = linear_logits(6, votes)
    assert other is None
    assert found is not None
    centred = weights[0] - weights[0].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.weights, centred, atol=1e-8)
    np.testing.assert_allclose(found.constants, constants[0] - constants[0].mean(), atol=1e-8)


def test_occlusion_finds_the_place_that_decides() -> None:
    pixels = NOISE

    def answer(changed: NDArray[np.uint8]) -> float:
        return float(np.abs(changed[:40, :40].astype(float) - changed[:40, :40].mean()).mean())

    falls = occlusion_map(pixels, answer)
    assert np.unravel_index(falls.argmax(), falls.shape) in {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert np.abs(falls[4:, 4:]).max() == 0


def test_only_the_chosen_places_are_blurred() -> None:
    places = np.zeros((GRID, GRID), bool)
    places[0, 0] = True
    changed = (blurred(NOISE, places) != NOISE).any(axis=-1)
    assert changed[:29, :29].mean() > 0.9
    changed[:29, :29] = False
    assert not changed.any()


def test_overlay_is_red_where_the_map_is_for_and_attention_dark_elsewhere() -> None:
    places = np.zeros((GRID, GRID))
    places[:4], places[5:] = 1, -1
    grey = np.full((90, 90, 3), 128, np.uint8)
    coloured = np.asarray(overlay(grey, places)).astype(int)
    assert (coloured[10, :, 0] > coloured[10, :, 2] + 50).all()
    assert (coloured[80, :, 2] > coloured[80, :, 0] + 50).all()
    bright = np.asarray(attention(grey, places))
    assert bright[10].min() > 100
    assert bright[80].max() == 0
    assert (np.asarray(overlay(grey, np.zeros((GRID, GRID)))) == 128).all()
