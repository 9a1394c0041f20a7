"""Entry point of ``python -m spotitags`` and of the console script."""

import os
import sys
from contextlib import suppress

from spotitags.io.interrupts import guard

INTERRUPTED = 130
_SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, also while it starts."""
    watched = guard(_end, _write)
    try:
        from spotitags.commands import main as run

        watched.start()
        run()
    except BaseException:
        if watched.pressed:  # libraries turn KeyboardInterrupt into errors of their own
            sys.exit(INTERRUPTED)
        raise
    if watched.pressed:
        sys.exit(INTERRUPTED)


def _end() -> None:
    """End the process and its children, whatever they are doing."""
    commands = sys.modules.get("spotitags.commands._console")
    announce = getattr(commands, "announce_interruption", None)
    if announce is None:
        _write("interrupted")
    else:
        announce(_write)
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for child in active_children():
            child.kill()
    os._exit(INTERRUPTED)


def _write(line: str) -> None:
    """Print a line on stderr without its buffer, which another thread may have locked."""
    with suppress(OSError):
        os.write(2, f"{_SHOW_CURSOR if os.isatty(2) else ''}{line}\n".encode())


if __name__ == "__main__":
    main()
