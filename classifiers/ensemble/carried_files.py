"""Files of the model that carries votes over to other words: arrays, and a card with their SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

import numpy as np

from classifiers.ensemble.carried import CarriedModel, Level, Typical
from classifiers.ensemble.confidence import Calibration
from classifiers.ensemble.model_card import is_name
from classifiers.ensemble.pooling import Sharpness
from classifiers.ensemble.word_vectors import WordVectors
from classifiers.errors import ModelFileError
from classifiers.files import read_plain, replaced_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.ensemble.confidence import Step

FORMAT: Final = 1
MAX_BYTES: Final = 2**25
"""Maximum size of either file, and of the unpacked arrays."""
_KINDS: Final = {
    "labels": ("U", 1), "vectors": ("i", 2), "scales": ("f", 1), "coefficients": ("f", 2),
    "intercepts": ("f", 1), "total": ("f", 1), "squares": ("f", 1), "centre": ("f", 1), "axes": ("f", 2),
}  # fmt: skip


def save_carried(model: CarriedModel, path: Path, about: Mapping[str, Any]) -> tuple[Path, Path]:
    """Write ``path.npz`` and ``path.json``; equal models give equal bytes.

    Args:
        model: The model; its word vectors are stored as signed bytes with a scale per row.
        path: Path without ending.
        about: Further entries of the card: scores, date.

    Returns:
        Both files.
    """
    scales = np.maximum(np.abs(model.words.vectors).max(axis=1), 1e-12) / 127
    file = io.BytesIO()
    np.savez_compressed(
        file,
        labels=np.array(model.words.labels),
        vectors=np.rint(model.words.vectors / scales[:, np.newaxis]).astype(np.int8),
        scales=scales.astype(np.float32),
        coefficients=model.coefficients.astype(np.float32),
        intercepts=model.intercepts.astype(np.float32),
        total=model.usual.total.astype(np.float32),
        squares=model.usual.squares.astype(np.float32),
        centre=model.words.centre.astype(np.float32),
        axes=model.words.axes.astype(np.float16),
    )
    card = {
        "format": FORMAT,
        "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
        "genres": list(model.genres),
        "trained_on": model.trained_on,
        "usual_covers": model.usual.covers,
        "evenness": model.evenness,
        "ranks": [round(float(weight), 4) for weight in model.ranks],
        "levels": [
            {"covers": level.covers, "sharpness": level.sharpness._asdict()} | level.calibration.to_card()
            for level in model.levels
        ],
    }
    files = path.with_suffix(".npz"), path.with_suffix(".json")
    text = json.dumps(card | dict(about), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    for each, data in zip(files, (file.getvalue(), text.encode()), strict=True):
        with replaced_file(each, lasting=True) as stream:
            stream.write(data)
    return files


def load_carried(path: Path) -> CarriedModel:
    """Load and check the model of ``path.npz`` and ``path.json``.

    Raises:
        ModelFileError: A file is missing, damaged, or has something that no such model has.
    """
    card_file = path.with_suffix(".json")
    try:
        card = json.loads(read_plain(card_file, MAX_BYTES))
        data = read_plain(path.with_suffix(".npz"), MAX_BYTES)
        _check_pair(card, data)
        return _model(card, _arrays(data))
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise ModelFileError.unusable(card_file.with_suffix(".npz"), error) from error


def _check_pair(card: Mapping[str, Any], data: bytes) -> None:
    if card["format"] != FORMAT or hashlib.sha256(data).hexdigest() != card["sha256"]:
        raise ValueError("its card belongs to another file")


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        if sum(each.file_size for each in file.zip.infolist()) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        arrays = {name: file[name] for name in file.files}
    kinds = {name: (array.dtype.kind, array.ndim) for name, array in arrays.items()}
    if kinds != _KINDS:
        raise ValueError("it has other arrays")
    if not all(np.isfinite(array).all() for name, array in arrays.items() if name != "labels"):
        raise ValueError("it has numbers that are not finite")
    return arrays


def _model(card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> CarriedModel:
    genres, labels = tuple(card["genres"]), [str(label) for label in arrays["labels"]]
    (count, dim), expected = arrays["vectors"].shape, len(genres)
    width = len(arrays["centre"])
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != {
        "labels": (count,), "vectors": (count, dim), "scales": (count,), "coefficients": (expected, dim),
        "intercepts": (expected,), "total": (dim,), "squares": (dim,), "centre": (width,),
        "axes": (dim, width),
    }:  # fmt: skip
        raise ValueError("its arrays do not fit each other")
    names_fit = len(set(labels)) == count and len(set(genres)) == len(genres) > 1
    if not names_fit or not all(map(is_name, (*genres, card["trained_on"]))):
        raise ValueError("its names are empty, not unique or have control characters")
    ranks = np.array([float(weight) for weight in card["ranks"]])
    if not len(ranks) or not ((ranks >= 0) & (ranks <= 1)).all() or (np.diff(ranks) > 0).any():
        raise ValueError("its ranks do not fall from 1 to 0")
    covers, evenness = float(card["usual_covers"]), float(card["evenness"])
    if not (0 < covers < np.inf and 0 <= evenness <= 1):
        raise ValueError("its numbers are out of range")
    floats = {name: arrays[name].astype(np.float64) for name in _KINDS if name != "labels"}
    return CarriedModel(
        genres=genres,
        words=WordVectors(
            labels, floats["vectors"] * floats["scales"][:, np.newaxis], floats["centre"], floats["axes"]
        ),
        coefficients=floats["coefficients"],
        intercepts=floats["intercepts"],
        usual=Typical(covers, floats["total"], floats["squares"]),
        evenness=evenness,
        levels=_levels(card["levels"]),
        trained_on=card["trained_on"],
        ranks=ranks,
    )


def _levels(cards: list[Mapping[str, Any]]) -> tuple[Level, ...]:
    levels = tuple(
        Level(
            int(card["covers"]),
            Sharpness(**{name: float(card["sharpness"][name]) for name in Sharpness._fields}),
            Calibration.from_card(card),
        )
        for card in cards
    )
    covers = [level.covers for level in levels]
    if not covers or covers[0] != 0 or covers != sorted(set(covers)):
        raise ValueError("its levels do not start at 0 and rise")
    for level in levels:
        if not all(0 <= number < np.inf for number in level.sharpness) or not all(
            map(_is_rate, level.calibration.steps)
        ):
            raise ValueError("its levels have numbers out of range")
    return levels


def _is_rate(step: Step) -> bool:
    return 0 <= step.share <= 1 and 0 < step.right < 1 and 0 <= step.artists < np.inf
