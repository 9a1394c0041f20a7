"""Entry point of ``python -m spotitags`` and of the console script."""

import os
import sys

if __name__ == "__main__":  # until the guard of `main`: the next imports take a few milliseconds
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is not _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))

import gc
import signal
from contextlib import suppress

from spotitags.io.interrupts import first_announcement, guard

INTERRUPTED = 130
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, also while it starts."""
    gc.set_threshold(50_000, 20, 20)  # imports make many objects and few cycles: a tenth of a short run
    watched = guard(_end, _write)
    try:
        from spotitags.commands import main as run

        watched.start()
        run()
    except BaseException:
        if not watched.pressed:
            raise
    finally:
        gc.freeze()  # Python's last collection finds little and takes a seventh of a short run
    if watched.pressed:  # whatever libraries made of KeyboardInterrupt
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        _end()  # Python's own end waits for threads and helper processes


def _announce() -> None:
    """Print that the run was interrupted, if nothing did."""
    console = sys.modules.get("spotitags.commands._console")
    announce = getattr(console, "announce_interruption", None)
    if announce is not None:
        announce(_write)
    elif first_announcement():
        _write("interrupted")


def _end() -> None:
    """End the process and its children, whatever they are doing."""
    try:
        _announce()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the main thread may be printing what it was broken off
        if "multiprocessing" in sys.modules:
            from multiprocessing import active_children

            for pid in filter(None, (child.pid for child in active_children())):
                with suppress(OSError):
                    os.kill(pid, _KILL)  # loky's processes have no method kill
    finally:
        os._exit(INTERRUPTED)


def _write(line: str) -> None:
    """Print a line on stderr without its buffer, which another thread may have locked."""
    with suppress(OSError):
        os.write(2, f"{_SHOW_CURSOR if os.isatty(2) else ''}{line}\n".encode())


if __name__ == "__main__":
    main()
