"""Embeddings of covers by any network of timm, before its classification layer."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotitags.errors import NotInstalledError, WeightsError
from spotitags.taggers.base import FeatureExtractor
from spotitags.taggers.clip.weights import hub_file
from spotitags.taggers.features.embedding import NAME_SUFFIX, PACKING_VERSION, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover


_LOCAL = "local-dir:"
_WEIGHTS = "model.safetensors"
_PART = 2**20  # bytes


class TimmBackbone(FeatureExtractor):
    """Pooled features of a network of timm. Weights load with the first cover.

    Args:
        model: Name in timm, such as ``resnet18.a1_in1k``, whose weights are downloaded once from the Hub; or
            ``local-dir:FOLDER`` with timm's ``config.json`` and ``model.safetensors``.
        device: ``cpu``, ``cuda`` or ``mps``.
        offline: True forbids downloads.
    """

    batch_size = 32
    image_size = 224

    def __init__(self, model: str, *, device: str = "cpu", offline: bool = False) -> None:
        self.model = model
        self.device = device
        self.offline = offline
        self.feature = model
        self.name = model + NAME_SUFFIX

    @property
    def version(self) -> str:
        """Name of the network, digest of local weights, and version of the packing."""
        if not self.model.startswith(_LOCAL):
            return f"timm {self.model} {PACKING_VERSION}"
        return f"timm {_digest(Path(self.model.removeprefix(_LOCAL)))} {PACKING_VERSION}"

    def extract(self, covers: Sequence[Cover]) -> NDArray[np.uint8]:
        """Embed covers, packed as (n_covers, 4 + dim).

        Raises:
            NotInstalledError: timm is not installed.
            WeightsError: The weights are not available or do not fit.
        """
        return pack(self.embed(covers))

    @staticmethod
    def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n_covers, dim) features."""
        return unpack(packed)

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Embed covers as (n_covers, dim), the pooled last feature map of the network."""
        import torch
        from PIL import Image

        network, transform = self._loaded
        pictures = torch.stack([transform(Image.fromarray(cover.pixels)) for cover in covers])
        with torch.inference_mode():
            numbers = network(pictures.to(self.device)).float().cpu().numpy()
        return np.ascontiguousarray(numbers, dtype=np.float32)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """Network without its last layer, and the transform of its input pictures."""
        try:
            import timm
        except ImportError as error:
            raise NotInstalledError("the backbones of timm", "clip") from error
        try:
            weights = self._weights(timm.models.get_pretrained_cfg)
            network = timm.create_model(
                self.model, pretrained=True, num_classes=0, pretrained_cfg_overlay=weights
            )
        except Exception as error:  # of timm, torch, safetensors, json or the Hub, as it may be
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(
                f"the backbone {self.model} cannot be loaded ({type(error).__name__}: {reason}): "
                "check its name, give a folder as local-dir:FOLDER, or use plain transfer"
            ) from error
        from timm.data.config import resolve_model_data_config
        from timm.data.transforms_factory import create_transform

        config: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        return network.eval().to(self.device), create_transform(**config, is_training=False)

    def _weights(self, config_of: Callable[[str], Any]) -> dict[str, str] | None:
        """Return the weights file for timm; None for a local folder. Only safetensors: no pickle is read."""
        if self.model.startswith(_LOCAL):
            if not (Path(self.model.removeprefix(_LOCAL)) / _WEIGHTS).is_file():
                raise WeightsError(f"the folder holds no {_WEIGHTS}, and no other weights are read")
            return None
        config = config_of(self.model)
        if config is None or not config.hf_hub_id:
            raise WeightsError("timm knows no weights of that name")
        repository = config.hf_hub_id
        if repository.endswith("/"):
            repository += self.model if "." in self.model else f"{self.model}.{config.tag}"
        return {"file": str(hub_file(repository, (_WEIGHTS,), offline=self.offline))}


def _digest(folder: Path) -> str:
    """Return a digest of the files of a local model; pipes and devices in the folder are not read."""
    total = hashlib.sha256()
    try:
        for file in sorted(each for each in folder.iterdir() if each.is_file()):
            total.update(file.name.encode())
            with file.open("rb") as stream:
                while part := stream.read(_PART):
                    total.update(part)
    except OSError as error:
        raise WeightsError(f"no backbone in {folder} ({error}): give a folder that timm wrote") from error
    return total.hexdigest()[:16]
