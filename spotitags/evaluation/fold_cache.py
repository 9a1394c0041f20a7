"""Cache of a cross-validation's finished splits, so that an interrupted evaluation continues."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache as remember
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import classifiers
from spotitags.evaluation.predictions import SplitPredictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.ensemble.results import VoterName
    from classifiers.training.dataset import Row
    from spotitags.evaluation.folds import Split
    from spotitags.io.cache import Cache

    Floats = NDArray[np.float64]
    SplitTask = tuple[Split, Sequence[VoterName], Sequence[str], Sequence[int]]

KIND: Final = "folds"
"""Kind of the values in the cache."""
SECONDS: Final = 7 * 24 * 3600
"""Time for which a split is kept."""
MAX_NUMBERS: Final = 2_000_000
"""Largest number of floats of a split that is kept: 16 MB."""
FORMAT: Final = 3
"""Version of the stored form."""
PACKAGES: Final = ("numpy", "scipy", "scikit-learn")


class FoldCache:
    """Finished splits on disk, by all that decides on them: rows, voters, seed and code of the classifiers.

    Args:
        cache: Cache of the user.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self._rows: dict[int, tuple[Row, bytes]] = {}

    def get(self, task: SplitTask) -> SplitPredictions | None:
        """Return the predictions of a split; None if they are not cached."""
        stored = self.cache.get(KIND, self.key(task))
        return _predictions(stored) if isinstance(stored, dict) and stored.get("format") == FORMAT else None

    def put(self, task: SplitTask, found: SplitPredictions) -> None:
        """Store the predictions of a split, unless they are very large."""
        arrays = [found.full.votes, *found.full.blends.values(), *found.by_covers]
        if sum(array.size for array in arrays) <= MAX_NUMBERS:
            self.cache.put(KIND, self.key(task), _stored(found), seconds=SECONDS)

    def key(self, task: SplitTask) -> str:
        """Return the SHA-256 (hex) of all that decides on a split's predictions."""
        split, voters, genres, limits = task
        digest = hashlib.sha256()
        about = [code_version(), split.seed, [*map(list, voters)], list(genres), list(limits)]
        digest.update(json.dumps(about).encode())
        for fold in split.folds:
            for side in fold:
                digest.update(b"/")
                for row in side:
                    digest.update(self._digest(row))
        return digest.hexdigest()

    def _digest(self, row: Row) -> bytes:
        known = self._rows.get(id(row))  # most rows are in many folds
        if known is None:
            known = self._rows[id(row)] = (row, _row_digest(row))  # the row keeps its id in use
        return known[1]


def _row_digest(row: Row) -> bytes:
    """Return the SHA-256 of a row; the order of tags and taggers counts, as it may for a classifier."""
    about: list[Any] = [row.id, row.genre, list(row.groups)]
    about += [[tagger, [list(tags.items()) for tags in covers]] for tagger, covers in row.covers.items()]
    digest = hashlib.sha256(json.dumps(about).encode())
    for name, vectors in sorted(row.embeddings.items()):
        digest.update(f"{name} {vectors.dtype} {vectors.shape}".encode())
        digest.update(np.ascontiguousarray(vectors).tobytes())
    return digest.digest()


@remember
def code_version() -> str:
    """Return the versions of the packages that fit voters, and the SHA-256 of the code that does.

    That is the package `classifiers`, and the modules beside this one.
    """
    digest = hashlib.sha256()
    for folder in (Path(classifiers.__file__).parent, Path(__file__).parent):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return " ".join([*(f"{name} {version(name)}" for name in PACKAGES), digest.hexdigest()])


def _stored(found: SplitPredictions) -> dict[str, Any]:
    full = found.full
    return {
        "format": FORMAT,
        "names": [list(name) for name in full.names],
        "voting": full.voting,
        "votes": _text(full.votes),
        "known": _text(full.known.astype(np.float64)),
        "weights": _text(full.weights),
        "blends": [[sorted(kinds), _text(weights)] for kinds, weights in full.blends.items()],
        "by_covers": [_text(shares) for shares in found.by_covers],
        "control": None if found.control is None else _text(found.control),
    }


def _predictions(stored: dict[str, Any]) -> SplitPredictions:
    from classifiers.ensemble.results import VoterName
    from classifiers.training.cross_validation import FoldPredictions

    full = FoldPredictions(
        names=[VoterName(*name) for name in stored["names"]],
        votes=_array(stored["votes"]),
        known=_array(stored["known"]) == 1,
        weights=_array(stored["weights"]),
        blends={frozenset(kinds): _array(weights) for kinds, weights in stored["blends"]},
        voting=stored["voting"],
    )
    control = stored["control"]
    by_covers = [_array(shares) for shares in stored["by_covers"]]
    return SplitPredictions(full, by_covers, None if control is None else _array(control))


def _text(array: Floats) -> list[Any]:
    return [list(array.shape), base64.b64encode(np.ascontiguousarray(array, np.float64).tobytes()).decode()]


def _array(stored: list[Any]) -> Floats:
    shape, text = stored
    return np.frombuffer(base64.b64decode(text), np.float64).reshape(shape)
