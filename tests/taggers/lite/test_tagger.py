"""The tagger lite: tags of drawn covers, reproducibility, embeddings and start-up."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.covers import ALBUM, clock, cover, crossword, noise
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spotitags.records import Cover
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.labels.themes import themes
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import MAX_CLASS_TAGS, SIDE, imagenet_labels
from spotitags.taggers.lite.square import square
from spotitags.taggers.lite.tagger import EMBEDDING, TOP, LiteTagger
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lite")


@pytest.fixture(scope="module")
def tagger(cache_dir: Path) -> LiteTagger:
    return LiteTagger(cache_dir)


class ImageNetTagger(LiteTagger):
    """`lite` as it would be with ImageNet's labels."""

    parts = ("attributes", "imagenet")


def test_the_network_names_what_is_drawn(tagger: LiteTagger) -> None:
    first, second = tagger.tag([cover(clock()), cover(crossword())])
    assert {"analog clock", "plain background"} <= {tag.label for tag in first[:20]}
    assert {tag.label for tag in second[:20]} >= {"black and white", "lettering", "crossword", "grid"}
    assert {"high contrast", "white"} <= {tag.label for tag in second}


def test_what_goes_into_the_tags_is_part_of_the_version(cache_dir: Path, tagger: LiteTagger) -> None:
    imagenet = ImageNetTagger(cache_dir)
    assert imagenet.version != tagger.version
    (all_parts,), (two_parts,) = tagger.tag([cover(clock())]), imagenet.tag([cover(clock())])
    words = {label for theme in themes() for label in theme.labels}
    assert {tag for tag in two_parts if tag.label not in words} <= set(all_parts)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), max_size=4))
def test_tags_of_any_cover_are_in_order_and_in_range(
    tagger: LiteTagger, sizes: list[tuple[int, int]]
) -> None:
    shared = {label for theme in themes() for label in theme.labels}
    known = shared | {*attribute_labels(), *imagenet_labels()}
    tagged = tagger.tag([cover(noise(*size)) for size in sizes])
    assert len(tagged) == len(sizes)
    for tags in tagged:
        labels, weights = [tag.label for tag in tags], [tag.weight for tag in tags]
        assert weights == sorted(weights, reverse=True)
        assert all(0 <= weight <= 1 for weight in weights)
        assert len(set(labels)) == len(labels)
        assert set(labels) <= known
        assert 0 < len(set(labels) - set(attribute_labels())) <= TOP + MAX_CLASS_TAGS


def test_a_cover_gets_the_same_tags_alone_and_among_others(tagger: LiteTagger) -> None:
    covers = [cover(clock()), cover(crossword()), *(cover(noise(64, 64, seed)) for seed in range(5))]
    together = tagger.tag(covers)
    assert together == [tagger.tag([one])[0] for one in covers]
    assert together == tagger.tag(covers[::-1])[::-1]


def test_threads_share_an_instance_that_has_not_loaded_yet(cache_dir: Path, tagger: LiteTagger) -> None:
    covers = [cover(noise(80, 80, seed)) for seed in range(4)]
    fresh = LiteTagger(cache_dir)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(fresh.tag, [[one] for one in covers]))
    assert [tags for (tags,) in results] == tagger.tag(covers)


def test_covers_just_tagged_are_embedded_from_memory(tmp_path: Path) -> None:
    tagger, fresh = LiteTagger(tmp_path), LiteTagger(tmp_path)
    known = cover(clock())
    tagger.tag([known])
    masked = Cover(ALBUM, known.digest, cover(crossword()).pixels)  # known by its digest: never opened
    assert (tagger.embed([masked]) == fresh.embed([known])).all()
    assert (fresh.embed([cover(crossword())]) != tagger.embed([masked])).any()


def test_more_covers_than_fit_into_memory_are_embedded(tmp_path: Path) -> None:
    tagger = LiteTagger(tmp_path)
    covers = [Cover(ALBUM, str(number), np.full((SIDE, SIDE, 3), number, np.uint8)) for number in range(256)]
    first = tagger.embed(covers)
    again = tagger.embed([*covers, cover(clock())])  # one more than fits into memory
    np.testing.assert_array_equal(again[:-1], first)


def test_embeddings_are_one_row_a_cover(tagger: LiteTagger) -> None:
    rows = tagger.embed([cover(clock()), cover(crossword()), cover(clock())])
    assert rows.shape == (3, EMBEDDING)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[0], rows[2])
    assert np.abs(rows[0] - rows[1]).max() > 0.1
    assert tagger.embed([]).shape == (0, EMBEDDING)


def test_only_the_middle_of_an_oblong_cover_counts(tagger: LiteTagger) -> None:
    wide = Image.new("RGB", (500, 300), "red")
    wide.paste(clock(), (100, 0))
    assert tagger.tag([cover(wide)]) == tagger.tag([cover(clock())])
    tall = np.concatenate([noise(40, 260), np.full((260, 260, 3), 7, np.uint8), noise(40, 260)])
    assert (square(tall, 260) == 7).all()


def test_labels_are_a_thousand_readable_names_in_imagenet_order() -> None:
    labels = imagenet_labels()
    assert len(labels) == len(set(labels)) == 1000
    assert not set(labels) & set(attribute_labels())
    assert all(label == label.lower().strip() and "_" not in label for label in labels)
    known = {
        0: "tench",
        291: "lion",
        402: "acoustic guitar",
        566: "french horn",
        776: "saxophone",
        999: "toilet paper",
    }
    assert {index: labels[index] for index in known} == known


def test_it_is_built_through_the_registry(tmp_path: Path) -> None:
    options = TaggerOptions(cache_dir=tmp_path / "not there yet", offline=True)
    kind = tagger_class("lite")
    assert kind is LiteTagger
    assert kind.readiness(options).ready
    built = kind.from_options(options)
    assert built.name == "lite"
    assert built.version == LiteTagger(tmp_path).version
    assert "efficientnet-lite2" in built.version
    assert not options.cache_dir.exists()


def test_a_warm_start_imports_neither_torch_nor_onnx(tagger: LiteTagger) -> None:
    tagger.tag([cover(clock())])
    script = f"""
import sys
from pathlib import Path
import numpy as np
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.lite import LiteTagger
tagger = LiteTagger(Path({str(tagger.cache_dir)!r}))
tagger.version, tagger.name
assert not {{"onnxruntime", "PIL"}} & set(sys.modules), "imported before use"
assert tagger.tag([Cover(Album("a", "A", Artist("b")), "d", np.zeros((300, 300, 3), np.uint8))])[0]
assert not {{"torch", "onnx", "joblib", "mtcnn", "sklearn", "pandas"}} & set(sys.modules), "not needed"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
