"""A network of one hidden layer, trained with dropout, mixup and early stopping. Numpy alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from classifiers.onnx_nodes import OnnxNodes

    Floats = NDArray[np.float64]
    Weights = list[NDArray[np.float32]]

Real = TypeVar("Real", np.float32, np.float64)

_SPREAD = 1e-6
_CLIP = 5.0  # standard deviations: a number that hardly ever differs from 0 must not drown all others
_BETA1, _BETA2, _TINY = 0.9, 0.999, 1e-8


class Recipe(NamedTuple):
    """How a head is trained.

    Attributes:
        hidden: Width of the layer between.
        drop_input: Part of the numbers that each step leaves out (Srivastava et al., 2014).
        drop_hidden: The same of the hidden layer.
        mixup: Both parameters of the beta distribution by which two rows are mixed (Zhang et al., 2018).
        rate: Of Adam (Kingma and Ba, 2015).
        decay: Of the weights, apart from their gradient (Loshchilov and Hutter, 2019).
        batch: Rows a step.
        epochs: At most.
        patience: Epochs without a lower loss on the held-out rows, after which training ends.
        held_out: Part of each genre's rows that stops training early.
        restarts: Heads, each with a start and held-out rows of its own, whose probabilities are averaged.
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
    """One trained network: standardise, hidden layer of rectified units, softmax.

    Attributes:
        shift: (width,) means of the training rows.
        scale: (width,) one over their standard deviations.
        weights: (width, hidden), (hidden,), (hidden, n_genres), (n_genres,), at half precision: training's
            noise is far above the eleventh bit, and they are most of a model's file.
    """

    def __init__(self, shift: NDArray[np.float32], scale: NDArray[np.float32], weights: Weights) -> None:
        self.shift = shift
        self.scale = scale
        self.weights = [each.astype(np.float16) for each in weights]

    def predict_proba(self, X: NDArray[np.floating]) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        inner, bias, outer, shift = (weights.astype(np.float64) for weights in self.weights)
        hidden = np.maximum(standardised(X, self.shift, self.scale) @ inner + bias, 0)
        return _softmax(np.asarray(hidden @ outer + shift, dtype=np.float64))

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """The same as nodes of a graph; weights are kept as they are and reckoned with as doubles."""

        def number(values: NDArray[np.floating]) -> str:
            return drawing.add("Cast", drawing.constant(values), to=11)  # 11: double

        centred = drawing.add("Sub", source, number(self.shift))
        bounds = [drawing.constant(np.array(bound)) for bound in (-_CLIP, _CLIP)]
        rows = drawing.add("Clip", drawing.add("Mul", centred, number(self.scale)), *bounds)
        inner, bias, outer, shift = map(number, self.weights)
        hidden = drawing.add("Relu", drawing.add("Add", drawing.add("MatMul", rows, inner), bias))
        return drawing.add("Softmax", drawing.add("Add", drawing.add("MatMul", hidden, outer), shift))


