"""The approximate search of colour-knn beside the exact one: recall@10, and how much faster it answers.

``python benchmarks/knn.py [--covers 200000] [--asked 1000]``, in one process and one thread. Histograms are
drawn: each cover has a few colours of its own, spread over neighbouring bins, and resembles a motif that it
shares with a few hundred others.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from classifiers.image.colour_knn import Neighbours

BINS = 8
PER_MOTIF = 200


def histograms(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 512) shares of colours."""
    motifs = _palettes(max(2, count // PER_MOTIF), rng)
    rows = np.empty((count, BINS**3), np.float32)
    for start in range(0, count, 10_000):
        size = min(10_000, count - start)
        part = rng.beta(2, 2, (size, 1))
        own = _palettes(size, rng)
        rows[start : start + size] = part * motifs[rng.integers(0, len(motifs), size)] + (1 - part) * own
    return rows


def _palettes(count: int, rng: np.random.Generator, colours: int = 4) -> np.ndarray:
    """Each row: so many colours, each a bell over hue, saturation and value."""
    places = np.arange(BINS)
    total = np.zeros((count, BINS, BINS, BINS))
    for share in rng.dirichlet(np.ones(colours), count).T:
        bells = [np.exp(-0.5 * ((places - rng.uniform(0, BINS, (count, 1))) / 0.8) ** 2) for _ in range(3)]
        bell = np.einsum("nh,ns,nv->nhsv", *bells)
        total += share[:, None, None, None] * bell / bell.sum(axis=(1, 2, 3), keepdims=True)
    return total.reshape(count, -1)


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--covers", type=int, default=200_000)
    parser.add_argument("--asked", type=int, default=1000)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = histograms(options.covers + options.asked, rng)
    learnt, asked = rows[: options.covers], rows[options.covers :].astype(np.float64)
    truth, weights = np.arange(options.covers) % 6, np.ones(options.covers)
    with threadpool_limits(1):
        exact = Neighbours(10, 0, exact_up_to=options.covers).fit(learnt, truth, sample_weight=weights)
        begin = time.perf_counter()
        quick = Neighbours(10, 0, exact_up_to=0).fit(learnt, truth, sample_weight=weights)
        building = time.perf_counter() - begin
        near, seconds = {}, {}
        for name, model in {"exact": exact, "index": quick}.items():
            begin = time.perf_counter()
            near[name] = model.nearest(asked)
            seconds[name] = time.perf_counter() - begin
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(near["exact"], near["index"], strict=True)])
    same = np.mean(exact.predict_proba(asked).argmax(axis=1) == quick.predict_proba(asked).argmax(axis=1))
    print(f"{options.covers} covers, {options.asked} asked about")
    print(f"recall@10 {recall:.4f}; same genre named for {same:.4f}")
    print(f"answers {seconds['exact'] / seconds['index']:.0f} times as fast as the exact search")
    print(
        f"building the index takes as long as {building / seconds['exact'] * options.asked:.0f} exact answers"
    )


if __name__ == "__main__":
    main()
