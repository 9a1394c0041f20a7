"""How a model answers covers that belong to none of its genres, and artists that belong to one.

    python benchmarks/outsiders.py OUTSIDERS.csv [--model MODEL] [--seed 1]
    python benchmarks/outsiders.py --artists MANIFEST.csv [--seed 1]

OUTSIDERS.csv has ``file,kind,category``, category being ``music`` or ``pictures``. Covers among the package's
references are left out; the rest of each kind is put together as artists of 10, 3 and 1 covers. Blanks are
drawn anew: kinds like those of the references, and kinds that these lack. A kind that the model was trained
without is marked "new".

With a manifest of artists with genres, artists are held out in five folds; each is predicted by a model that
was trained with outsiders and by one without. The last line says how many right and sure votes stay sure.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from classifiers.ensemble.ensemble import Ensemble
from classifiers.metrics.splits import splits
from classifiers.training.dataset import Row
from classifiers.training.save import save
from classifiers.training.train import MAX_TEST_COVERS, train
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.errors import SpotiTagsError
from spotitags.pipeline.dataset import collect_rows
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.pipeline.voting import bundled_model
from spotitags.records import NONE_FROM
from spotitags.training.build_references import BLANK_SIDE, covers_by_kind, draw_blanks, tag_files
from spotitags.training.bundle import MIN_ARTISTS
from spotitags.training.references import DIGEST, FILE, references_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classifiers.ensemble.results import Result
    from spotitags.records import TaggedCovers

SIZES = (10, 3, 1)
MOST = 200  # covers of a kind


def new_blanks(folder: Path, rng: np.random.Generator) -> Iterator[tuple[str, str, list[Path]]]:
    """Draw kinds of blanks that the references lack: black squares, gradients and noise."""
    for kind in ("black", "gradient", "noise"):
        paths = []
        for number in range(20):
            across = np.linspace(0, 1, BLANK_SIDE)[:, None, None]
            first, last = rng.integers(0, 256, (2, 3))
            pixels = {
                "black": np.full((BLANK_SIDE, BLANK_SIDE, 3), number),
                "gradient": first + across * (last - first) + np.zeros((BLANK_SIDE, BLANK_SIDE, 1)),
                "noise": rng.normal(128, 60, (BLANK_SIDE, BLANK_SIDE, 3)),
            }[kind]
            paths.append(folder / f"new-{kind}-{number}.png")
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(paths[-1])
        yield f"{kind} squares" if kind == "black" else kind, "blanks", paths


def listed(table: Path, seed: int) -> Iterator[tuple[str, str, list[Path]]]:
    """Yield each kind of the table with its category and all files in random order."""
    for (kind, category), paths in covers_by_kind(table).items():
        yield kind, category, random.Random(f"{seed} {kind}").sample(sorted(paths), len(paths))


def tagged(paths: Sequence[Path], folder: Path) -> dict[Path, TaggedCovers]:
    """Tag picture files; those of the package's references are left out."""
    known = set(np.load(str(files("spotitags.training").joinpath(FILE)))["digests"].tolist())
    found = zip(paths, tag_files(paths, folder)[1], strict=True)
    return {
        path: covers
        for path, (_, covers) in found
        if not isinstance(covers, SpotiTagsError) and covers.digests[0][:DIGEST] not in known
    }


def vote(ensemble: Ensemble, row: Row) -> Result:
    """Return the ensemble's result for an artist."""
    return ensemble.vote({"lite": row.bag("lite")}, row.covers, row.embeddings)


def ask(ensemble: Ensemble, covers: Sequence[TaggedCovers]) -> Result:
    """Return the ensemble's result for covers as those of one artist."""
    tags = [dict(each.tags["lite"][0]) for each in covers]
    features = np.stack([each.features["lite"][0] for each in covers])
    return vote(ensemble, Row("covers", "any", {"lite": tags}, {"lite": features}))


