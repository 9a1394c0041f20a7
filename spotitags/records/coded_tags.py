"""Tags of a cover as arrays, which become `Tag` objects when they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from classifiers.text.coded import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from spotitags.records import Tag


class CodedTags(Sequence["Tag"]):
    """Tags of a cover, equal to a list of them.

    Args:
        numbers: (n,) numbers of the labels in `classifiers.text.coded.LABELS`.
        weights: (n,) weights.
    """

    __slots__ = ("numbers", "weights")

    def __init__(self, numbers: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        self.numbers = numbers
        self.weights = weights

    @classmethod
    def of(cls, tags: Iterable[Tag]) -> CodedTags:
        """Return tags as arrays."""
        if isinstance(tags, cls):
            return tags
        pairs = list(tags)
        return cls(
            LABELS.numbers([label for label, _ in pairs]),
            np.array([weight for _, weight in pairs], np.float64),
        )

    def is_valid(self) -> bool:
        """Return whether all weights are in [0, 1], and no label is there twice."""
        if not len(self.weights):
            return True
        inside = self.weights.min() >= 0 and self.weights.max() <= 1
        return bool(inside) and len(set(self.numbers.tolist())) == len(self.numbers)

    def __len__(self) -> int:
        return len(self.weights)

    def __iter__(self) -> Iterator[Tag]:
        from spotitags.records import Tag

        return map(Tag, LABELS.named(self.numbers), self.weights.tolist())

    @overload
    def __getitem__(self, place: int) -> Tag: ...
    @overload
    def __getitem__(self, place: slice) -> list[Tag]: ...
    def __getitem__(self, place: int | slice) -> Tag | list[Tag]:
        return list(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(list(self))
