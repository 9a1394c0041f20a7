"""Features and class probabilities of pictures by lite's network, computed once and cached."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.files import replaced_file
from spotitags.errors import InputError
from spotitags.taggers.lite import efficientnet as _efficientnet
from spotitags.taggers.lite.square import square

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


PLAIN = 0
"""The view that taggers use; other numbers are random crops with changed colours."""

_MIN_AREA = 0.45  # of a picture, for a crop
_THREADS = 2


class ImageFeatures(NamedTuple):
    """Outputs of the network for n pictures.

    Attributes:
        features: (n, 3208) float16.
        probabilities: (n, 1000) float16, of ImageNet's classes.
    """

    features: NDArray[np.float16]
    probabilities: NDArray[np.float16]


def extract_features(files: Sequence[Path], cache_dir: Path, view: int = PLAIN) -> ImageFeatures:
    """Return the network's outputs for pictures on disk, from the cache if possible.

    Args:
        files: Image files.
        cache_dir: Folder for the exported network and its outputs.
        view: `PLAIN`, or the number of a random view; equal numbers give equal views.

    Raises:
        InputError: A picture cannot be read.
        WeightsError: The network's weights cannot be read.
    """
    content = "\n".join(f"{file} {file.stat().st_size}" for file in files)
    name = hashlib.sha256(f"{_efficientnet.FILE} {view} {content}".encode()).hexdigest()[:16]
    cached = cache_dir / f"looks-{name}.npz"
    if cached.is_file():
        with np.load(cached, allow_pickle=False) as arrays:
            return ImageFeatures(arrays["features"], arrays["probabilities"])
    outputs = _run_network(files, cache_dir, view)
    with replaced_file(cached) as stream:
        np.savez(stream, **outputs._asdict())
    return outputs


def concatenate(several: Sequence[ImageFeatures]) -> ImageFeatures:
    """Concatenate the outputs for several groups of pictures."""
    return ImageFeatures(*(np.concatenate(parts) for parts in zip(*several, strict=True)))


def _run_network(files: Sequence[Path], cache_dir: Path, view: int) -> ImageFeatures:
    network = _efficientnet.open_model(cache_dir)

    def run(number: int) -> list[NDArray[np.float16]]:
        pixels = _read(files[number])
        image = square(pixels, _efficientnet.SIDE) if view == PLAIN else _augmented(pixels, [view, number])
        outputs = network.run(["features", "probabilities"], {"pixels": image[np.newaxis]})
        return [output[0].astype(np.float16) for output in outputs]

    with ThreadPoolExecutor(_THREADS) as pool:
        rows = list(pool.map(run, range(len(files))))
    return ImageFeatures(*(np.stack(column) for column in zip(*rows, strict=True)))


def _read(file: Path) -> Pixels:
    from PIL import Image

    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise InputError(f"{file} cannot be read as a picture: {error}") from error


def _augmented(pixels: Pixels, seed: Sequence[int]) -> Pixels:
    """Return a random crop of at least `_MIN_AREA`, perhaps mirrored, with changed brightness and colours."""
    from PIL import Image, ImageEnhance

    rng = np.random.default_rng(seed)
    side = min(pixels.shape[:2])
    middle = square(pixels, side)
    area, stretch = rng.uniform(_MIN_AREA, 1), float(np.exp(rng.uniform(-0.2, 0.2)))
    height = int(min(side, side * np.sqrt(area * stretch)))
    width = int(min(side, side * np.sqrt(area / stretch)))
    top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
    part = Image.fromarray(middle[top : top + height, left : left + width])
    image = part.resize((_efficientnet.SIDE, _efficientnet.SIDE), Image.Resampling.BICUBIC)
    if rng.random() < 0.5:  # noqa: PLR2004
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = change(image).enhance(float(rng.uniform(0.7, 1.3)))
    if rng.random() < 0.1:  # noqa: PLR2004
        image = image.convert("L").convert("RGB")
    return np.asarray(image)
