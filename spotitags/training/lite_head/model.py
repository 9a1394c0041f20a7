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
"""Which of a sentence's layers is the mean of the encoder's last one."""

_FIRST_SCALE = 20.0  # of the cosines, before it is learnt
_LARGEST_SCALE = 100.0
_LEAST_SPREAD = 1e-3  # of a number: some hardly ever change


class Standard(NamedTuple):
    """What brings numbers to mean 0 and a common spread: ``(x - shift) * scale``."""

    shift: Floats
    scale: Floats

    @classmethod
    def of(cls, rows: NDArray[np.floating], spread: float = 1.0) -> Standard:
        """From (n, width) examples; ``spread`` is their standard deviation afterwards."""
        rows = rows.astype(np.float32)
        return cls(rows.mean(axis=0), np.float32(spread) / (rows.std(axis=0) + np.float32(_LEAST_SPREAD)))


class Way(nn.Module):
    """A straight map, and beside it one through a hidden layer.

    Args:
        inputs: Numbers in.
        outputs: Numbers out.
        hidden: Width of the layer between.
        dropout: Part of its numbers that training leaves out at a time.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.straight = nn.Linear(inputs, outputs)
        self.wide = nn.Linear(inputs, hidden)
        self.narrow = nn.Linear(hidden, outputs)
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs) to (n, outputs) unit rows."""
        wide = F.dropout(self.wide(x).relu(), self.dropout, self.training)
        return F.normalize(self.straight(x) + self.narrow(wide), dim=1)


class Projection(nn.Module):
    """Features to where sentences are, and sentences a little towards pictures.

    Args:
        features: Mean and spread of pictures' numbers, each (n_features,).
        layers: Likewise of sentences' numbers, (n_layers * dim,).
        dim: Of one of the encoder's layers, and of what comes out.
        hidden: Width of the hidden layers, of pictures and of sentences.
        dropout: In training, of the same.
    """

    shift: torch.Tensor
    scale: torch.Tensor
    text_shift: torch.Tensor
    text_scale: torch.Tensor

    def __init__(
        self,
        features: Standard,
        layers: Standard,
        *,
        dim: int,
        hidden: tuple[int, int],
        dropout: tuple[float, float],
    ) -> None:
        super().__init__()
        for prefix, standard in (("", features), ("text_", layers)):
            self.register_buffer(f"{prefix}shift", torch.from_numpy(standard.shift))
            self.register_buffer(f"{prefix}scale", torch.from_numpy(standard.scale))
        self.pictures = Way(len(features.shift), dim, hidden[0], dropout[0])
        self.sentences = Way(len(layers.shift), dim, hidden[1], dropout[1])
        self._start_as_encoder(dim)
        self.dropout = dropout[0] / 4, dropout[1] / 2
        self.log_scale = nn.Parameter(torch.tensor(math.log(_FIRST_SCALE)))

    def images(self, features: torch.Tensor) -> torch.Tensor:
        """(n, n_features), as the network gives them, to (n, dim) unit rows."""
        x = (features - self.shift) * self.scale
        rows: torch.Tensor = self.pictures(F.dropout(x, self.dropout[0], self.training))
        return rows

    def texts(self, sentences: torch.Tensor) -> torch.Tensor:
        """(m, n_layers * dim), as `SentenceEncoder.layers` gives them, to (m, dim) unit rows."""
        x = (sentences - self.text_shift) * self.text_scale
        rows: torch.Tensor = self.sentences(F.dropout(x, self.dropout[1], self.training))
        return rows

    def _start_as_encoder(self, dim: int) -> None:
        """Begin with the mean of the last layer, which is what the sentence encoder was trained to give."""
        straight = self.sentences.straight
        nn.init.zeros_(straight.weight)
        nn.init.zeros_(straight.bias)
        place = LAST_MEAN * dim
        with torch.no_grad():
            straight.weight[:, place : place + dim] = torch.eye(dim)

    @property
    def cosine_scale(self) -> torch.Tensor:
        """What cosines are multiplied by before a softmax."""
        return self.log_scale.exp().clamp(max=_LARGEST_SCALE)


def weights_of(model: Projection) -> dict[str, Floats]:
    """Everything that `spotitags.taggers.lite.head.Head` needs to do the same in numpy."""
    arrays = {name: getattr(model, name) for name in ("shift", "scale", "text_shift", "text_scale")}
    for prefix, way in (("", model.pictures), ("text_", model.sentences)):
        arrays |= {
            f"{prefix}straight": way.straight.weight,
            f"{prefix}wide": way.wide.weight,
            f"{prefix}wide_bias": way.wide.bias,
            f"{prefix}narrow": way.narrow.weight,
            f"{prefix}bias": way.straight.bias + way.narrow.bias,
        }
    return {name: array.detach().numpy() for name, array in arrays.items()}
