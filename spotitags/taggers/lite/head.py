"""The head of lite: projects its network's features into the space of sentence embeddings, in numpy.

As in LiT (Zhai et al. 2022), image backbone and sentence encoder are frozen, and a small head between them is
trained (`spotitags.training.lite_head`). docs/lite-head.md is its model card. The file holds the vectors of
the built-in labels and of common genres, so that these need no sentence encoder.
"""

from __future__ import annotations

import hashlib
import io
import math
import zlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


FILE = "models/lite-head.npz"
FORMAT = 2
GROUP = 16
"""Number of covers that `Head.project` computes together; a multiple of it costs least."""

_MIN_LOG_ODDS = -80.0  # exp(80) still fits into float32
_UNKNOWN_PRIOR = math.log(1 / 19)
_EVENNESS = 0.5  # share of a direction's own spread in the spread that contrasts are divided by


class Statistics(NamedTuple):
    """Distribution of the reference covers along some vectors.

    Attributes:
        mean: (m,) mean dot product of the reference covers with each vector.
        spread: (m,) its standard deviation, above 0, drawn towards the mean of all directions.
    """

    mean: Floats
    spread: Floats


class Calibration(NamedTuple):
    """Contrast to probability: ``1 / (1 + exp(-(likeness * contrast + prevalence * prior + bias)))``.

    ``prior`` are the log odds that a label fits any cover.
    """

    likeness: float
    prevalence: float
    bias: float


