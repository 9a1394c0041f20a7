"""Keep covers apart: what stands on both sides of a fold is taken from the side that can spare it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.evaluation.samples import Sample


def masked(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Both sides of one fold without a cover in common.

    A cover on both sides leaves training, where its artist keeps another cover, or its genre at least half of
    its artists (and two). Where training cannot spare it, it leaves the tested artist instead. Artists
    without a cover left are no longer there.

    Args:
        train: Samples to learn from.
        test: Samples to ask about; none of a unit that is in ``train``.
    """
    tested = {group for sample in test for group in sample.row.groups}
    left = Counter(sample.genre for sample in train)
    floor = {genre: max(2, (count + 1) // 2) for genre, count in left.items()}
    kept: list[Sample] = []
    held: set[str] = set()
    for sample in train:
        own = [i for i, group in enumerate(sample.row.groups) if group not in tested]
        if own:
            kept.append(sample.only(own) if len(own) < len(sample) else sample)
        elif left[sample.genre] > floor[sample.genre]:
            left[sample.genre] -= 1
        else:
            kept.append(sample)
            held.update(sample.row.groups)
    return kept, [asked for sample in test if len(asked := _without(sample, held))]


def _without(sample: Sample, held: set[str]) -> Sample:
    own = [i for i, group in enumerate(sample.row.groups) if group not in held]
    return sample.only(own) if len(own) < len(sample) else sample
