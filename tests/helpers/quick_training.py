"""Training in a fraction of its time, for tests of what is around it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from unittest.mock import patch

from classifiers.training import train as training

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def quick_training(
    views: Sequence[str] | None = ("all", "embedding"), classifiers: Sequence[str] | None = ("complement_nb",)
) -> Iterator[None]:
    """Train on few views, with few text classifiers (None: all), in one repeat of the cross-validation."""
    quick = partial(training.train, views=views, classifiers=classifiers, repeats=1)
    with patch.object(training, "train", quick):
        yield
