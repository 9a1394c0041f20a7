"""Train lite's head, measure it, and write the file that ships.

``python -m spotitags.training.lite_head PAIRS COVERS.csv ... --out lite-head.npz``: see docs/lite-head.md.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from spotitags.taggers.lite.head import Calibration, Head
from spotitags.training.lite_head import artefact as calibration
from spotitags.training.lite_head import label_vectors as vectors
from spotitags.training.lite_head.artefact import Labels, Reference, pack
from spotitags.training.lite_head.dataset import Material, build_dataset
from spotitags.training.lite_head.metrics import (
    genre_scores,
    label_contrast,
    label_scores,
    labelled_samples,
    retrieval,
)
from spotitags.training.lite_head.model import Projection, weights_of
from spotitags.training.lite_head.train import Options, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


_UNFITTED = Calibration(1.0, 1.0, 0.0)


def build(material: Material, options: Options) -> tuple[bytes, list[float]]:
    """Train one head and pack it with labels, genres and the reference.

    Returns:
        The file's bytes, and the mean loss of each epoch.
    """
    model, losses = train(material.lesson, options)

    def encode(sentences: Sequence[str]) -> Floats:
        return _texts(model, material.wording.of(sentences))

    covers = torch.from_numpy(material.lesson.cover_views[0].astype(np.float32))
    with torch.inference_mode():
        reference = Reference.of(model.images(covers).numpy())
    names, rows = vectors.labels(encode)
    labels = Labels(names, rows, calibration.priors(material.lesson.seen.shown))
    weights, genres = weights_of(model), vectors.genres(encode)

    def packed(fitted: Calibration) -> bytes:
        return pack(weights, labels, genres, reference, fitted)

    head, kept = Head(packed(_UNFITTED)), material.kept_back
    contrast = label_contrast(head, kept.covers)
    return packed(calibration.fitted(contrast, kept.shown, head.priors(names))), losses


def _texts(model: Projection, sentences: Floats) -> Floats:
    with torch.inference_mode():
        rows: Floats = model.texts(torch.from_numpy(sentences)).numpy()
    return rows


def main() -> None:
    """Train as many seeds as asked for; the first one's head is written."""
    asked = _arguments()
    start = time.monotonic()
    asked.cache_dir.mkdir(parents=True, exist_ok=True)
    material = build_dataset(asked.pairs, asked.covers, asked.cache_dir, without=asked.without)
    _say({"learnt from": material.counts, "seconds": round(time.monotonic() - start)})
    samples = labelled_samples(asked.labelled, asked.genres) if asked.labelled else ()
    for seed in range(asked.seeds):
        start = time.monotonic()
        data, losses = build(material, replace(Options(), seed=seed))
        if not seed:
            asked.out.write_bytes(data)
        head = Head(data)
        found = {"seed": seed, "bytes": len(data), "loss": [round(losses[0], 3), round(losses[-1], 3)]}
        found["seconds"] = round(time.monotonic() - start)
        scores = retrieval(head, material.kept_back)._asdict()
        scores |= label_scores(head, material.kept_back)._asdict()
        if samples:
            scores |= genre_scores(head, samples, {"hiphop": "hip hop"})._asdict()
        _say(found | {name: round(value, 3) for name, value in scores.items()})


def _say(found: dict[str, object]) -> None:
    print(json.dumps(found), flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m spotitags.training.lite_head", description=__doc__)
    parser.add_argument("pairs", type=Path, help="folder with pairs.csv and its pictures")
    parser.add_argument("covers", type=Path, nargs="+", help="CSVs with a column file; nothing else is read")
    parser.add_argument("--out", type=Path, required=True, help="where the head goes")
    parser.add_argument(
        "--cache-dir", type=Path, default=Path("head-cache"), help="for what is computed once"
    )
    parser.add_argument("--without", nargs="*", default=(), help="sets not to learn from")
    parser.add_argument("--seeds", type=int, default=1, help="heads to train and measure; the first is kept")
    parser.add_argument("--labelled", type=Path, help="manifest of artists to measure genres on")
    parser.add_argument("--genres", type=lambda names: names.split(","), default=(), help="of these artists")
    return parser.parse_args()


if __name__ == "__main__":
    main()
