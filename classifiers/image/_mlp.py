"""Network with one hidden layer, trained with dropout, mixup and early stopping. Needs numpy only."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classifiers.arrays import softmax

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]
    Weights = list[NDArray[np.float32]]

_SPREAD = 1e-6
_CLIP = 5.0  # standard deviations: a feature that is nearly always 0 must not dominate the others
_BETA1, _BETA2, _TINY = 0.9, 0.999, 1e-8


class TrainingOptions(NamedTuple):
    """Hyperparameters of the network and its training.

    Attributes:
        hidden: Width of the hidden layer.
        drop_input: Dropout rate of the input, in [0, 1) (Srivastava et al., 2014).
        drop_hidden: Dropout rate of the hidden layer.
        mixup: Both parameters of the beta distribution of mixup (Zhang et al., 2018).
        rate: Learning rate of Adam (Kingma and Ba, 2015).
        decay: Weight decay, decoupled from the gradient (Loshchilov and Hutter, 2019).
        batch: Rows per step.
        epochs: Maximum number of epochs.
        patience: Number of epochs without a lower loss on the held-out rows, after which training stops.
        held_out: Fraction of each genre's rows that is held out for early stopping.
        restarts: Number of networks, each with its own initial weights and held-out rows, whose
            probabilities are averaged.
    """

    hidden: int = 128
    drop_input: float = 0.5
    drop_hidden: float = 0.5
    mixup: float = 0.4
    rate: float = 4e-4
    decay: float = 1e-3
    batch: int = 128
    epochs: int = 60
    patience: int = 6
    held_out: float = 0.15
    restarts: int = 4


class Mlp:
    """One trained network: standardisation, a hidden layer of rectified linear units, softmax.

    Attributes:
        shift: (width,) means of the training rows.
        scale: (width,) reciprocals of their standard deviations.
        weights: (width, hidden), (hidden,), (hidden, n_genres), (n_genres,), at half precision: the noise of
            training is far above the eleventh bit, and the weights are most of a model's file.
    """

    def __init__(self, shift: NDArray[np.float32], scale: NDArray[np.float32], weights: Weights) -> None:
        self.shift = shift
        self.scale = scale
        self.weights = [each.astype(np.float16) for each in weights]

    def predict_proba(self, X: NDArray[np.floating]) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        inner, bias, outer, shift = (weights.astype(np.float64) for weights in self.weights)
        hidden = np.maximum(standardised(X, self.shift, self.scale) @ inner + bias, 0)
        return softmax(np.asarray(hidden @ outer + shift, dtype=np.float64))

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add the network to a graph; weights are stored at half precision and cast to doubles."""

        def double(values: NDArray[np.floating]) -> str:
            return graph.add("Cast", graph.constant(values), to=11)  # ONNX's code for double

        centred = graph.add("Sub", source, double(self.shift))
        bounds = [graph.constant(np.array(bound)) for bound in (-_CLIP, _CLIP)]
        rows = graph.add("Clip", graph.add("Mul", centred, double(self.scale)), *bounds)
        inner, bias, outer, shift = map(double, self.weights)
        hidden = graph.add("Relu", graph.add("Add", graph.add("MatMul", rows, inner), bias))
        return graph.add("Softmax", graph.add("Add", graph.add("MatMul", hidden, outer), shift))


