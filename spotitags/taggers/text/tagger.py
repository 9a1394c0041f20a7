"""The tagger `text`: the words on covers, read by PP-OCRv6's networks on the CPU."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

from spotitags.errors import pip_install
from spotitags.taggers.base import Readiness
from spotitags.taggers.text.detection import SIDE, find_lines
from spotitags.taggers.text.networks import DETECTION, RECOGNITION, Reader, open_network, open_reader
from spotitags.taggers.text.recognition import read_line
from spotitags.taggers.text.words import Line, tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from onnxruntime import InferenceSession

    from spotitags.records import Cover, Tag
    from spotitags.taggers.base import TaggerOptions

VERSION = 1
"""Version of the steps between the networks and the tags; raise it with every change of tags."""

_ROWS = 60  # of a cover; lines in one row are read from left to right


class TextTagger:
    """Reads what is written on covers, in Latin script; needs no PyTorch, network access or keys.

    docs/text.md says what it reads and what not. The tags of a cover do not depend on the covers beside it.
    Threads may share an instance.
    """

    name: ClassVar[str] = "text"
    image_size = SIDE
    batch_size = 16
    version: ClassVar[str] = (
        f"pp-ocrv6-small {DETECTION.sha256[:8]}.{RECOGNITION.sha256[:8]} side-{SIDE} words-{VERSION}"
    )

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[InferenceSession, Reader] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:  # noqa: ARG003
        """Build the tagger; no option concerns it."""
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Return whether onnxruntime is installed; imports nothing."""
        if find_spec("onnxruntime") is None:
            return Readiness(
                ready=False, reason="onnxruntime is missing", remedy=f"{pip_install()} onnxruntime"
            )
        return Readiness(ready=True, reason="runs on any CPU; its weights are installed with SpotiTags")

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Return the words on each cover, heaviest first; [] for a cover without text.

        Raises:
            WeightsError: The networks cannot be read.
        """
        if not covers:
            return []
        self._networks()
        with ThreadPoolExecutor(min(len(covers), _cores())) as pool:
            return [tags_of(lines) for lines in pool.map(self.read, covers)]

    def read(self, cover: Cover) -> list[Line]:
        """Return all lines found on a cover, as they are read, also those too unsure to be tags.

        They go from top to bottom, and lines at the same height from left to right.

        Raises:
            WeightsError: The networks cannot be read.
        """
        detector, reader = self._networks()
        side = min(cover.pixels.shape[:2])
        lines = []
        places = find_lines(detector, cover.pixels)
        for place in sorted(places, key=lambda line: (round(line.y / side * _ROWS), line.x)):
            text, score = read_line(reader, cover.pixels, place)
            lines.append(Line(text, score, min(min(place.height, place.width) / side, 1.0)))
        return lines

    def _networks(self) -> tuple[InferenceSession, Reader]:
        """Return the detector and the reader; opened in the first call."""
        with self._lock:
            if self._loaded is None:
                self._loaded = open_network(DETECTION), open_reader()
            return self._loaded


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
