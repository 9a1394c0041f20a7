"""Maps of places: completeness, deletion against random places, sanity, agreement with occlusion, and time.

    python benchmarks/places.py FOLDER [--covers 200] [--occluded 20] [--seed 0]

FOLDER holds covers. The voters are the linear ones of the bundled model; each cover is asked for its most
likely genre. Deletion blurs the 16 strongest of 81 places and measures by how much the logit falls, against
16 random places and the 16 weakest. Sanity: the map with shuffled weights of the voters (Adebayo et al.,
"Sanity Checks for Saliency Maps", 2018). Agreement: Spearman's rank correlation with the occlusion of the
same voters. The exit code is 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lite import read_covers

from classifiers.arrays import power_normalised
from classifiers.ensemble.ensemble import Ensemble
from spotitags.covers.decode import decode
from spotitags.errors import CoverError
from spotitags.explain.places.features import GRID, PlaceNetwork
from spotitags.explain.places.maps import combined, vote_map
from spotitags.explain.places.occlusion import blurred, occlusion_map
from spotitags.pipeline.voting import bundled_model
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import LiteTagger

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = LiteTagger.image_size
DELETED = 16  # places
COMPLETE = 1e-6


def interval(values: NDArray[np.float64], rng: np.random.Generator) -> str:
    """Return a mean with its 95% bootstrap interval."""
    low, high = np.quantile(rng.choice(values, (2000, len(values))).mean(axis=1), [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def ranks(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rank of each of the values, flattened."""
    return values.ravel().argsort().argsort()


def main() -> int:
    """Print a table; return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--covers", type=int, default=200)
    parser.add_argument("--occluded", type=int, default=20, help="covers compared with occlusion")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    files = read_covers(given.folder, 100_000)
    network, model = PlaceNetwork(), Ensemble.load(bundled_model())
    voters = model.linear_voters("lite")
    mixed = [
        each._replace(logits=each.logits._replace(weights=rng.permutation(each.logits.weights)))
        for each in voters
    ]
    errors, changes, falls, agreement, seconds = [], [], [], [], np.zeros(2)
    with tempfile.TemporaryDirectory() as folder:
        tagger = LiteTagger(Path(folder))

        def logits(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
            cover = Cover(Album("a", "a", Artist("a")), str(rng.random()), pixels, b"")
            row = power_normalised(tagger.embed([cover]))[0]
            return np.array(
                [row @ weights + bias for weights, bias in (combined(voters, g, None) for g in range(5))]
            )

        for number in rng.permutation(len(files)).tolist():
            try:
                pixels = square(decode(files[number], SIDE).pixels, SIDE)
            except CoverError:
                continue
            began = time.process_time()
            tagger.tag([Cover(Album("a", "a", Artist("a")), "tagged", pixels)])
            middle = time.process_time()
            found = vote_map(network.split(pixels), voters, 0)
            seconds += middle - began, time.process_time() - middle
            whole = logits(pixels)
            genre = int(whole.argmax())
            found = vote_map(network.split(pixels), voters, genre)
            errors.append(abs(found.total - whole[genre]))
            other = vote_map(network.split(pixels), mixed, genre)
            changes.append(np.corrcoef(ranks(found.places), ranks(other.places))[0, 1])
            order = found.places.ravel().argsort()
            chosen = order[-DELETED:], rng.permutation(order)[:DELETED], order[:DELETED]
            falls.append(
                [
                    whole[genre]
                    - logits(blurred(pixels, np.isin(np.arange(GRID**2), each).reshape(GRID, GRID)))[genre]
                    for each in chosen
                ]
            )
            if len(agreement) < given.occluded:
                true = occlusion_map(pixels, lambda changed, g=genre: float(logits(changed)[g]))
                agreement.append(np.corrcoef(ranks(found.places), ranks(true))[0, 1])
            if len(errors) == given.covers:
                break
    found = Found(np.array(errors), np.array(falls), np.array(changes), np.array(agreement), seconds)
    return report(found, rng)


class Found(NamedTuple):
    """Measurements of each cover; ``seconds`` of tagging and of the map, all covers together."""

    errors: NDArray[np.float64]
    falls: NDArray[np.float64]
    changes: NDArray[np.float64]
    agreement: NDArray[np.float64]
    seconds: NDArray[np.float64]


def report(found: Found, rng: np.random.Generator) -> int:
    """Print what was measured; return 1 if a bound is missed."""
    strongest, at_random, weakest = found.falls.T
    better = strongest - at_random
    lead = interval(better, rng)
    print(f"{len(found.errors)} covers")
    print(f"largest error of places + constant: {max(found.errors):.1e} (bound {COMPLETE:g})")
    print(f"logit falls without the {DELETED} strongest places   {interval(strongest, rng)}")
    print(f"            without {DELETED} random places          {interval(at_random, rng)}")
    print(f"            without the {DELETED} weakest places     {interval(weakest, rng)}")
    print(f"strongest less random {lead}")
    print(f"rank correlation with shuffled weights {interval(found.changes, rng)}")
    if len(found.agreement):
        print(
            f"rank correlation with occlusion, {len(found.agreement)} covers {interval(found.agreement, rng)}"
        )
    print(f"processor time of a map by that of tagging: {found.seconds[1] / found.seconds[0]:.2f}")
    return int(max(found.errors) > COMPLETE or float(lead.split("(")[1].split()[0]) <= 0)


if __name__ == "__main__":
    sys.exit(main())
