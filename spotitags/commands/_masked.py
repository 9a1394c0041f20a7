"""Standard output and standard error without keys: the last filter before anything is printed."""

from __future__ import annotations

import sys
from typing import Any, TextIO, cast

from spotitags.errors.secrets import mask


class MaskedStream:
    """A text stream that masks known keys (see `spotitags.errors.secrets`) in whatever is written.

    Args:
        stream: The stream to write to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, masked, and return the length of the text that was given."""
        self._stream.write(mask(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._stream, name)


def mask_output() -> None:
    """Mask keys in all that this process prints from now on, also in tracebacks and warnings."""
    sys.stdout = cast("TextIO", MaskedStream(sys.stdout))
    sys.stderr = cast("TextIO", MaskedStream(sys.stderr))
