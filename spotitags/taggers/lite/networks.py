"""Read PyTorch weights, and build, check and open ONNX graphs, without PyTorch."""

from __future__ import annotations

import hashlib
import logging
import pickle
import struct
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from classifiers.files import replaced_file
from classifiers.onnx_session import open_session
from spotitags.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto
    from onnxruntime import InferenceSession


_OPSET = 17
_IR_VERSION = 8

_log = logging.getLogger(__name__)


class Graph:
    """An ONNX graph under construction; methods append to it and return the name of the new value."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def node(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Append an operation; its value is named ``out``, or by its position."""
        from onnx import helper

        name = out or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, array: Any, name: str = "") -> str:  # noqa: ANN401
        """Append an array, named ``name``, or by its position."""
        from onnx import numpy_helper

        name = name or f"weights.{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def finished(
        self, name: str, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
    ) -> ModelProto:
        """Return the model of all nodes and weights."""
        from onnx import helper

        return helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, self.weights),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="spotitags",
        )


def check_weights(file: Path, sha256: str, package: str) -> None:
    """Check that a package's file has the digest that the code was written for.

    Raises:
        WeightsError: The file cannot be read, or its digest differs.
    """
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{file} cannot be read ({error.strerror}): reinstall {package}") from error
    if digest != sha256:
        raise WeightsError(f"{file} is not the file that this version knows: reinstall {package}")


def open_network(path: Path, build: Callable[[], ModelProto]) -> InferenceSession:
    """Open the network exported to ``path``; build and export it if the file is missing or broken.

    A run uses one thread: covers run in parallel instead, which is faster if other programs share the cores.

    Raises:
        WeightsError: ``build`` raises it.
    """
    if path.is_file():
        try:
            return open_session(path)
        except Exception as error:  # noqa: BLE001  # onnxruntime's errors share no base class
            _log.warning("%s is broken and is replaced (%s)", path, error)
    model = build().SerializeToString()
    try:
        with replaced_file(path) as file:
            file.write(model)
    except OSError as error:
        _log.warning("%s cannot be written, so every start builds the network again (%s)", path, error)
    return open_session(model)


_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_COUNT = struct.Struct("<q")


class _Storage:
    """A storage: elements of one type, read after the pickles."""

    def __init__(self, dtype: np.dtype[Any], count: int) -> None:
        self.dtype = dtype
        self.count = count
        self.data = b""


class _Tensor(NamedTuple):
    """A view of a storage; ``offset`` and ``strides`` count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> NDArray[Any]:
        dtype = self.storage.dtype
        strides = tuple(stride * dtype.itemsize for stride in self.strides)
        view: NDArray[Any] = np.ndarray(  # numpy rejects a view beyond its buffer
            self.shape, dtype, self.storage.data, self.offset * dtype.itemsize, strides
        )
        return np.ascontiguousarray(view).reshape(self.shape)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _StateDictUnpickler(pickle.Unpickler):
    """Unpickler that accepts only the four names that a state dict needs."""

    _KNOWN: dict[tuple[str, str], Any] = {  # noqa: RUF012
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a state dict") from None

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401
        _, dtype, key, _, count, *_ = pid
        return self.storages.setdefault(key, _Storage(dtype, count))


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Read the tensors of a legacy (non-zip) PyTorch state dict.

    Args:
        path: The ``.pth`` file.

    Returns:
        C-contiguous arrays by name, float32 or int64, in the file's order.

    Raises:
        WeightsError: The file cannot be read, is truncated, has another format or contains more than tensors.
    """
    try:
        with path.open("rb") as file:
            tensors = _read(file)
        return {name: tensor.array() for name, tensor in tensors.items()}
    except (
        OSError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        struct.error,
    ) as error:
        raise WeightsError(
            f"{path} is not a readable state dict ({error}): reinstall the package that contains it"
        ) from error


def _read(file: BinaryIO) -> dict[str, _Tensor]:
    if _unpickle(file) != _MAGIC or _unpickle(file) != _PROTOCOL:
        raise ValueError("not PyTorch's legacy format")
    _unpickle(file)  # byte order and type sizes of the writing machine; storages are little-endian anyway
    unpickler = _StateDictUnpickler(file)
    tensors: dict[str, _Tensor] = unpickler.load()
    for key in _unpickle(file):
        storage = unpickler.storages[key]
        (count,) = _COUNT.unpack(file.read(_COUNT.size))
        if count != storage.count:
            raise ValueError(f"storage {key} has {count} elements, {storage.count} were announced")
        storage.data = file.read(count * storage.dtype.itemsize)
        if len(storage.data) < count * storage.dtype.itemsize:  # numpy would allocate for an empty buffer
            raise EOFError(f"storage {key} is truncated")
    return tensors


def _unpickle(file: BinaryIO) -> Any:  # noqa: ANN401
    return _StateDictUnpickler(file).load()