class MlpEnsemble:
    """Mean of several `Mlp`, which varies less with the seed than a single one.

    Args:
        options: Hyperparameters of each network.
        seed: Random seed of initial weights, dropout, mixup and held-out rows.
    """

    def __init__(self, options: TrainingOptions, seed: int) -> None:
        self.options = options
        self.seed = seed
        self.networks: list[Mlp] = []

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Fit (n, width) rows, (n,) genre indices and (n,) weights."""
        rows, weights = X.astype(np.float32), sample_weight.astype(np.float32)
        self.networks = [
            _Training(self.options, rows, y, weights, np.random.default_rng([self.seed, number])).run()
            for number in range(self.options.restarts)
        ]
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """Return (n, n_genres) probabilities, each row summing to 1."""
        mean: Floats = np.mean([network.predict_proba(X) for network in self.networks], axis=0)
        return mean

    def to_onnx(self, source: str, graph: OnnxNodes) -> str:
        """Add the networks and their mean to a graph."""
        votes = graph.add("Sum", *(network.to_onnx(source, graph) for network in self.networks))
        return graph.add("Mul", votes, graph.constant(np.array(1 / len(self.networks))))


class _Training:
    """State of the training of one network."""

    def __init__(
        self,
        options: TrainingOptions,
        rows: NDArray[np.float32],
        truth: NDArray[np.intp],
        weights: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> None:
        self.options, self.rng, self.truth, self.weights = options, rng, truth, weights
        self.shift = rows.mean(axis=0)
        self.scale = 1 / (rows.std(axis=0) + np.float32(_SPREAD))
        self.rows = standardised(rows, self.shift, self.scale).astype(np.float32)
        genres = int(truth.max()) + 1
        self.targets = np.eye(genres, dtype=np.float32)[truth]
        self.train, self.held_out = _stratified(truth, options.held_out, rng)
        sizes = (rows.shape[1], options.hidden, genres)
        spreads = np.sqrt(2 / sizes[0]), 0.1 * np.sqrt(1 / sizes[1])  # He et al., 2015, for ReLU
        self.parameters: Weights = []
        for (fan_in, fan_out), spread in zip(pairwise(sizes), spreads, strict=True):
            self.parameters.append(rng.normal(0, spread, (fan_in, fan_out)).astype(np.float32))
            self.parameters.append(np.zeros(fan_out, np.float32))
        self.moments = [(np.zeros_like(each), np.zeros_like(each)) for each in self.parameters]
        self.steps = 0

    def run(self) -> Mlp:
        """Train until the loss on the held-out rows stops falling; returns the best network."""
        best, least, waited = self._snapshot(), self._loss(), 0
        for _ in range(self.options.epochs):
            order = self.rng.permutation(self.train)
            for batch in np.array_split(order, max(1, len(order) // self.options.batch)):
                self._step(self._gradients(*self._mixed(batch)))
            loss, waited = self._loss(), waited + 1
            if loss < least:
                best, least, waited = self._snapshot(), loss, 0
            if waited >= self.options.patience:
                break
        return best

    def _snapshot(self) -> Mlp:
        return Mlp(self.shift, self.scale, self.parameters)

    def _loss(self) -> float:
        """Weighted mean log loss of the held-out rows."""
        inner, bias, outer, shift = self.parameters
        hidden = np.maximum(self.rows[self.held_out] @ inner + bias, 0)
        shares = softmax((hidden @ outer + shift).astype(np.float64))
        right = shares[np.arange(len(self.held_out)), self.truth[self.held_out]]
        return float(np.average(-np.log(np.maximum(right, 1e-9)), weights=self.weights[self.held_out]))

    def _mixed(
        self, batch: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Mix the rows, targets and weights of a batch with those of its rows in another order (mixup)."""
        share = np.float32(self.rng.beta(self.options.mixup, self.options.mixup))
        other = self.rng.permutation(batch)
        mixed = [
            share * of[batch] + (1 - share) * of[other] for of in (self.rows, self.targets, self.weights)
        ]
        return mixed[0], mixed[1], mixed[2]

    def _gradients(
        self, rows: NDArray[np.float32], targets: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> Weights:
        """Gradients of the weighted log loss, with dropout on the rows and on the hidden layer."""
        inner, bias, outer, shift = self.parameters
        rows = rows * self._dropout(rows.shape, self.options.drop_input)
        raw = rows @ inner + bias
        active = (raw > 0) * self._dropout(raw.shape, self.options.drop_hidden)
        hidden = raw * active
        error = (softmax(hidden @ outer + shift) - targets) * (weights / len(rows))[:, np.newaxis]
        back = (error @ outer.T) * active
        return [rows.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]

    def _dropout(self, shape: tuple[int, ...], rate: float) -> NDArray[np.float32]:
        """Dropout mask: 0 for dropped units, 1 / (1 - rate) for the others, which keeps the mean."""
        return (self.rng.random(shape, dtype=np.float32) >= rate) * np.float32(1 / (1 - rate))

    def _step(self, gradients: Weights) -> None:
        """Update the parameters by one step of Adam with weight decay."""
        self.steps += 1
        for parameter, gradient, moments in zip(self.parameters, gradients, self.moments, strict=True):
            decay = self.options.decay if parameter.ndim > 1 else 0.0
            _adam(parameter, gradient, *moments, self.steps, self.options.rate, decay)


def _adam(  # noqa: PLR0913, PLR0917 - one parameter's state
    parameter: NDArray[np.float32],
    gradient: NDArray[np.float32],
    mean: NDArray[np.float32],
    square: NDArray[np.float32],
    step: int,
    rate: float,
    decay: float,
) -> None:
    """Update in place a parameter and the running means of its gradient and of the squared gradient."""
    mean += np.float32(1 - _BETA1) * (gradient - mean)
    square += np.float32(1 - _BETA2) * (gradient * gradient - square)
    root = np.sqrt(square / np.float32(1 - _BETA2**step)) + np.float32(_TINY)
    change = mean / (root * np.float32(1 - _BETA1**step))
    if decay:
        change += np.float32(decay) * parameter
    parameter -= np.float32(rate) * change


def standardised(
    rows: NDArray[np.floating], shift: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.floating]:
    """Return (n, width) rows in standard deviations from the mean, clipped to [-5, 5]."""
    clipped: NDArray[np.floating] = np.clip((rows - shift) * scale, -_CLIP, _CLIP)
    return clipped


def _stratified(
    truth: NDArray[np.intp], fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split row numbers into training rows and held-out rows.

    The fraction is held out of each genre: at least one row, never all.

    If every genre has a single row, nothing can be held out; both are all rows then.
    """
    held_out: list[int] = []
    for genre in np.unique(truth):
        rows = rng.permutation(np.flatnonzero(truth == genre))
        held_out += rows[: min(max(1, round(fraction * len(rows))), len(rows) - 1)].tolist()
    train = np.setdiff1d(np.arange(len(truth)), held_out)
    return train, np.array(held_out, dtype=np.intp) if held_out else train
