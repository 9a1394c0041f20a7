"""Choose the device and the precision for torch, without importing torch."""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from spotitags.errors import InputError

DEVICES = ("cpu", "cuda", "mps")

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*, cuda.h
_AMPERE = (8, 0)  # the first GPU generation that computes in bf16


def choose_device(wanted: str | None = None) -> str:
    """Return the device to run on.

    Args:
        wanted: ``cpu``, ``cuda`` or ``mps``. None chooses ``cuda`` if there are a driver, a GPU and a CUDA
            build of torch, ``mps`` on Apple silicon, else ``cpu``.

    Raises:
        InputError: There is no device of that name.
    """
    if wanted is not None:
        if wanted not in DEVICES:
            raise InputError(f"no device is called {wanted!r}; take one of {', '.join(DEVICES)}")
        return wanted
    if cuda_capability() is not None and _torch_has_cuda():
        return "cuda"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def precision(device: str) -> str:
    """Return ``bf16`` if the hardware computes in it (three times as fast on CPUs), else ``fp32``."""
    if device == "cuda":
        capability = cuda_capability()
        return "bf16" if capability is None or capability >= _AMPERE else "fp32"
    return "bf16" if device == "cpu" and _cpu_has_bf16() else "fp32"


@cache
def cuda_capability() -> tuple[int, int] | None:
    """Return the compute capability of the first NVIDIA GPU, from its driver; None if there is none."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or count.value < 1:
            return None
        # Device handles are ordinals starting at 0.
        if driver.cuDeviceGetAttribute(ctypes.byref(major), _MAJOR, 0):
            return None
        if driver.cuDeviceGetAttribute(ctypes.byref(minor), _MINOR, 0):
            return None
    except (OSError, AttributeError):
        return None
    return major.value, minor.value


def _torch_has_cuda() -> bool:
    """Return whether the installed torch is a CUDA build."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    libraries = Path(spec.origin).parent / "lib"
    return any((libraries / name).exists() for name in ("libtorch_cuda.so", "torch_cuda.dll"))


@cache
def _cpu_has_bf16() -> bool:
    """Return whether an x86 CPU multiplies in bf16; only Linux reports it in a file."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
