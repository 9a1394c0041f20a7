"""Processes that decode single covers, and are killed if one takes too long or too much memory.

Decoders run in C and cannot be interrupted in a thread. A worker is a Python of its own, which reads files
from its stdin and writes pixels to its stdout, and ends with this process.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import IO, TYPE_CHECKING, Any, Final, cast

from spotitags.errors import CoverError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

SECONDS: Final = 4.5
"""Time to decode one cover; with the end of a worker, a cover takes at most 5."""
SPARE: Final = 32_000_000
"""Bytes that a worker may take for a cover in addition to the estimate, besides three copies of the file."""

LARGE: Final = 220_000_000
"""Bytes for one cover before which the workers that wait are ended, for each keeps 40 MB."""

_IDLE: Final = 60  # seconds after which a worker without work ends
_LENGTH: Final = 8  # bytes of the length before each part of a message
_START: Final = "import sys; sys.path[:] = {path!r}; from spotitags.covers.worker import serve; serve()"

_SETTINGS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000",  # glibc gives larger blocks back at once
}

Worker = subprocess.Popen[bytes]


class Cancellation:
    """Ends decoding early, from another thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._workers: set[Worker] = set()
        self.cancelled = False

    def cancel(self) -> None:
        """Kill the workers that decode now, and let further covers fail at once."""
        with self._lock:
            self.cancelled = True
            for worker in self._workers:
                worker.kill()

    def check(self) -> None:
        """Check that decoding may go on.

        Raises:
            CancelledError: It was cancelled.
        """
        if self.cancelled:
            raise CancelledError

    @contextmanager
    def watched(self, worker: Worker) -> Iterator[None]:
        """Kill the worker if decoding is cancelled in this context."""
        with self._lock:
            self.check()
            self._workers.add(worker)
        try:
            yield
        finally:
            with self._lock:
                self._workers.discard(worker)


class WorkerPool:
    """Workers that wait for the next cover; one more starts whenever all are busy."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []

    def pixels(
        self,
        arguments: Mapping[str, Any],
        data: bytes,
        memory: int,
        cancellation: Cancellation,
    ) -> NDArray[np.uint8]:
        """Decode in a worker.

        Args:
            arguments: Those of `spotitags.covers.pixels.rgb_pixels`, without ``data``.
            data: The file.
            memory: Bytes that the worker may take in addition to those with which it starts.
            cancellation: Ends decoding early.

        Returns:
            As `spotitags.covers.pixels.rgb_pixels`.

        Raises:
            CoverError: With one of `spotitags.errors.REASONS`; ``too-slow`` after `SECONDS`.
            CancelledError: Decoding was cancelled.
        """
        import numpy as np

        request = {"memory": memory, "arguments": arguments}
        answer = None
        if memory > LARGE:
            self.close()
        while answer is None:
            worker = self._take()
            fresh = worker is None
            answer = self._answer(worker or _start(), request, data, cancellation)
            if answer is None and fresh:
                raise CoverError("broken", f"{arguments['kind']}: its decoder crashed")
        found, content = answer
        if "reason" in found:
            raise CoverError(found["reason"], found["detail"])
        return np.frombuffer(content, np.uint8).reshape(found["shape"])

    def close(self) -> None:
        """End the workers that wait."""
        while worker := self._take():
            _end(worker)

    def forget(self) -> None:
        """Forget the workers, which belong to the process that this one was forked from."""
        self._idle = []

    def _take(self) -> Worker | None:
        with suppress(IndexError):
            return self._idle.pop()
        return None

    def _answer(
        self, worker: Worker, request: Mapping[str, Any], data: bytes, cancellation: Cancellation
    ) -> tuple[dict[str, Any], bytearray] | None:
        """Return the answer of a worker; None if it died."""
        late = Timer(SECONDS, worker.kill)
        late.daemon = True
        answer = None
        try:
            with cancellation.watched(worker):
                late.start()
                answer = _exchange(worker, request, data)
        finally:
            in_time = late.is_alive()
            late.cancel()
            if answer is None:
                _end(worker)
            else:
                self._idle.append(worker)
        cancellation.check()
        if answer is None and not in_time:
            raise CoverError("too-slow", f"{request['arguments']['kind']}: more than {SECONDS:g} s")
        return answer


def _start() -> Worker:
    return subprocess.Popen(  # noqa: S603  (this Python)
        [sys.executable, "-c", _START.format(path=sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_SETTINGS},
        start_new_session=True,  # Ctrl-C at a terminal goes to this process alone
    )


def _end(worker: Worker) -> None:
    worker.kill()
    for stream in filter(None, (worker.stdin, worker.stdout)):
        with suppress(OSError):
            stream.close()
    worker.wait()


def _exchange(
    worker: Worker, request: Mapping[str, Any], data: bytes
) -> tuple[dict[str, Any], bytearray] | None:
    try:
        _write(cast("IO[bytes]", worker.stdin), request, data)
        return _read(cast("IO[bytes]", worker.stdout))
    except (OSError, EOFError, ValueError):
        return None


def _write(stream: IO[bytes], message: Mapping[str, Any], content: bytes | memoryview) -> None:
    text = json.dumps(message).encode()
    for part in (text, content):
        stream.write(len(part).to_bytes(_LENGTH, "big"))
        stream.write(part)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[dict[str, Any], bytearray]:
    text, content = (_read_part(stream) for _ in range(2))
    return json.loads(text), content


def _read_part(stream: IO[bytes]) -> bytearray:
    prefix = stream.read(_LENGTH)
    if len(prefix) < _LENGTH:
        raise EOFError
    part = bytearray(int.from_bytes(prefix, "big"))
    if stream.readinto(part) < len(part):  # type: ignore[attr-defined]  # a BufferedReader
        raise EOFError
    return part


def serve() -> None:
    """Decode the covers that come in by stdin, until it ends. Only a worker calls this."""
    import numpy as np  # before the limit: its libraries reserve memory  # noqa: F401
    from PIL import Image

    from spotitags.covers.pixels import rgb_pixels

    Image.preinit()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    pages = _pages()
    while True:
        _alarm(_IDLE)
        try:
            request, data = cast("tuple[dict[str, Any], bytes]", _read(requests))
        except EOFError:
            return
        _alarm(int(SECONDS) + 1)  # if the process that waits for the answer was killed
        try:
            _limit_memory(pages, request["memory"])
            data = bytes(data)
            pixels = rgb_pixels(data=data, **request["arguments"])
        except CoverError as error:
            _write(answers, {"reason": error.reason, "detail": error.detail}, b"")
        else:
            _write(answers, {"shape": pixels.shape}, pixels.data.cast("B"))
            del pixels
        del data  # while it waits


def _alarm(seconds: int) -> None:
    """Let the operating system end this process after some seconds, also inside of a decoder."""
    if os.name == "posix":
        import signal

        signal.alarm(seconds)


def _pages() -> int:
    """Return the pages of memory that this process has reserved; 0 if the operating system does not say."""
    if sys.platform == "linux":
        from pathlib import Path

        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return 0


def _limit_memory(pages: int, more: int) -> None:
    """Limit the memory of this process to so many pages and bytes, where the operating system can."""
    if pages:
        import resource

        limit = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


workers: Final = WorkerPool()
"""The workers of this process."""

atexit.register(workers.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.forget)
