"""Ctrl-C: the answer of a paid call is waited for, and the program ends soon whatever it is doing."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

T = TypeVar("T")

END_SECONDS: Final = 1.0
"""Time after Ctrl-C in which the program ends by itself; then it is ended."""
ANSWER_SECONDS: Final = 10.0
"""Maximum wait after Ctrl-C for the answer of a paid call."""
_POLL: Final = 0.02  # seconds
_IMPORT: Final = "<frozen importlib"  # how the names of the files begin that import modules


class Guard:
    """Ends the program soon after Ctrl-C, and at once after a second one.

    The first Ctrl-C raises KeyboardInterrupt, so that finished work can be stored. This may take long or do
    nothing: other threads work on, library code catches every exception, a computation in C runs on. So a
    thread waits for the signal, too, and ends the program after `END_SECONDS`. Within an import, no
    exception is raised until the import is over, as it could leave modules half made.

    Args:
        end: Ends the program, without a return, from any thread.
        notify: Prints a line, from any thread.
    """

    def __init__(self, end: Callable[[], None], notify: Callable[[str], None]) -> None:
        self.end = end
        self.notify = notify
        self.pressed = False
        self.started = False
        self.announced = False
        self.deadline = 0.0
        self._delayed = False
        self._own_signals = 0

    def install(self) -> None:
        """Take over SIGINT, unless the parent process has it ignored. Until `start`, it ends at once."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        _thread.start_new_thread(self._watch, (reader,))
        signal.signal(signal.SIGINT, self._handle)
        unraisable = sys.unraisablehook
        # An exception in a destructor or a callback cannot be raised: Python would print its traceback.
        sys.unraisablehook = lambda error: None if self.pressed else unraisable(error)
        in_thread = threading.excepthook
        threading.excepthook = lambda error: None if self.pressed else in_thread(error)

    def start(self) -> None:
        """Raise KeyboardInterrupt from now on: there may be work to store."""
        self.started = True

    def _watch(self, reader: int) -> None:
        """Wait for signals, and end the program at the second Ctrl-C or some time after the first."""
        first = True
        while True:
            if os.read(reader, 1)[0] != signal.SIGINT:
                continue
            if self._own_signals:
                self._own_signals -= 1
                continue
            self.pressed = True
            if not first or not self.started:
                self.end()
            else:
                first = False
                # The main thread may have been faster, and have allowed more time already.
                self.deadline = max(self.deadline, time.monotonic() + END_SECONDS)
                warnings.simplefilter("ignore")  # of libraries that cannot end what Ctrl-C has ended
                _thread.start_new_thread(self._end_in_time, ())

    def _end_in_time(self) -> None:
        while time.monotonic() < self.deadline:
            time.sleep(_POLL)
            if self._delayed and not _imports(sys._current_frames().get(threading.main_thread().ident or 0)):  # noqa: SLF001
                self._delayed = False
                self._own_signals += 1
                _thread.interrupt_main()
        self.end()

    def _handle(self, _signal: int, frame: FrameType | None) -> None:
        self.pressed = True
        if _imports(frame):
            self._delayed = True
        else:
            raise KeyboardInterrupt


_guards: list[Guard] = []


def guard(end: Callable[[], None], notify: Callable[[str], None]) -> Guard:
    """Install and return the `Guard` of this process; arguments are as there."""
    _guards[:] = [Guard(end, notify)]
    _guards[0].install()
    return _guards[0]


def is_interrupted() -> bool:
    """Return whether Ctrl-C was pressed in a program with a `Guard`."""
    return any(each.pressed for each in _guards)


def first_announcement() -> bool:
    """Return whether nothing was printed about this Ctrl-C; always true without a `Guard`."""
    first = not any(each.announced for each in _guards)
    for each in _guards:
        each.announced = True
    return first


def allow(seconds: float, line: str = "") -> None:
    """Give the program more time to end after Ctrl-C, and print a line that says so, if any."""
    for each in _guards:
        each.deadline = time.monotonic() + seconds + END_SECONDS
        if line:
            each.notify(line)


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Have processes that start inside never see Ctrl-C, which a terminal sends to them, too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def finish(
    call: Callable[[], T], *, notify: Callable[[str], None] | None = None, seconds: float | None = None
) -> T:
    """Return the result of a call that Ctrl-C does not break off: the call runs in a thread of its own.

    Args:
        call: Function to call, such as one that sends a paid request and stores the answer.
        notify: Called with a line on the wait, in a program without a `Guard`.
        seconds: Maximum wait for the end of the call after Ctrl-C; None for `ANSWER_SECONDS`.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the call has ended, or the time is over. A second Ctrl-C does
            not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()  # Ctrl-C interrupts only the main thread
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="paid call", daemon=True)
    try:
        thread.start()
        while not done.wait(4 * _POLL):  # on Windows, a wait without an end cannot be interrupted
            pass
    except KeyboardInterrupt:
        if thread.is_alive():
            _wait_for_answer(done, ANSWER_SECONDS if seconds is None else seconds, notify)
        raise
    if errors:
        raise errors[0]
    return results[0]


def _wait_for_answer(done: threading.Event, seconds: float, notify: Callable[[str], None] | None) -> None:
    line = (
        f"interrupted; waiting up to {seconds:g} s for the answer of a call that is paid for; "
        "Ctrl-C again ends at once"
    )
    allow(seconds, line)
    if notify and not _guards:
        notify(line)
    for _ in range(round(seconds / _POLL)):
        if done.wait(_POLL):
            break
    for each in _guards:
        each.deadline = time.monotonic() + END_SECONDS


def _imports(frame: FrameType | None) -> bool:
    """Return whether a stack of calls is within an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False
