"""Train lite's head, evaluate it, and write its file.

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

from classifiers.files import replaced_file
from spotitags.taggers.lite.head import Calibration, Head
from spotitags.training.lite_head import label_vectors as vectors
from spotitags.training.lite_head.artefact import Labels, Reference, fit_calibration, log_odds, pack
from spotitags.training.lite_head.dataset import Dataset, build_dataset
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


_UNCALIBRATED = Calibration(1.0, 1.0, 0.0)


def build(dataset: Dataset, options: Options) -> tuple[bytes, list[float]]:
    """Train one head and pack it with labels, genres and the reference covers.

    Returns:
        The bytes of the file, and the mean loss of each epoch.
    """
    model, losses = train(dataset.training, options)

    def encode(sentences: Sequence[str]) -> Floats:
        return _project_texts(model, dataset.embeddings.of(sentences))

    covers = torch.from_numpy(dataset.training.cover_views[0].astype(np.float32))
    with torch.inference_mode():
        reference = Reference.of(model.project_images(covers).numpy())
    names, rows = vectors.labels(encode)
    labels = Labels(names, rows, log_odds(dataset.training.described.fits))
    weights, genres = weights_of(model), vectors.genres(encode)

    def packed(calibration: Calibration) -> bytes:
        return pack(weights, labels, genres, reference, calibration)

    head, hold_out = Head(packed(_UNCALIBRATED)), dataset.hold_out
    contrast = label_contrast(head, hold_out.covers)
    return packed(fit_calibration(contrast, hold_out.fits, head.priors(names))), losses


def _project_texts(model: Projection, sentences: Floats) -> Floats:
    with torch.inference_mode():
        rows: Floats = model.project_texts(torch.from_numpy(sentences)).numpy()
    return rows


def main() -> None:
    """Train and evaluate a head for each seed; write the head of the first."""
    arguments = _arguments()
    start = time.monotonic()
    arguments.cache_dir.mkdir(parents=True, exist_ok=True)
    dataset = build_dataset(arguments.pairs, arguments.covers, arguments.cache_dir, without=arguments.without)
    _print({"learnt from": dataset.counts, "seconds": round(time.monotonic() - start)})
    samples = labelled_samples(arguments.labelled, arguments.genres) if arguments.labelled else ()
    for seed in range(arguments.seeds):
        start = time.monotonic()
        data, losses = build(dataset, replace(Options(), seed=seed))
        if not seed:
            with replaced_file(arguments.out, lasting=True) as file:
                file.write(data)
        head = Head(data)
        report = {"seed": seed, "bytes": len(data), "loss": [round(losses[0], 3), round(losses[-1], 3)]}
        report["seconds"] = round(time.monotonic() - start)
        scores = retrieval(head, dataset.hold_out)._asdict()
        scores |= label_scores(head, dataset.hold_out)._asdict()
        if samples:
            scores |= genre_scores(head, samples, {"hiphop": "hip hop"})._asdict()
        _print(report | {name: round(value, 3) for name, value in scores.items()})


def _print(report: dict[str, object]) -> None:
    print(json.dumps(report), flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m spotitags.training.lite_head", description=__doc__)
    parser.add_argument("pairs", type=Path, help="folder with pairs.csv and its pictures")
    parser.add_argument("covers", type=Path, nargs="+", help="CSV files; only the column file is read")
    parser.add_argument("--out", type=Path, required=True, help="file to write the head to")
    parser.add_argument(
        "--cache-dir", type=Path, default=Path("head-cache"), help="folder for cached features and embeddings"
    )
    parser.add_argument("--without", nargs="*", default=(), help="sets not to train on")
    parser.add_argument(
        "--seeds", type=int, default=1, help="number of heads to train and evaluate; the first is written"
    )
    parser.add_argument("--labelled", type=Path, help="manifest of artists to evaluate genre votes on")
    parser.add_argument(
        "--genres",
        type=lambda names: names.split(","),
        default=(),
        help="genres of these artists, separated by commas",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
