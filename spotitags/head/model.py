"""The head as a torch module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_FIRST_SCALE = 20.0  # of the cosines, before it is learnt
_LARGEST_SCALE = 100.0


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
        shift: (n_features,) what is taken from features first: their mean in training.
        scale: (n_features,) what they are multiplied by then: one over their standard deviation.
        dim: Of the sentence encoder.
        hidden: Width of the hidden layers, of pictures and of sentences.
        dropout: In training, of the same.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        shift: Floats,
        scale: Floats,
        *,
        dim: int,
        hidden: tuple[int, int],
        dropout: tuple[float, float],
    ) -> None:
        super().__init__()
        self.register_buffer("shift", torch.from_numpy(shift))
        self.register_buffer("scale", torch.from_numpy(scale))
        self.pictures = Way(len(shift), dim, hidden[0], dropout[0])
        self.sentences = Way(dim, dim, hidden[1], dropout[1])
        nn.init.eye_(self.sentences.straight.weight)
        nn.init.zeros_(self.sentences.straight.bias)
        self.dropout = dropout[0] / 4
        self.log_scale = nn.Parameter(torch.tensor(math.log(_FIRST_SCALE)))

    def images(self, features: torch.Tensor) -> torch.Tensor:
        """(n, n_features), as the network gives them, to (n, dim) unit rows."""
        x = (features - self.shift) * self.scale
        rows: torch.Tensor = self.pictures(F.dropout(x, self.dropout, self.training))
        return rows

    def texts(self, sentences: torch.Tensor) -> torch.Tensor:
        """(m, dim) sentence embeddings to (m, dim) unit rows."""
        rows: torch.Tensor = self.sentences(sentences)
        return rows

    @property
    def cosine_scale(self) -> torch.Tensor:
        """What cosines are multiplied by before a softmax."""
        return self.log_scale.exp().clamp(max=_LARGEST_SCALE)


def weights_of(model: Projection) -> dict[str, Floats]:
    """Everything that `spotitags.taggers._head.Head` needs to do the same in numpy."""
    arrays = {"shift": model.shift, "scale": model.scale}
    for prefix, way in (("", model.pictures), ("text_", model.sentences)):
        arrays |= {
            f"{prefix}straight": way.straight.weight,
            f"{prefix}wide": way.wide.weight,
            f"{prefix}wide_bias": way.wide.bias,
            f"{prefix}narrow": way.narrow.weight,
            f"{prefix}bias": way.straight.bias + way.narrow.bias,
        }
    return {name: array.detach().numpy() for name, array in arrays.items()}
