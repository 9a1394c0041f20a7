"""The tagger `lite`: an open vocabulary on EfficientNet-Lite2, and measured attributes; needs no PyTorch."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

import numpy as np

from classifiers.arrays import l2_normalised
from spotitags.errors import pip_install
from spotitags.taggers.base import Readiness
from spotitags.taggers.lite import attributes, efficientnet, faces, mtcnn
from spotitags.taggers.lite.efficientnet import GRAPH_VERSION, POOLED, SIDE, WEIGHTS_SHA256
from spotitags.taggers.lite.head import GROUP, load_head
from spotitags.taggers.lite.square import square, square_image
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
"""Maximum number of vocabulary labels per cover."""
PARTS = ("attributes", "vocabulary", "imagenet")
"""Sources of tags. The weight of a label in several sources is that of the first. Custom labels exclude the
third."""
SHARPNESS = 1.0
"""Logits of a genre vote per standard deviation of contrast; docs/lite.md explains how it was chosen."""

VECTOR_SCALE = 4.0
"""Factor of a cover's sentence-space vector in its embedding, to balance it with the network's features. Not
part of any version: raise `GRAPH_VERSION` when it changes."""
VECTOR = 384
"""Dimension of a cover's sentence-space vector."""
EMBEDDING = POOLED + VECTOR
"""Dimension of a cover's embedding."""

_NETWORK = f"efficientnet-lite2-{WEIGHTS_SHA256[:8]} graph-{GRAPH_VERSION}"
_MAX_EMBEDDINGS = 256  # in memory; 9 KB each
_S = TypeVar("_S")
_T = TypeVar("_T")


class CoverFeatures(NamedTuple):
    """Features of one cover.

    Attributes:
        embedding: (`EMBEDDING`,).
        vector: (`VECTOR`,) in the sentence space, of length 1.
        probabilities: (1000,) of ImageNet's classes.
    """

    embedding: NDArray[np.float32]
    vector: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class _Outputs(NamedTuple):
    """The network's outputs, (3208,) and (1000,), and the attributes of one cover."""

    features: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    attributes: list[Tag]


