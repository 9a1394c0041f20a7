"""Any of timm's networks as a frozen backbone: its numbers of a cover, before the layer that names things."""

from __future__ import annotations

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from spotitags.errors import NotInstalledError, WeightsError
from spotitags.records import Tag
from spotitags.taggers.clip.weights import hub_file
from spotitags.taggers.features.embedding import SUFFIX, VERSION, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Cover


_LOCAL = "local-dir:"


class TimmBackbone:
    """A network of timm, asked for the pooled numbers of its last layer but one.

    What it gives is kept in the shape of tags, as `spotitags.taggers.features.embedding` does, and arrives in
    ``Seen.embeddings`` under the network's name. Nothing is loaded before the first cover.

    Args:
        model: timm's name, such as ``resnet18.a1_in1k``, whose weights come from the Hub once; or
            ``local-dir:FOLDER`` with timm's ``config.json`` and ``model.safetensors``.
        device: ``cpu``, ``cuda`` or ``mps``.
        offline: True forbids any download.
    """

    batch_size: ClassVar[int] = 32
    image_size: ClassVar[int] = 224

    def __init__(self, model: str, *, device: str = "cpu", offline: bool = False) -> None:
        self.model = model
        self.device = device
        self.offline = offline
        self.name = model + SUFFIX

    @property
    def version(self) -> str:
        """The network's name, of local weights their digest, and how numbers are kept."""
        if not self.model.startswith(_LOCAL):
            return f"timm {self.model} {VERSION}"
        return f"timm {_digest(Path(self.model.removeprefix(_LOCAL)))} {VERSION}"

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """One tag of weight 1 a cover; its label is the packed embedding in base64.

        Raises:
            NotInstalledError: timm is not here.
            WeightsError: The weights cannot be had or do not fit.
        """
        packed = pack(self.embed(covers))
        return [[Tag(base64.b64encode(row.tobytes()).decode("ascii"), 1.0)] for row in packed]

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """(n_covers, dim), as the network pools its last feature map."""
        import torch
        from PIL import Image

        network, transform = self._loaded
        pictures = torch.stack([transform(Image.fromarray(cover.pixels)) for cover in covers])
        with torch.inference_mode():
            numbers = network(pictures.to(self.device)).float().cpu().numpy()
        return np.ascontiguousarray(numbers, dtype=np.float32)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """The network without its last layer, and what makes a picture its input."""
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
                f"the backbone {self.model} cannot be had ({type(error).__name__}: {reason}): "
                "check its name, give a folder as local-dir:FOLDER, or take transfer on the tagger's numbers"
            ) from error
        from timm.data.config import resolve_model_data_config
        from timm.data.transforms_factory import create_transform

        config: dict[str, Any] = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        return network.eval().to(self.device), create_transform(**config, is_training=False)

    def _weights(self, config_of: Callable[[str], Any]) -> dict[str, str] | None:
        """Where the weights are, for timm; None for a local folder. Safetensors alone: no pickle is read."""
        if self.model.startswith(_LOCAL):
            return None
        config = config_of(self.model)
        if config is None or not config.hf_hub_id:
            raise WeightsError("timm knows no weights of that name")
        repository = config.hf_hub_id
        if repository.endswith("/"):
            repository += self.model if "." in self.model else f"{self.model}.{config.tag}"
        return {"file": str(hub_file(repository, ("model.safetensors",), offline=self.offline))}


def _digest(folder: Path) -> str:
    """Of the files of a local model."""
    total = hashlib.sha256()
    try:
        for file in sorted(folder.iterdir()):
            total.update(file.name.encode())
            total.update(file.read_bytes())
    except OSError as error:
        raise WeightsError(f"no backbone in {folder} ({error}): give a folder that timm wrote") from error
    return total.hexdigest()[:16]
