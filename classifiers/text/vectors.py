"""From bags to rows of numbers: the one transform that training and voting share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def heaviest(bag: Mapping[str, float], n: int | None = None) -> list[tuple[str, float]]:
    """The ``n`` heaviest labels of a bag with their weights (all for None), heaviest first, ties by label.

    Labels that weigh nothing are left out.
    """
    return sorted(((label, w) for label, w in bag.items() if w > 0), key=lambda tag: (-tag[1], tag[0]))[:n]


def vectors(
    bags: Sequence[Mapping[str, float]], labels: Sequence[str], top: int | None = None, *, root: int = 3
) -> NDArray[np.float64]:
    """Bags, or single covers, as unit vectors over fixed labels.

    A weight enters by its root, so that a label that is everywhere on one artist's covers does not drown the
    twenty that are there once; then the row is scaled to length 1, so that neither the number of covers nor a
    tagger's scale matters. ``docs/ensemble.md`` says what this was measured against.

    Args:
        bags: Label to weight, at least 0 and finite.
        labels: The columns. Other labels of a bag are ignored.
        top: Keep only the ``top`` heaviest labels of each bag; None for all.
        root: 3 for the cube root; the higher, the less a label's weight counts beside its presence.

    Returns:
        (n_bags, n_labels) in [0, 1]; a row is all 0 where its bag has none of the labels.
    """
    column = {label: i for i, label in enumerate(labels)}
    rows = np.zeros((len(bags), len(labels)), dtype=np.float64)
    for row, bag in zip(rows, bags, strict=True):
        for label, weight in bag.items() if top is None else heaviest(bag, top):
            if (i := column.get(label)) is not None:
                row[i] = weight
    rows **= 1 / root
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, length, out=rows, where=length > 0)
    return rows
