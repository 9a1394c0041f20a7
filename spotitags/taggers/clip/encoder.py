"""open_clip's two towers behind two methods: pixels in, embeddings out; texts in, embeddings out."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from spotitags.errors import TaggerError, WeightsError
from spotitags.taggers.clip.weights import import_open_clip, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image
    from torchvision.transforms import Compose

    from spotitags.taggers.clip.weights import Weights

    Tokenizer = Callable[[Sequence[str]], torch.Tensor]


CHUNK = {"cpu": 16, "mps": 32, "cuda": 64}
"""Covers a forward pass; the next ones are resized meanwhile."""

_LABELS_AT_ONCE = {"cpu": 16, "mps": 32, "cuda": 256}  # times the number of templates
_RESIZE_THREADS = 32


class Encoder:
    """A loaded model.

    Args:
        model: open_clip's model, in fp32.
        preprocess: open_clip's own transform for it.
        tokenizer: open_clip's own tokenizer for it.
        device: ``cpu``, ``cuda`` or ``mps``.
        precision: ``bf16`` or ``fp32``.

    Attributes:
        scale: The factor from cosine to logit that the model was trained with (100 for most CLIPs). SigLIP's
            bias is not kept: it is the same for every text, so it drops out of every difference and softmax.
    """

    def __init__(
        self, model: torch.nn.Module, preprocess: Compose, tokenizer: Tokenizer, device: str, precision: str
    ) -> None:
        import torch

        logit_scale: torch.Tensor = model.logit_scale  # type: ignore[assignment]
        self.scale = float(logit_scale.detach().exp())
        # All of it: open_clip's own bf16 keeps LayerNorm in fp32, and a fifth of the time goes into casting.
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.model = model.eval().to(device=device, dtype=self.dtype)
        self.tokenizer = tokenizer
        self.device = device
        self._fit, self._mean, self._std = _split(preprocess)

    def images(self, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embeddings of covers.

        Resizing and cropping are open_clip's own, in threads beside the encoder; scaling and normalising
        happen on the device: bytes are a quarter of the floats to send there.

        Args:
            pixels: Each (height, width, 3) RGB uint8.

        Returns:
            (n, dim), of length 1 each.
        """
        import torch

        parts = []
        with ThreadPoolExecutor(_threads()) as pool, torch.inference_mode():
            mean, std = self._mean.to(self.device), self._std.to(self.device)
            for chunk in _chunks(pool.map(self._fit, pixels), CHUNK[self.device]):
                stacked = torch.from_numpy(np.stack(chunk))
                if self.device == "cuda":
                    stacked = stacked.pin_memory()
                batch = stacked.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
                batch = batch.sub_(mean).div_(std).to(self.dtype)
                parts.append(self.model.encode_image(batch).float())  # type: ignore[operator]
            joined = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
            embeddings: NDArray[np.float32] = joined.cpu().numpy()
        return embeddings

    def texts(self, names: Sequence[str], templates: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of names, each averaged over all templates and renormalised.

        Returns:
            (n, dim), of length 1 each.
        """
        import open_clip
        import torch

        joined = open_clip.build_zero_shot_classifier(
            self.model,
            self.tokenizer,
            list(names),
            list(templates),
            num_classes_per_batch=_LABELS_AT_ONCE[self.device],
            device=self.device,
        )
        embeddings: NDArray[np.float32] = (
            torch.nn.functional.normalize(joined.T.float(), dim=-1).cpu().contiguous().numpy()
        )
        return embeddings


def load(model: str, *, device: str, precision: str, offline: bool) -> Encoder:
    """Load a model by open_clip's name.

    Raises:
        NotInstalledError: open_clip is not here.
        InputError: No such model.
        WeightsError: The weights cannot be had or do not fit the model.
        TaggerError: Its tokenizer or the device cannot be had.
    """
    weights = locate(model, offline=offline)
    open_clip = import_open_clip()
    _check(device)
    try:
        network, preprocess = open_clip.create_model_from_pretrained(
            weights.model,
            weights.checkpoint,
            force_quick_gelu=weights.quick_gelu,
            **{f"image_{key}": value for key, value in weights.preprocessing.items()},
        )
    except Exception as error:  # of safetensors, pickle, zipfile, torch or json, as the file may be
        raise WeightsError(
            f"the CLIP weights {model} cannot be loaded ({type(error).__name__}: {_line(error)}): "
            "delete them to have them fetched anew, or take --tagger lite"
        ) from error
    return Encoder(network, preprocess, _tokenizer(weights, offline=offline), device, precision)


def _tokenizer(weights: Weights, *, offline: bool) -> Tokenizer:
    """open_clip's tokenizer; those of SigLIP and a few more come from transformers and the Hub."""
    import open_clip

    config = open_clip.get_model_config(weights.model)
    foreign = bool(config["text_cfg"].get("hf_tokenizer_name"))
    name = weights.tokenizer if foreign else weights.model
    try:
        tokenizer: Tokenizer = open_clip.get_tokenizer(
            name, **({"local_files_only": True} if foreign and offline else {})
        )
    except ImportError as error:
        raise TaggerError(
            f"the text tower of {name} needs more packages ({_line(error)}): pip install transformers"
        ) from error
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the tokenizer of {name} cannot be had ({_line(error)}): "
            "take --tagger lite, or run once with a network"
        ) from error
    return tokenizer


def _check(device: str) -> None:
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
    """open_clip's inference transform, cut where pictures become tensors: (resize and crop, mean, std).

    Raises:
        TaggerError: This version of open_clip builds its transform otherwise.
    """
    import torch
    from PIL import Image as PillowImage
    from torchvision.transforms import Compose, Normalize, ToTensor

    *geometry, tensor, normalize = preprocess.transforms
    if not isinstance(tensor, ToTensor) or not isinstance(normalize, Normalize):
        raise TaggerError(
            "this version of open_clip is not known here: take open-clip-torch 3.x, or --tagger lite"
        )
    picture: Callable[[Image], Image] = Compose(geometry)

    def fit(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(picture(PillowImage.fromarray(pixels)))

    return fit, torch.tensor(normalize.mean).view(3, 1, 1), torch.tensor(normalize.std).view(3, 1, 1)


def _threads() -> int:
    if sys.platform == "linux":
        return min(len(os.sched_getaffinity(0)), _RESIZE_THREADS)
    return min(os.cpu_count() or 1, _RESIZE_THREADS)


def _chunks(items: Iterable[NDArray[np.uint8]], size: int) -> Iterator[list[NDArray[np.uint8]]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
