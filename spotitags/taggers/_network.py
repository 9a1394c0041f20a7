"""Opens a network in onnxruntime, exporting it to disk the first time."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto
    from onnxruntime import InferenceSession

_log = logging.getLogger(__name__)


def open_network(path: Path, build: Callable[[], ModelProto]) -> InferenceSession:
    """Open the network that is exported at ``path``; build and export it where it is missing or broken.

    A run takes one thread: covers are run side by side instead, which keeps its pace when other programs
    share the cores.

    Raises:
        WeightsError: As ``build`` does.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if path.is_file():
        try:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # onnxruntime's errors share no base of their own
            _log.warning("%s is broken and is written anew (%s)", path, error)
    model = build().SerializeToString()
    _keep(path, model)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


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
