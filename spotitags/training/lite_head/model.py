"""The head as a torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


LAST_MEAN = 2
"""Index, among a sentence's pooled layers, of the mean of the encoder's last layer."""

_INITIAL_SCALE = 20.0  # of the cosines; trained
_MAX_SCALE = 100.0
_MIN_DEVIATION = 1e-3  # added to a feature's standard deviation: some features are nearly constant


class Standardisation(NamedTuple):
    """Shift and scale to mean 0 and a common standard deviation: ``(x - shift) * scale``."""

    shift: Floats
    scale: Floats

    @classmethod
    def of(cls, rows: NDArray[np.floating], deviation: float = 1.0) -> Standardisation:
        """Compute it from (n, width) examples; ``deviation`` is their standard deviation afterwards."""
        rows = rows.astype(np.float32)
        return cls(rows.mean(axis=0), np.float32(deviation) / (rows.std(axis=0) + np.float32(_MIN_DEVIATION)))


class ResidualMlp(nn.Module):
    """The sum of a linear map and a map through one hidden layer.

    Args:
        inputs: The number of input features.
        outputs: The number of output features.
        hidden: The width of the hidden layer.
        dropout: The fraction of hidden units that training drops.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.straight = nn.Linear(inputs, outputs)
        self.wide = nn.Linear(inputs, hidden)
        self.narrow = nn.Linear(hidden, outputs)
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs) to (n, outputs) unit rows."""
        wide = F.dropout(self.wide(x).relu(), self.dropout, self.training)
        return F.normalize(self.straight(x) + self.narrow(wide), dim=1)


class Projection(nn.Module):
    """Projects images into the sentence space, and adapts sentences to images.

    Args:
        features: The standardisation of image features, (n_features,).
        layers: The standardisation of sentence embeddings, (n_layers * dim,).
        dim: The dimension of one layer of the encoder, and of the output.
        hidden: The widths of the hidden layers, for images and for sentences.
        dropout: The dropout of the hidden layers, for images and for sentences.
    """

    shift: torch.Tensor
    scale: torch.Tensor
    text_shift: torch.Tensor
    text_scale: torch.Tensor

    def __init__(
        self,
        features: Standardisation,
        layers: Standardisation,
        *,
        dim: int,
        hidden: tuple[int, int],
        dropout: tuple[float, float],
    ) -> None:
        super().__init__()
        for prefix, standard in (("", features), ("text_", layers)):
            self.register_buffer(f"{prefix}shift", torch.from_numpy(standard.shift))
            self.register_buffer(f"{prefix}scale", torch.from_numpy(standard.scale))
        self.pictures = ResidualMlp(len(features.shift), dim, hidden[0], dropout[0])
        self.sentences = ResidualMlp(len(layers.shift), dim, hidden[1], dropout[1])
        self._start_as_encoder(dim)
        self.dropout = dropout[0] / 4, dropout[1] / 2
        self.log_scale = nn.Parameter(torch.tensor(math.log(_INITIAL_SCALE)))

    def project_images(self, features: torch.Tensor) -> torch.Tensor:
        """Project (n, n_features) of the network to (n, dim) unit rows."""
        x = (features - self.shift) * self.scale
        rows: torch.Tensor = self.pictures(F.dropout(x, self.dropout[0], self.training))
        return rows

    def project_texts(self, sentences: torch.Tensor) -> torch.Tensor:
        """Project (m, n_layers * dim) of `SentenceEncoder.layers` to (m, dim) unit rows."""
        x = (sentences - self.text_shift) * self.text_scale
        rows: torch.Tensor = self.sentences(F.dropout(x, self.dropout[1], self.training))
        return rows

    def _start_as_encoder(self, dim: int) -> None:
        """Initialise with the mean of the last layer, which is the sentence encoder's own output."""
        straight = self.sentences.straight
        nn.init.zeros_(straight.weight)
        nn.init.zeros_(straight.bias)
        start = LAST_MEAN * dim
        with torch.no_grad():
            straight.weight[:, start : start + dim] = torch.eye(dim)

    @property
    def cosine_scale(self) -> torch.Tensor:
        """Factor of cosines before a softmax."""
        return self.log_scale.exp().clamp(max=_MAX_SCALE)


def weights_of(model: Projection) -> dict[str, Floats]:
    """Return the arrays with which `spotitags.taggers.lite.head.Head` computes the same in numpy."""
    arrays = {name: getattr(model, name) for name in ("shift", "scale", "text_shift", "text_scale")}
    for prefix, mlp in (("", model.pictures), ("text_", model.sentences)):
        arrays |= {
            f"{prefix}straight": mlp.straight.weight,
            f"{prefix}wide": mlp.wide.weight,
            f"{prefix}wide_bias": mlp.wide.bias,
            f"{prefix}narrow": mlp.narrow.weight,
            f"{prefix}bias": mlp.straight.bias + mlp.narrow.bias,
        }
    return {name: array.detach().numpy() for name, array in arrays.items()}
