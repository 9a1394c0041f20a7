"""The contract of all taggers, tested on synthetic covers; paid ones use servers on loopback."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from helpers.grpc_servers import KEY, ClarifaiReplay, GoogleReplay
from helpers.packages import install_example
from helpers.tiny_clip import tiny_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import SecretStr

from spotitags.records import Album, Artist, Cover, Skipped, Tag
from spotitags.taggers.base import HasCost, TaggerOptions
from spotitags.taggers.registry import tagger_class, tagger_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from clarifai_grpc.grpc.api import service_pb2
    from google.cloud import vision

    from spotitags.taggers.base import Tagger


class Sample(NamedTuple):
    """A tagger to test, and by how much a cover's weights may depend on the other covers."""

    tagger: Tagger
    tolerance: float


def number(image: bytes, of: int) -> int:
    """Return one of ``of`` numbers, by the digest of the image."""
    return hashlib.sha256(image).digest()[0] % of


class SeeingClarifai(ClarifaiReplay):
    """Responds by the image, while the replay responds by its position."""

    def answer(self, body: dict[str, Any], request: service_pb2.PostModelOutputsRequest) -> Any:
        """Return one of the fixture's outputs for each image."""
        outputs, images = body["outputs"], self.images(request)
        chosen = [outputs[number(image, len(outputs))] for image in images]
        placed = [output | {"input": {"id": str(place)}} for place, output in enumerate(chosen)]
        return super().answer(body | {"outputs": placed}, request)


class SeeingGoogle(GoogleReplay):
    """Responds by the image, while the replay responds by its position."""

    def answer(self, body: dict[str, Any], request: vision.BatchAnnotateImagesRequest) -> Any:
        """Return one of the fixture's responses for each image."""
        found, images = body["responses"], self.images(request)
        return super().answer({"responses": [found[number(image, len(found))] for image in images]}, request)


@contextmanager
def clarifai(folder: Path) -> Iterator[Sample]:
    server = SeeingClarifai()
    server.answers("outputs")
    with server.running():
        options = TaggerOptions(folder, clarifai_key=SecretStr(KEY), clarifai_address=server.address)
        yield Sample(tagger_class("clarifai").from_options(options), 0)


@contextmanager
def google(folder: Path) -> Iterator[Sample]:
    server = SeeingGoogle()
    server.answers("labels")
    with server.running():
        options = TaggerOptions(folder, google_vision_address=server.address)
        yield Sample(tagger_class("google-vision").from_options(options), 0)


@contextmanager
def clip(folder: Path) -> Iterator[Sample]:
    options = TaggerOptions(
        folder,
        clip_model=tiny_clip(folder / "tiny"),
        device="cpu",
        offline=True,
        labels=("goat", "red sun", "sea"),
    )
    yield Sample(tagger_class("clip").from_options(options), 0.02)  # bf16 has 8 bits


@contextmanager
def lite(folder: Path) -> Iterator[Sample]:
    yield Sample(tagger_class("lite").from_options(TaggerOptions(folder)), 0)


@contextmanager
def text(folder: Path) -> Iterator[Sample]:
    yield Sample(tagger_class("text").from_options(TaggerOptions(folder)), 0)


@contextmanager
def example(folder: Path) -> Iterator[Sample]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(install_example(folder / "site")))
        yield Sample(tagger_class("example").from_options(TaggerOptions(folder)), 0)


MADE: dict[str, Callable[[Path], AbstractContextManager[Sample]]] = {
    "clarifai": clarifai, "clip": clip, "example": example, "google-vision": google, "lite": lite,
    "text": text,
}  # fmt: skip


