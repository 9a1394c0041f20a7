"""Ctrl-C: the answer of a paid call is waited for, and the program ends soon in any state."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ANSWER_SECONDS: Final = 10.0
"""Maximum wait after Ctrl-C for the answer of a paid call."""
_POLL: Final = 0.2  # seconds; on Windows a wait cannot be interrupted


def finish(
    call: Callable[[], T], *, notify: Callable[[str], None] | None = None, seconds: float | None = None
) -> T:
    """Return the result of a call that Ctrl-C does not break off: the call runs in a thread of its own.

    Args:
        call: Function to call, such as one that sends a paid request and stores the answer.
        notify: Called with a line on the wait.
        seconds: Maximum wait for the end of the call after Ctrl-C; None for `ANSWER_SECONDS`.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the call has ended, or the time is over. A second Ctrl-C does
            not wait.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()  # Ctrl-C interrupts only the main thread
    seconds = ANSWER_SECONDS if seconds is None else seconds
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
        while not done.wait(_POLL):
            pass
    except KeyboardInterrupt:
        if thread.is_alive():
            _wait_for_answer(done, seconds, notify or (lambda _line: None))
        raise
    if errors:
        raise errors[0]
    return results[0]


def _wait_for_answer(done: threading.Event, seconds: float, notify: Callable[[str], None]) -> None:
    notify(
        f"interrupted; waiting up to {seconds:g} s for the answer of a call that is paid for; "
        "Ctrl-C again ends at once"
    )
    for _ in range(round(seconds / _POLL)):
        if done.wait(_POLL):
            return
    notify("no answer came: its covers will be sent again by the next run")
