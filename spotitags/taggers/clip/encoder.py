"""CLIP's image and text encoders, loaded by open_clip."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from spotitags.errors import TaggerError, WeightsError, pip_install
from spotitags.taggers.clip.texts import encode_texts
from spotitags.taggers.clip.weights import import_open_clip, locate, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image
    from torchvision.transforms import Compose

    from spotitags.taggers.clip.texts import Tokenizer
    from spotitags.taggers.clip.weights import Weights


CHUNK = {"cpu": 16, "mps": 32, "cuda": 64}
"""Number of covers per forward pass, by device; the next ones are resized meanwhile."""

_MAX_RESIZE_THREADS = 32


class Encoder:
    """A loaded CLIP model.

    Args:
        model: open_clip's model, in fp32.
        preprocess: open_clip's transform for it.
        tokenizer: open_clip's tokenizer for it.
        device: ``cpu``, ``cuda`` or ``mps``.
        precision: ``bf16`` or ``fp32``.

    Attributes:
        scale: The factor from cosine to logit that the model was trained with (100 for most CLIP models).
            SigLIP's bias is ignored: it is the same for every text, so it cancels in differences and softmax.
    """

    def __init__(
        self, model: torch.nn.Module, preprocess: Compose, tokenizer: Tokenizer, device: str, precision: str
    ) -> None:
        import torch

        logit_scale: torch.Tensor = model.logit_scale  # type: ignore[assignment]
        self.scale = float(logit_scale.detach().exp())
        # The whole model: open_clip's bf16 keeps LayerNorm in fp32, and casting takes a fifth of the time.
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.model = model.eval().to(device=device, dtype=self.dtype)
        self.tokenizer = tokenizer
        self.device = device
        self._resize, self._mean, self._std = _split(preprocess)

    def encode_images(self, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the embeddings of covers.

        Covers are resized and cropped by open_clip's transform, in threads beside the encoder. They are
        scaled and normalised on the device, since bytes are a quarter of the floats to transfer.

        Args:
            pixels: Each (height, width, 3) RGB uint8.

        Returns:
            (n, dim), of length 1 each.
        """
        import torch

        parts = []
        with ThreadPoolExecutor(_resize_threads()) as pool, torch.inference_mode():
            mean, std = self._mean.to(self.device), self._std.to(self.device)
            for chunk in _chunks(pool.map(self._resize, pixels), CHUNK[self.device]):
                stacked = torch.from_numpy(np.stack(chunk))
                if self.device == "cuda":
                    stacked = stacked.pin_memory()
                batch = stacked.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
                batch = batch.sub_(mean).div_(std).to(self.dtype)
                parts.append(self.model.encode_image(batch).float())  # type: ignore[operator]
            joined = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
            embeddings: NDArray[np.float32] = joined.cpu().numpy()
        return embeddings

    def encode_texts(self, names: Sequence[str], templates: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of names, each averaged over all templates and normalised again.

        Args:
            names: Labels or genres, n of them.
            templates: Sentences with ``{}`` in place of the name.

        Returns:
            (n, dim), of length 1 each.
        """
        import torch

        sentences = [template.format(name) for name in names for template in templates]
        each = encode_texts(self.model, self.tokenizer, sentences, self.device)
        means = each.float().reshape(len(names), len(templates), -1).mean(dim=1)
        embeddings: NDArray[np.float32] = (
            torch.nn.functional.normalize(means, dim=-1).cpu().contiguous().numpy()
        )
        return embeddings


def load_encoder(model: str, *, device: str, precision: str, offline: bool) -> Encoder:
    """Load a model by its open_clip name.

    Raises:
        NotInstalledError: open_clip is not installed.
        InputError: There is no such model.
        WeightsError: The weights are missing, or do not fit the model.
        TaggerError: The tokenizer or the device is not available.
    """
    weights = locate(model, offline=offline)
    open_clip = import_open_clip()
    _check_device(device)
    try:
        network, preprocess = open_clip.create_model_from_pretrained(
            weights.model,
            weights.checkpoint,
            force_quick_gelu=weights.quick_gelu,
            weights_only=True,  # of a checkpoint that is a pickle: no code in it is run
            **{f"image_{key}": value for key, value in weights.preprocessing.items()},
        )
    except Exception as error:  # of safetensors, pickle, zipfile, torch or json, depending on the file
        raise WeightsError(
            f"the CLIP weights {model} cannot be loaded ({type(error).__name__}: {one_line(error)}): "
            "delete them to download them again, or take --tagger lite"
        ) from error
    return Encoder(network, preprocess, _load_tokenizer(weights, offline=offline), device, precision)


def _load_tokenizer(weights: Weights, *, offline: bool) -> Tokenizer:
    """Load open_clip's tokenizer; those of SigLIP and a few others come from transformers and the Hub."""
    import open_clip

    config = open_clip.get_model_config(weights.model)
    from_hub = bool(config["text_cfg"].get("hf_tokenizer_name"))
    name = weights.tokenizer if from_hub else weights.model
    try:
        tokenizer: Tokenizer = open_clip.get_tokenizer(
            name, **({"local_files_only": True} if from_hub and offline else {})
        )
    except ImportError as error:
        raise TaggerError(
            f"the text encoder of {name} needs more packages ({one_line(error)}): "
            f"{pip_install()} transformers"
        ) from error
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the tokenizer of {name} is not available ({one_line(error)}): "
            "take --tagger lite, or run once with a network"
        ) from error
    return tokenizer


def _check_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise TaggerError(
            "torch cannot use the GPU here (driver too old, or torch built without CUDA): take --device cpu"
        )
    if device == "mps" and not torch.backends.mps.is_available():
        raise TaggerError("torch cannot use Apple's GPU here: take --device cpu")


def _split(
    preprocess: Compose,
) -> tuple[Callable[[NDArray[np.uint8]], NDArray[np.uint8]], torch.Tensor, torch.Tensor]:
    """Split open_clip's inference transform where the image becomes a tensor.

    Returns:
        The function that resizes and crops, from (height, width, 3) to (side, side, 3) RGB uint8, then mean
        and standard deviation of the channels, (3, 1, 1) each, for values in [0, 1].

    Raises:
        TaggerError: This version of open_clip builds its transform differently.
    """
    import torch
    from PIL import Image as PillowImage
    from torchvision.transforms import Compose, Normalize, ToTensor

    *geometry, tensor, normalize = preprocess.transforms
    if not isinstance(tensor, ToTensor) or not isinstance(normalize, Normalize):
        raise TaggerError(
            "this version of open_clip is not supported: take open-clip-torch 3.x, or --tagger lite"
        )
    transform: Callable[[Image], Image] = Compose(geometry)

    def resize(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(transform(PillowImage.fromarray(pixels)))

    return resize, torch.tensor(normalize.mean).view(3, 1, 1), torch.tensor(normalize.std).view(3, 1, 1)


def _resize_threads() -> int:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, _MAX_RESIZE_THREADS)


def _chunks(items: Iterable[NDArray[np.uint8]], size: int) -> Iterator[list[NDArray[np.uint8]]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