class MlpEnsemble:
    """Several `Mlp` trained alike; their mean is surer and steadier than any one of them.

    Args:
        recipe: How each is trained.
        seed: Of starts, dropout, mixup and the rows held out.
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe = recipe
        self.seed = seed
        self.heads: list[Mlp] = []

    def fit(self, X: Floats, y: NDArray[np.intp], *, sample_weight: Floats) -> Self:  # noqa: N803
        """Learn from (n, width) rows, (n,) genre indices and weights."""
        rows, weights = X.astype(np.float32), sample_weight.astype(np.float32)
        self.heads = [
            _Training(self.recipe, rows, y, weights, np.random.default_rng([self.seed, number])).run()
            for number in range(self.recipe.restarts)
        ]
        return self

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """(n, n_genres), summing to 1."""
        mean: Floats = np.mean([head.predict_proba(X) for head in self.heads], axis=0)
        return mean

    def to_onnx(self, source: str, drawing: OnnxNodes) -> str:
        """Every head, and their mean."""
        votes = drawing.add("Sum", *(head.to_onnx(source, drawing) for head in self.heads))
        return drawing.add("Mul", votes, drawing.constant(np.array(1 / len(self.heads))))


class _Training:
    """One head on its way."""

    def __init__(
        self,
        recipe: Recipe,
        rows: NDArray[np.float32],
        truth: NDArray[np.intp],
        weights: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> None:
        self.recipe, self.rng, self.truth, self.weights = recipe, rng, truth, weights
        self.shift = rows.mean(axis=0)
        self.scale = 1 / (rows.std(axis=0) + np.float32(_SPREAD))
        self.rows = standardised(rows, self.shift, self.scale).astype(np.float32)
        genres = int(truth.max()) + 1
        self.targets = np.eye(genres, dtype=np.float32)[truth]
        self.kept, self.held = _stratified(truth, recipe.held_out, rng)
        sizes = (rows.shape[1], recipe.hidden, genres)
        spreads = (np.sqrt(2 / sizes[0]), 0.1 * np.sqrt(1 / sizes[1]))  # rectified units: He et al., 2015
        self.parameters: Weights = []
        for (above, below), spread in zip(pairwise(sizes), spreads, strict=True):
            self.parameters.append(rng.normal(0, spread, (above, below)).astype(np.float32))
            self.parameters.append(np.zeros(below, np.float32))
        self.moments = [(np.zeros_like(each), np.zeros_like(each)) for each in self.parameters]
        self.steps = 0

    def run(self) -> Mlp:
        """Train until the held-out rows' loss falls no more; the weights with the lowest one."""
        best, least, waited = self._snapshot(), self._loss(), 0
        for _ in range(self.recipe.epochs):
            order = self.rng.permutation(self.kept)
            for batch in np.array_split(order, max(1, len(order) // self.recipe.batch)):
                self._step(self._gradients(*self._mixed(batch)))
            loss, waited = self._loss(), waited + 1
            if loss < least:
                best, least, waited = self._snapshot(), loss, 0
            if waited >= self.recipe.patience:
                break
        return best

    def _snapshot(self) -> Mlp:
        return Mlp(self.shift, self.scale, self.parameters)

    def _loss(self) -> float:
        """Mean weighted log loss of the held-out rows."""
        inner, bias, outer, shift = self.parameters
        hidden = np.maximum(self.rows[self.held] @ inner + bias, 0)
        shares = _softmax((hidden @ outer + shift).astype(np.float64))
        right = shares[np.arange(len(self.held)), self.truth[self.held]]
        return float(np.average(-np.log(np.maximum(right, 1e-9)), weights=self.weights[self.held]))

    def _mixed(
        self, batch: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Rows, targets and weights of a batch, each mixed with another of it."""
        part = np.float32(self.rng.beta(self.recipe.mixup, self.recipe.mixup))
        other = self.rng.permutation(batch)
        mixed = [part * of[batch] + (1 - part) * of[other] for of in (self.rows, self.targets, self.weights)]
        return mixed[0], mixed[1], mixed[2]

    def _gradients(
        self, rows: NDArray[np.float32], targets: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> Weights:
        """Of the weighted log loss, with dropout on the rows and on the hidden layer."""
        inner, bias, outer, shift = self.parameters
        rows = rows * self._dropout(rows.shape, self.recipe.drop_input)
        raw = rows @ inner + bias
        open_units = (raw > 0) * self._dropout(raw.shape, self.recipe.drop_hidden)
        hidden = raw * open_units
        error = (_softmax(hidden @ outer + shift) - targets) * (weights / len(rows))[:, np.newaxis]
        back = (error @ outer.T) * open_units
        return [rows.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]

    def _dropout(self, shape: tuple[int, ...], part: float) -> NDArray[np.float32]:
        """Zeros for the units left out, and for the others what keeps the sum."""
        return (self.rng.random(shape, dtype=np.float32) >= part) * np.float32(1 / (1 - part))

    def _step(self, gradients: Weights) -> None:
        """Adam, with the matrices' decay apart."""
        self.steps += 1
        for parameter, gradient, moments in zip(self.parameters, gradients, self.moments, strict=True):
            decay = self.recipe.decay if parameter.ndim > 1 else 0.0
            _adam(parameter, gradient, *moments, self.steps, self.recipe.rate, decay)


def _adam(  # noqa: PLR0913, PLR0917 - one parameter's state
    parameter: NDArray[np.float32],
    gradient: NDArray[np.float32],
    mean: NDArray[np.float32],
    square: NDArray[np.float32],
    step: int,
    rate: float,
    decay: float,
) -> None:
    """One step in place: of the parameter and of the running means of its gradient and its square."""
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
    """(n, width) rows in standard deviations from the mean, five at most."""
    clipped: NDArray[np.floating] = np.clip((rows - shift) * scale, -_CLIP, _CLIP)
    return clipped


def _stratified(
    truth: NDArray[np.intp], part: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers to learn from and to hold out: of each genre that part, one at least, never all.

    Where every genre has a single row nothing can be held out; both are all rows then.
    """
    held: list[int] = []
    for genre in np.unique(truth):
        own = rng.permutation(np.flatnonzero(truth == genre))
        held += own[: min(max(1, round(part * len(own))), len(own) - 1)].tolist()
    kept = np.setdiff1d(np.arange(len(truth)), held)
    return kept, np.array(held, dtype=np.intp) if held else kept


def _softmax(scores: NDArray[Real]) -> NDArray[Real]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[Real] = powers / powers.sum(axis=1, keepdims=True)
    return shares
