"""The page of `spotitags explore` with many covers: time of the first picture, script and draw calls a frame.

``python benchmarks/explore.py COVERS [--count 24000] [--chromium /usr/bin/chromium]``. COVERS is a folder of
pictures; parts of them are cut out at random until there are enough covers. Their "embeddings" are their
pixels at 6 x 6 and noise, so that no two are near-duplicates, and the map is that of principal components, so
that no tagger and no t-SNE takes time.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from helpers.browser import READY, SWITCHES
from helpers.explored import served

from spotitags.explore import layout
from spotitags.explore.build import build
from spotitags.explore.records import ExploredCover, Gathered
from spotitags.explore.store import Store
from spotitags.taggers.features.embedding import pack

SIDE = 128
STEPS = 60
MOVE = """async (steps) => {
  const { map } = explored; const calls = []; const start = performance.now();
  map.script.length = 0;
  for (let step = 0; step < steps; step++) {
    if (step % 2) map.pan(9, 4); else map.zoomAt(step < steps / 2 ? 1.08 : 1 / 1.08, 500, 400);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    calls.push(map.drawCalls);
  }
  const frames = (performance.now() - start) / steps / 2;
  return { script: [...map.script], calls: Math.max(...calls), frames };
}"""


def made_up(folder: Path, count: int) -> Gathered:
    """Cut covers out of pictures."""
    random = np.random.default_rng(0)
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in {".jpg", ".webp", ".png"})
    covers, vectors, thumbs = [], [], []
    while len(covers) < count:
        with Image.open(files[len(covers) // 8 % len(files)]) as picture:
            image = picture.convert("RGB")
        for _ in range(8):
            side = int(random.integers(min(image.size) // 3, min(image.size)))
            left, top = (
                random.integers(0, image.width - side + 1),
                random.integers(0, image.height - side + 1),
            )
            part = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
            stream = io.BytesIO()
            part.save(stream, "WEBP", quality=70, method=0)
            small = np.asarray(part.resize((6, 6), Image.Resampling.BOX), np.float32)
            red, green, blue = small.mean(axis=(0, 1)).astype(int).tolist()
            number = len(covers)
            labels = [
                (f"tag {int(value) // 16}-{place}", 0.5) for place, value in enumerate(small.ravel()[:20])
            ]
            genre = f"genre {red // 64}"
            covers.append(
                ExploredCover(
                    f"{number:064x}", f"Album {number}", str(number),
                    f"Artist {number // 8}", str(number // 8),
                    genre, 1960 + number % 60, tags=labels, votes={genre: 1.0}, colour=(red, green, blue),
                    numbers={"plays": float(number)},
                )
            )  # fmt: skip
            vectors.append(np.concatenate([small.ravel() - 128, random.normal(0, 60, 64)]))
            thumbs.append(stream.getvalue())
    return Gathered(covers[:count], pack(np.array(vectors[:count], np.float32)), thumbs[:count])


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("covers", type=Path)
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    layout.map_method = lambda _count: "PCA"
    data = made_up(options.covers, options.count)
    with tempfile.TemporaryDirectory() as folder:
        store, began = Store(Path(folder)), (time.perf_counter(), time.process_time())
        build(store, data, {"name": "Benchmark", "fingerprint": ""})
        wall, processor = (
            now - then for now, then in zip((time.perf_counter(), time.process_time()), began, strict=True)
        )
        shown = (store.meta or {})["count"]
        print(
            f"{options.count} covers, {shown} shown: built in {wall:.0f} s ({processor:.0f} s of processor)"
        )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"size {store.size() / 1e6:.0f} MB, memory {memory:.0f} MB")
        with served(store) as server, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=options.chromium, args=SWITCHES)
            page = browser.new_page(viewport={"width": 1400, "height": 850})
            page.goto(server.access.address)
            page.wait_for_selector(READY, timeout=120_000)
            first = [page.evaluate("Number(document.documentElement.dataset.pictures)")]
            for _ in range(3):
                page.reload()
                page.wait_for_selector(READY, timeout=120_000)
                first.append(page.evaluate("Number(document.documentElement.dataset.pictures)"))
            print(f"first pictures after {', '.join(map(str, first))} ms")
            for zoom in (1, 12):
                page.evaluate("(zoom) => explored.state.set({ camera: [0.5, 0.5, zoom] })", zoom)
                page.wait_for_timeout(1500)
                found = page.evaluate(MOVE, STEPS)
                script = np.array(found["script"])
                print(f"zoom {zoom}: {found['calls']} draw calls, {found['frames']:.0f} ms a frame")
                print(f"script a frame {np.median(script):.1f} ms, 95% below {np.quantile(script, 0.95):.1f}")
            browser.close()


if __name__ == "__main__":
    main()
