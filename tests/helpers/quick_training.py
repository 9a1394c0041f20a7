"""Training in a fraction of its time, for tests of what is around it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from unittest.mock import patch

from classifiers.training import train as training

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quick_training() -> Iterator[None]:
    """Train on two views, with one text classifier, in one repeat of the cross-validation."""
    quick = partial(training.train, views=("all", "embedding"), classifiers=("complement_nb",), repeats=1)
    with patch.object(training, "train", quick):
        yield