class LiteTagger:
    """Tags covers on any CPU, without PyTorch, network access or keys.

    The weight of a label is how much likelier it fits this cover than covers in general; that of an attribute
    is measured on the pixels (docs/lite.md). The tags of a cover do not depend on the covers beside it.
    Threads may share an instance. The latest embeddings stay in memory for `embed`.

    Args:
        cache_dir: Folder for the network exported at the first use (26 MB); created if necessary.
        labels: Custom labels; empty for the built-in ones, which need no sentence encoder.
    """

    name: ClassVar[str] = "lite"
    image_size = SIDE
    batch_size = 64
    parts: ClassVar[tuple[str, ...]] = PARTS

    def __init__(self, cache_dir: Path, labels: Sequence[str] = ()) -> None:
        self.cache_dir = cache_dir
        self.labels = tuple(labels)
        self._vocabulary = Vocabulary(cache_dir, self.labels)
        self._genres = GenreVectors(cache_dir)
        self._face_finder = faces.FaceFinder(cache_dir)
        self._lock = threading.Lock()
        self._loaded: InferenceSession | None = None
        self._embeddings: OrderedDict[str, NDArray[np.float32]] = OrderedDict()  # by cover digest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.cache_dir)!r})"

    @cached_property
    def version(self) -> str:
        """Weights, graph, labels and attributes in one line. Loads no network."""
        versions = {
            "attributes": f"attributes-{attributes.VERSION} faces-{faces.VERSION}.{mtcnn.GRAPH_VERSION}",
            "vocabulary": f"{self._vocabulary.version} top-{TOP}",
            "imagenet": efficientnet.imagenet_version(),
        }
        return " ".join([_NETWORK, *(versions[part] for part in self._parts)])

    @property
    def _parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part != "imagenet" or not self.labels)

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:
        """Build the tagger from options; the device is always the CPU, and nothing is downloaded."""
        return cls(options.cache_dir, options.labels)

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Return whether onnxruntime and the packages with the weights are installed; imports none."""
        for module in ("onnxruntime", efficientnet.PACKAGE, mtcnn.PACKAGE):
            if find_spec(module) is None:
                package = module.replace("_", "-")
                return Readiness(
                    ready=False, reason=f"{package} is missing", remedy=f"{pip_install()} {package}"
                )
        return Readiness(ready=True, reason="runs on any CPU; its weights are installed with SpotiTags")

    def preparation(self) -> str | None:
        """Return what is to be done once for custom labels; None if nothing is.

        Raises:
            NotInstalledError: The sentence encoder is needed and not installed.
        """
        return self._vocabulary.preparation()

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Return the `TOP` best labels, attributes and ImageNet classes of each cover, heaviest first.

        Labels are unique; equal weights are sorted by label.

        Raises:
            NotInstalledError: The sentence encoder is needed for custom labels and not installed.
            WeightsError: The weights of the network or the head cannot be read.
        """
        if "vocabulary" in self._parts:
            self._vocabulary.load()
        outputs = self._map(self._measure, covers)
        features = self._features(covers, [(each.features, each.probabilities) for each in outputs])
        return self._map(self._merge, [*zip(features, outputs, strict=True)])

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Return the spatial means of the network's last stages and the sentence-space vector of covers.

        Returns:
            (n_covers, `EMBEDDING`); docs/lite.md describes the columns.

        Raises:
            WeightsError: The weights of the network or the head cannot be read.
        """
        with self._lock:  # copied now: the embeddings of new covers may push them out
            rows = {c.digest: self._embeddings[c.digest] for c in covers if c.digest in self._embeddings}
        new = [cover for cover in covers if cover.digest not in rows]
        outputs = self._map(lambda cover: self._run(square(cover.pixels, SIDE)), new)
        computed = self._features(new, outputs)
        rows |= {cover.digest: row.embedding for cover, row in zip(new, computed, strict=True)}
        return np.stack([rows[c.digest] for c in covers]) if covers else np.empty((0, EMBEDDING), np.float32)

    def votes_version(self, genres: Sequence[str]) -> str:
        """Return what `genre_votes` depends on besides the cover, in one line. Loads no network."""
        return f"{_NETWORK} {self._genres.version(genres)} sharpness-{SHARPNESS}"

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """Return the zero-shot vote of each cover: a probability per genre, summing to 1.

        Args:
            covers: Any number of covers.
            genres: Two or more names, none repeated; any words.

        Raises:
            InputError: There are fewer than two genres, one is repeated, or one needs the sentence encoder,
                which is not installed.
            WeightsError: The weights of the network or the head cannot be read.
        """
        check_genres(genres)
        return self.embedding_votes(self.embed(covers), genres)

    def embedding_votes(
        self, embeddings: NDArray[np.float32], genres: Sequence[str]
    ) -> list[dict[str, float]]:
        """Return the same votes from `embed`'s (n_covers, `EMBEDDING`); loads no network."""
        check_genres(genres)
        contrast = self._genres.contrast(vectors_of(embeddings), genres)
        return softmax_votes(SHARPNESS * contrast.astype(np.float64), genres)

    def _map(self, function: Callable[[_S], _T], items: Sequence[_S]) -> list[_T]:
        """Call a function for each item in threads: resizing, measuring and the network release the GIL.

        This is nearly twice as fast as batches spread over all cores if other programs use the cores, too.
        For the same reason the head's matrix products run in one thread.
        """
        if not items:
            return []
        self._session()
        with _blas().limit(limits=1), ThreadPoolExecutor(min(len(items), _cores())) as pool:
            return list(pool.map(function, items))

    def _measure(self, cover: Cover) -> _Outputs:
        """Run the network and measure the attributes of one cover."""
        image = square_image(cover.pixels, SIDE)
        tags: list[Tag] = []
        if "attributes" in self._parts:
            found = self._face_finder.find(image)
            tags = attributes.attributes(image) + attributes.face_attributes(found, SIDE)
        return _Outputs(*self._run(np.asarray(image)), tags)

    def _merge(self, cover: tuple[CoverFeatures, _Outputs]) -> list[Tag]:
        """Return the tags of one cover, from all parts."""
        features, outputs = cover
        sources: dict[str, Callable[[], list[Tag]]] = {
            "attributes": lambda: outputs.attributes,
            "vocabulary": lambda: self._vocabulary.tags(features.vector, TOP),
            "imagenet": lambda: efficientnet.imagenet_tags(features.probabilities),
        }
        tags: dict[str, Tag] = {}
        for part in self._parts:
            for tag in sources[part]():
                tags.setdefault(tag.label, tag)
        return sorted(tags.values(), key=lambda tag: (-tag.weight, tag.label))

    def _run(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the network's features and probabilities of one cover, (3208,) and (1000,)."""
        features, probabilities = self._session().run(
            ["features", "probabilities"], {"pixels": pixels[np.newaxis]}
        )
        return features[0], probabilities[0]

    def _features(
        self, covers: Sequence[Cover], outputs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
    ) -> list[CoverFeatures]:
        """Compute the features of covers from `_run`; their embeddings stay in memory for `embed`."""
        groups = [outputs[start : start + GROUP] for start in range(0, len(outputs), GROUP)]
        features = [each for group in self._map(self._from_outputs, groups) for each in group]
        with self._lock:
            for cover, each in zip(covers, features, strict=True):
                self._embeddings[cover.digest] = each.embedding
            while len(self._embeddings) > _MAX_EMBEDDINGS:
                self._embeddings.popitem(last=False)
        return features

    def _from_outputs(
        self, outputs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]
    ) -> list[CoverFeatures]:
        """Build the features of covers from `_run`."""
        vectors = load_head().project(np.stack([features for features, _ in outputs]))
        return [
            CoverFeatures(np.concatenate([features[:POOLED], VECTOR_SCALE * vector]), vector, probabilities)
            for (features, probabilities), vector in zip(outputs, vectors, strict=True)
        ]

    def _session(self) -> InferenceSession:
        with self._lock:
            if self._loaded is None:
                self._loaded = efficientnet.open_model(self.cache_dir)
            return self._loaded


def vectors_of(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sentence-space vectors, (n, `VECTOR`) of length 1 each, from (n, `EMBEDDING`) embeddings."""
    return l2_normalised(embeddings[:, POOLED:])


@cache
def _blas() -> ThreadpoolController:
    """Return the controller of the threads of numpy's matrix products."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
