"""Covers a second of the clip tagger, on the device at hand.

    python benchmarks/clip.py --covers FOLDER [--device cuda] [--random-weights]

Contestants: end to end (JPEG bytes to tags, as the pipeline runs it), the encoder alone (ready tensors),
open_clip's README (open, preprocess, encode one cover at a time, in fp32), and, where transformers is
installed, its zero-shot pipeline with the same architecture, random weights and `HF_LABELS` labels, which
it embeds anew for every cover. Every round runs each once, so that other programs on the machine slow them
all alike; the median counts. Where they keep both cores from working, compare the processor time. Weights
are random where there are none: the work is the same, the tags mean nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import open_clip
import torch
from PIL import Image

from spotitags.covers.decode import decode_many
from spotitags.records import Album, Artist, Cover, CoverFile
from spotitags.taggers.clip.devices import DEVICES, choose_device, precision
from spotitags.taggers.clip.encoder import CHUNK, load_encoder
from spotitags.taggers.clip.tagger import ClipTagger
from spotitags.taggers.clip.weights import DEFAULT_MODEL, image_size, on_disk
from spotitags.taggers.labels.themes import themes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


PLAIN_COVERS = 16
HF_COVERS, HF_LABELS = 2, 32


def main() -> None:
    """Measure and print a table."""
    options = arguments()
    files = read_covers(options.covers, options.count)
    device = choose_device(options.device)
    random = options.random_weights or not on_disk(options.model)
    weights = "random" if random else "trained"
    print(f"{describe(device)}; torch {torch.__version__}; open_clip {open_clip.__version__}")
    print(f"{options.model}, {weights} weights, {precision(device)}; {len(files)} covers a round")
    with tempfile.TemporaryDirectory() as folder:
        model = write_random(options.model, Path(folder) / "model") if random else options.model
        tagger = ClipTagger(Path(folder), model=model, device=device)
        print(f"model loaded and labels embedded, once: {seconds(lambda: warm_up(tagger, files)):.1f} s\n")
        few = files[:PLAIN_COVERS]
        contestants = {
            "end to end": (lambda: end_to_end(tagger, files), len(files)),
            "encoder alone": encoder_alone(model, device, len(files)),
            "plain recipe": (plain_recipe(model, device, few), len(few)),
        }
        if find_spec("transformers"):
            pipeline = hugging_face(options.model, files[:HF_COVERS], Path(folder))
            contestants["HF pipeline"] = (pipeline, len(files[:HF_COVERS]))
        times = measure(contestants, options.seconds)
    ours = times["end to end"]
    print(f"{'':14} covers/s   ms of processor time   end to end to it: speed, processor time")
    for name, (wall, processor) in times.items():
        ratios = f"{wall / ours[0]:28.2f} {processor / ours[1]:8.2f}"
        print(f"{name:14} {1 / wall:8.1f} {1e3 * processor:12.1f} {ratios}")


def measure(
    contestants: dict[str, tuple[Callable[[], None], int]], least: float
) -> dict[str, tuple[float, float]]:
    """Seconds and processor time a cover: medians of as many rounds as fill ``least`` seconds."""
    for run, _ in contestants.values():
        run()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    start = time.perf_counter()
    while time.perf_counter() - start < least:
        for name, (run, covers) in contestants.items():
            processor = time.process_time()
            wall = seconds(run)
            times[name].append((wall / covers, (time.process_time() - processor) / covers))
    return {
        name: (statistics.median(wall for wall, _ in each), statistics.median(used for _, used in each))
        for name, each in times.items()
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--covers", type=Path, required=True, help="folder with *.jpg, searched in depth")
    parser.add_argument("--device", choices=DEVICES, help="default: the best there is")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="open_clip name/pretrained")
    parser.add_argument("--random-weights", action="store_true", help="even where trained ones are on disk")
    parser.add_argument("--count", type=int, default=256, help="covers a round")
    parser.add_argument("--seconds", type=float, default=60.0, help="at least that long in all")
    return parser.parse_args()


def read_covers(folder: Path, count: int) -> list[CoverFile]:
    """The first covers of a folder, in memory."""
    paths = sorted(folder.rglob("*.jpg"))[:count]
    if not paths:
        raise SystemExit(f"no *.jpg under {folder}")
    contents = [path.read_bytes() for path in paths]
    album = Album("", "", Artist(""))
    return [CoverFile(album, hashlib.sha256(data).hexdigest(), data) for data in contents]


def write_random(name: str, folder: Path) -> str:
    """Store a model of full size with random weights and the named weights' own preprocessing."""
    from safetensors.torch import save_file

    architecture, _, tag = name.partition("/")
    entry = open_clip.get_pretrained_cfg(architecture, tag)
    config = {
        "model_cfg": open_clip.get_model_config(architecture),
        "preprocess_cfg": {key: entry[key] for key in ("mean", "std", "interpolation", "resize_mode")},
    }
    folder.mkdir()
    torch.manual_seed(0)
    model = open_clip.create_model(architecture)
    save_file(
        {key: value.contiguous() for key, value in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return f"local-dir:{folder}"


def warm_up(tagger: ClipTagger, files: Sequence[CoverFile]) -> None:
    """Load the model and embed the labels."""
    results = decode_many(files[:1], tagger.image_size)
    tagger.tag([result for result in results if isinstance(result, Cover)])


def end_to_end(tagger: ClipTagger, files: Sequence[CoverFile]) -> None:
    """Decode and tag, the next batch decoded while one is tagged; a cover counts as new each time."""
    turn = str(time.perf_counter_ns())
    size = tagger.batch_size
    batches = [files[start : start + size] for start in range(0, len(files), size)]

    def decoded(batch: Sequence[CoverFile]) -> list[Cover]:
        results = decode_many(batch, tagger.image_size)
        return [Cover(r.album, turn + r.digest, r.pixels) for r in results if isinstance(r, Cover)]

    with ThreadPoolExecutor(1) as ahead:
        pending = ahead.submit(decoded, batches[0])
        for following in [*batches[1:], []]:
            covers = pending.result()
            pending = ahead.submit(decoded, following)
            tagger.tag(covers)


def encoder_alone(model: str, device: str, covers: int) -> tuple[Callable[[], None], int]:
    """The image tower on a batch that lies on the device already, and how many covers a run counts."""
    encoder = load_encoder(model, device=device, precision=precision(device), offline=True)
    side = image_size(model)
    batch = torch.randn(CHUNK[device], 3, side, side).to(device=device, dtype=encoder.dtype)
    repeats = max(1, covers // len(batch))

    def run() -> None:
        with torch.inference_mode():
            results = [encoder.model.encode_image(batch) for _ in range(repeats)]  # type: ignore[operator]
            torch.cat(results).float().cpu()

    return run, repeats * len(batch)


def plain_recipe(model: str, device: str, files: Sequence[CoverFile]) -> Callable[[], None]:
    """open_clip's README, one cover at a time."""
    name, tag = (model, None) if ":" in model else model.split("/", 1)
    network, preprocess = open_clip.create_model_from_pretrained(name, tag, device=device)
    network.eval()

    def run() -> None:
        for file in files:
            with torch.no_grad():
                picture = preprocess(Image.open(io.BytesIO(file.data))).unsqueeze(0).to(device)
                embedding = network.encode_image(picture)
                (embedding / embedding.norm(dim=-1, keepdim=True)).cpu()

    return run


def hugging_face(model: str, files: Sequence[CoverFile], folder: Path) -> Callable[[], None]:
    """The zero-shot pipeline of transformers with the same architecture, from a configuration."""
    from transformers import (  # type: ignore[import-not-found]
        CLIPConfig,
        CLIPImageProcessor,
        CLIPModel,
        CLIPTokenizer,
        pipeline,
    )

    config = open_clip.get_model_config(model.partition("/")[0])
    tokens = open_clip.SimpleTokenizer()
    merges = [" ".join(pair) for pair in sorted(tokens.bpe_ranks, key=tokens.bpe_ranks.__getitem__)]
    special = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    numbers = {special.get(token, token): number for token, number in tokens.encoder.items()}
    (folder / "vocab.json").write_text(json.dumps(numbers))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    network = CLIPModel(
        CLIPConfig(
            text_config={"hidden_size": config["text_cfg"]["width"]},
            vision_config={
                "hidden_size": config["vision_cfg"]["width"],
                "image_size": config["vision_cfg"]["image_size"],
                "patch_size": config["vision_cfg"]["patch_size"],
            },
        )
    )
    side = config["vision_cfg"]["image_size"]
    classify = pipeline(
        "zero-shot-image-classification",
        model=network.eval(),
        tokenizer=CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77),
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        ),
    )
    labels = [label for theme in themes() for label in theme.labels][:HF_LABELS]

    def run() -> None:
        for file in files:
            classify(Image.open(io.BytesIO(file.data)), candidate_labels=labels)

    return run


def seconds(run: Callable[[], None]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def describe(device: str) -> str:
    """The device in words."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores" if device == "cpu" else f"Apple GPU of {name}"


if __name__ == "__main__":
    main()