@pytest.fixture(scope="module", params=sorted(MADE))
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    with MADE[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@dataclass(frozen=True)
class Drawing:
    """Parameters of a synthetic cover."""

    kind: str
    width: int
    height: int
    colour: tuple[int, int, int]
    seed: int

    def cover(self) -> Cover:
        pixels = np.full((self.height, self.width, 3), self.colour, np.uint8)
        random = np.random.default_rng(self.seed)
        if self.kind == "noise":
            pixels = random.integers(0, 256, pixels.shape, dtype=np.uint8)
        elif self.kind == "slope":
            pixels = (pixels * np.linspace(0, 1, self.width)[:, np.newaxis]).astype(np.uint8)
        elif self.kind == "halves":
            pixels[self.height // 2 :] = 255 - pixels[self.height // 2 :]
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
        data = file.getvalue()
        decoded = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        return Cover(Album(str(self.seed), "", Artist("a")), hashlib.sha256(data).hexdigest(), decoded, data)


SIDE = st.integers(32, 128)
DRAWINGS = st.builds(
    Drawing,
    st.sampled_from(["flat", "noise", "slope", "halves"]),
    SIDE, SIDE,
    st.tuples(*[st.sampled_from([0, 1, 60, 128, 200, 255])] * 3),
    st.integers(0, 3),
)  # fmt: skip
COVERS = st.lists(DRAWINGS, max_size=4)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def tags_of(tagger: Tagger, covers: Sequence[Cover]) -> list[list[Tag]]:
    found = tagger.tag(covers)
    assert len(found) == len(covers)
    assert not any(isinstance(tags, Skipped) for tags in found), "each of these covers can be read"
    return found  # type: ignore[return-value]


def alike(one: Sequence[Tag], other: Sequence[Tag], tolerance: float) -> bool:
    """Return whether weights agree; a label that is only in one list weighs at most the last of the other."""
    if not tolerance:
        return list(one) == list(other)
    first, second = dict(one), dict(other)
    least = [min(weights.values(), default=0.0) for weights in (first, second)]
    return all(
        abs(first.get(label, least[0]) - second.get(label, least[1])) <= tolerance for label in first | second
    )


def test_every_installed_tagger_is_tested_here() -> None:
    assert set(tagger_names()) <= set(MADE)


@few
@given(drawings=COVERS)
def test_weights_are_in_0_to_1_best_first_and_labels_are_unique(
    sample: Sample, drawings: list[Drawing]
) -> None:
    for tags in tags_of(sample.tagger, [drawing.cover() for drawing in drawings]):
        weights = [tag.weight for tag in tags]
        assert all(0 <= weight <= 1 for weight in weights)
        assert weights == sorted(weights, reverse=True)
        assert len({tag.label for tag in tags}) == len(tags)
        for label, _ in tags:
            assert label == " ".join(label.split()).lower()
            assert label


@few
@given(drawings=COVERS)
def test_a_cover_has_the_same_tags_with_any_other_covers(sample: Sample, drawings: list[Drawing]) -> None:
    covers = [drawing.cover() for drawing in drawings]
    together = tags_of(sample.tagger, covers)
    backwards = tags_of(sample.tagger, covers[::-1])[::-1]
    alone = [tags_of(sample.tagger, [cover])[0] for cover in covers]
    for tags, turned, single in zip(together, backwards, alone, strict=True):
        assert alike(tags, turned, sample.tolerance)
        assert alike(tags, single, sample.tolerance)


def test_no_covers_have_no_tags(sample: Sample) -> None:
    assert list(sample.tagger.tag([])) == []


def test_a_full_batch_has_a_result_per_cover(sample: Sample) -> None:
    size = sample.tagger.batch_size
    covers = [Drawing("flat", 32, 32, (n % 256, n // 256, 99), n).cover() for n in range(min(size, 128))]
    assert len(tags_of(sample.tagger, covers)) == len(covers)
    if isinstance(sample.tagger, HasCost):
        sizes = [len(cover.data) for cover in covers]
        assert sample.tagger.calls_for(sizes) == 1
        assert sample.tagger.calls_for([*sizes, 1]) == 2
        assert sample.tagger.calls_for([]) == 0
        assert sample.tagger.cost
        assert "\n" not in sample.tagger.cost


def test_name_version_and_sizes_are_valid_and_constant(sample: Sample) -> None:
    tagger = sample.tagger
    assert tagger.name in MADE
    assert tagger.version
    assert "\n" not in tagger.version
    assert tagger.version == tagger.version
    assert "+" not in tagger.name, "which joins the names of merged taggers"
    assert tagger.image_size >= 1
    assert tagger.batch_size >= 1