def outsiders(table: Path, model: Path, seed: int) -> None:
    """Print the rates of sure genres and of "none of these" by kind and number of covers."""
    ensemble = Ensemble.load(model)
    trained = {
        name.removesuffix(" (library)") for name in ensemble.card.get("outsiders", {}).get("kinds", {})
    }
    head = (
        " | ".join(f"sure, {size}" for size in SIZES) + " | " + " | ".join(f"none, {size}" for size in SIZES)
    )
    print(f"| kind | covers | {head} |\n|---|---|" + "---|" * (2 * len(SIZES)))
    total: dict[str, list[list[bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), np.random.default_rng(seed)
        kinds = [*listed(table, seed), *draw_blanks(folder, seed=seed), *new_blanks(folder, rng)]
        covers = tagged([path for _, _, paths in kinds for path in paths], folder)
    for kind, category, paths in kinds:
        found = [covers[path] for path in paths if path in covers][:MOST]
        cells = []
        for size in SIZES:
            groups = [found[i : i + size] for i in range(0, len(found) - size + 1, size)]
            results = [ask(ensemble, group) for group in groups]
            sure = [bool(r.confidence and r.confidence.sure and (r.none or 0) < NONE_FROM) for r in results]
            none = [(r.none or 0) >= NONE_FROM for r in results]
            total[f"{category}, {size}"].append(sure)
            cells.append((np.mean(sure) if sure else np.nan, np.mean(none) if none else np.nan))
        mark = "" if kind in trained else " (new)"
        row = " | ".join(f"{cell[i]:.2f}" for i in (0, 1) for cell in cells)
        print(f"| {kind}{mark} | {len(found)} | {row} |", flush=True)
    for category, rates in total.items():
        print(
            f"sure, {category} cover(s): {np.mean([np.mean(each) for each in rates if each]):.3f} of a kind, "
            f"{np.mean([one for each in rates for one in each]):.3f} of all"
        )


def artists(manifest: Path, seed: int) -> None:
    """Print how many sure and right answers about held-out artists stay sure with outsiders."""
    catalog = FolderCatalog(manifest)
    spotitags = SpotiTags(catalog=catalog, tagger="lite", albums=1_000)
    versions = spotitags.tagger_versions()
    counts = Counter(artist.genre for artist in catalog.artists())
    rows = collect_rows(spotitags, [a for a in catalog.artists() if counts[a.genre] >= MIN_ARTISTS]).rows
    plan = splits([row.genre for row in rows], [row.groups for row in rows], folds=5, seed=seed)
    found: list[tuple[bool, bool, bool, bool, bool]] = []
    for number, split in enumerate(plan):
        kept = [rows[i].without(split.masked.get(i, frozenset())) for i in split.train]
        models = []
        for references in (None, references_for(kept, versions)):
            with tempfile.TemporaryDirectory() as folder:
                save(train(kept, versions, references=references), Path(folder) / "model", created="")
                models.append(Ensemble.load(Path(folder) / "model"))
        for i in split.test.tolist():
            row = rows[i].subset(range(min(MAX_TEST_COVERS, len(rows[i]))))
            one, two = (vote(model, row) for model in models)
            sure = [bool(each.confidence and each.confidence.sure) for each in (one, two)]
            none = (two.none or 0) >= NONE_FROM
            found.append(
                (one.genre == row.genre, sure[0], two.genre == row.genre, sure[1] and not none, none)
            )
        print(f"fold {number + 1} of {len(plan)}", flush=True)
    before, sure_before, after, sure_after, none = np.array(found).T
    print(f"{len(found)} artists: right {before.sum()} without outsiders, {after.sum()} with")
    print(f"sure {sure_before.sum()}, wrong {(sure_before & ~before).sum()}, without outsiders")
    print(
        f"sure {sure_after.sum()}, wrong {(sure_after & ~after).sum()}, with outsiders; "
        f"none of these {none.sum()}"
    )
    both = sure_before & before
    print(f"of {both.sum()} sure and right, {(both & sure_after).sum() / both.sum():.0%} stay sure")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("outsiders", nargs="?", type=Path)
    parser.add_argument("--artists", type=Path)
    parser.add_argument("--model", type=Path, default=bundled_model())
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.outsiders:
        outsiders(chosen.outsiders, chosen.model, chosen.seed)
    if chosen.artists:
        artists(chosen.artists, chosen.seed)


if __name__ == "__main__":
    main()