class HeldHead(NamedTuple):
    """State of the head at one cover: gates of its ReLU, length before scaling, and (dim,) vector."""

    head: Head
    gates: NDArray[np.bool_]
    length: float
    vector: NDArray[np.float64]

    def back(self, direction: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
        """Return `Head.back` of a direction."""
        return self.head.back(self, direction)


class Head:
    """Projects features to unit vectors in the sentence space, and holds the vectors of labels and genres.

    Threads may share an instance.

    Args:
        data: The bytes of an ``.npz`` file from `spotitags.training.lite_head.artefact.pack`.

    Raises:
        WeightsError: The bytes are not such a file.
    """

    def __init__(self, data: bytes) -> None:
        self.version = _digest(data)
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if int(arrays["format"]) != FORMAT:
                raise WeightsError(
                    f"lite's head has format {arrays['format']}, not {FORMAT}: reinstall spotitags"
                )
            self._read(arrays)
        except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile, zlib.error) as error:
            raise WeightsError(f"lite's head cannot be read ({error}): reinstall spotitags") from error

    def _read(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        self.labels = tuple(str(name) for name in arrays["labels"])
        self.label_vectors = l2_normalised(_floats(arrays, "label_vectors"))
        self.genres = dict(
            zip(map(str, arrays["genres"]), l2_normalised(_floats(arrays, "genre_vectors")), strict=True)
        )
        self._priors = dict(zip(self.labels, _floats(arrays, "label_priors").tolist(), strict=True))
        self._shift, self._scale = _floats(arrays, "shift"), _floats(arrays, "scale")
        self._text_shift, self._text_scale = _floats(arrays, "text_shift"), _floats(arrays, "text_scale")
        self._wide, self._wide_bias = _floats(arrays, "wide"), _floats(arrays, "wide_bias")
        self._narrow, self._straight = _floats(arrays, "narrow"), _floats(arrays, "straight")
        self._bias, self._text_bias = _floats(arrays, "bias"), _floats(arrays, "text_bias")
        self._text_wide, self._text_wide_bias = (
            _floats(arrays, "text_wide"),
            _floats(arrays, "text_wide_bias"),
        )
        self._text_narrow, self._text_straight = (
            _floats(arrays, "text_narrow"),
            _floats(arrays, "text_straight"),
        )
        self._mean, self._covariance = _floats(arrays, "mean"), _floats(arrays, "covariance")
        self._calibration = Calibration(*_floats(arrays, "calibration").tolist())

    @property
    def dim(self) -> int:
        """Dimension of the sentence space."""
        return len(self._bias)

    def project(self, features: NDArray[np.floating]) -> Floats:
        """Project covers into the sentence space.

        Rows are computed in groups of one size, the last filled up with zeros: so the last bits of a row do
        not depend on the other rows, and the head is read from memory once a group.

        Args:
            features: (n, n_features) of lite's network.

        Returns:
            (n, dim) of length 1 each.
        """
        out = np.empty((len(features), self.dim), np.float32)
        for start in range(0, len(features), GROUP):
            rows = out[start : start + GROUP]
            x = np.zeros((len(self._shift), GROUP), np.float32)
            x[:, : len(rows)] = ((features[start : start + GROUP] - self._shift) * self._scale).T
            wide = np.maximum(self._wide @ x + self._wide_bias[:, np.newaxis], 0)
            rows[:] = (self._straight @ x + self._narrow @ wide).T[: len(rows)] + self._bias
        return l2_normalised(out)

    def held(self, features: NDArray[np.floating]) -> HeldHead:
        """Return `project` at a cover as a linear function: its gates and the vector's length are held.

        Args:
            features: (n_features,) of the cover.
        """
        x = (np.asarray(features, np.float64) - self._shift) * self._scale
        wide = self._wide @ x + self._wide_bias
        vector = self._straight @ x + self._narrow @ np.maximum(wide, 0) + self._bias
        length = float(np.linalg.norm(vector))
        return HeldHead(self, wide > 0, length, vector / length)

    def back(self, held: HeldHead, direction: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
        """Return (n_features,) weights and a constant: with the features they sum to a dot product.

        Args:
            held: From `held`.
            direction: (dim,) with which the cover's vector is multiplied.
        """
        through = (direction @ self._narrow) * held.gates
        weights = (direction @ self._straight + through @ self._wide) * self._scale
        constant = through @ self._wide_bias + direction @ self._bias - weights @ self._shift
        return weights.astype(np.float64) / held.length, float(constant) / held.length

    @property
    def mean_features(self) -> Floats:
        """(n_features,) of the mean cover of the head's training."""
        return self._shift

    @property
    def mean_vector(self) -> Floats:
        """(dim,) mean of the reference covers' vectors."""
        return self._mean

    def adapt(self, sentences: NDArray[np.floating]) -> Floats:
        """Project sentences close to the covers that they describe.

        Args:
            sentences: (m, 4 * dim) from `SentenceEncoder.layers`.

        Returns:
            (m, dim) of length 1 each.
        """
        x: Floats = (sentences.astype(np.float32) - self._text_shift) * self._text_scale
        wide = np.maximum(x @ self._text_wide.T + self._text_wide_bias, 0)
        return l2_normalised(x @ self._text_straight.T + wide @ self._text_narrow.T + self._text_bias)

    def statistics(self, vectors: Floats) -> Statistics:
        """Return mean and spread of the reference covers along (m, dim) vectors, from mean and covariance."""
        variance = np.maximum(
            np.einsum("md,de,me->m", vectors, self._covariance, vectors, optimize=True), 1e-8
        )
        typical = np.trace(self._covariance) / self.dim
        spread: Floats = np.sqrt(variance**_EVENNESS * typical ** (1 - _EVENNESS)).astype(np.float32)
        return Statistics(vectors @ self._mean, spread)

    def contrast(self, images: Floats, vectors: Floats, statistics: Statistics) -> Floats:
        """Return the deviation of each cover from the mean cover along each vector, in units of spread.

        Args:
            images: (n, dim) from `project`.
            vectors: (m, dim) from `adapt`, `label_vectors` or `genres`.
            statistics: The statistics of these vectors.

        Returns:
            (n, m).
        """
        dots = np.stack([vectors @ image for image in images]) if len(images) else np.empty((0, len(vectors)))
        contrast: Floats = ((dots - statistics.mean) / statistics.spread).astype(np.float32)
        return contrast

    def priors(self, labels: Sequence[str]) -> Floats:
        """Return the log odds that each label fits any cover.

        Args:
            labels: m names, in any case. One that is not built in is assumed to fit every twentieth cover.

        Returns:
            (m,).
        """
        return np.array([self._priors.get(label.casefold(), _UNKNOWN_PRIOR) for label in labels], np.float32)

    def weights(self, contrast: Floats, priors: Floats) -> Floats:
        """Return how much likelier labels fit than on any cover: `probabilities` less the base rates.

        A label that fits half of all covers says little about a single one. Arguments as for `probabilities`.

        Returns:
            (n, m) in [0, 1]; 0 where a label is less likely than its base rate.
        """
        base_rates = 1 / (1 + np.exp(-priors))
        weights: Floats = np.maximum(self.probabilities(contrast, priors) - base_rates, 0)
        return weights

    def probabilities(self, contrast: Floats, priors: Floats) -> Floats:
        """Return the calibrated probability that a person finds that labels fit the covers.

        Args:
            contrast: (n, m) from `contrast`.
            priors: (m,) from `priors`.

        Returns:
            (n, m) in [0, 1].
        """
        likeness, prevalence, bias = self._calibration
        log_odds = np.maximum(likeness * contrast + prevalence * priors + bias, _MIN_LOG_ODDS)
        return (1 / (1 + np.exp(-log_odds))).astype(np.float32)


@cache
def load_head() -> Head:
    """Load the head that is part of the package.

    Raises:
        WeightsError: Its file is missing or broken.
    """
    return Head(_data())


@cache
def head_version() -> str:
    """Return the version of the package's head, without loading it.

    Raises:
        WeightsError: Its file is missing.
    """
    return _digest(_data())


def _data() -> bytes:
    try:
        return resources.files("spotitags.taggers.lite").joinpath(FILE).read_bytes()
    except OSError as error:
        raise WeightsError("lite's head is missing: reinstall spotitags") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]


def _floats(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Floats:
    """Unpack an array to float32; signed bytes have a scale per row."""
    floats: Floats = arrays[name].astype(np.float32)
    if arrays[name].dtype == np.int8:
        floats *= arrays[f"{name}_scale"].astype(np.float32)[:, np.newaxis]
    return floats
