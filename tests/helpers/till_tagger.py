"""Paid tagger in one file that notes in a ledger which covers it was paid for; no service is called."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from spotitags.records import Tag
from spotitags.taggers.base import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions


class TillTagger:
    """Tags four covers a call by their brightness, and adds a line to the file ``FAULTS_LEDGER``."""

    name = "till"
    version = "1"
    image_size = 32
    batch_size = 4
    cost = "a penny a cover, in play money"

    @classmethod
    def from_options(cls, options: TaggerOptions) -> TillTagger:  # noqa: ARG003 — it needs none
        """Build the tagger."""
        return cls()

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:  # noqa: ARG003
        """Return that it can run."""
        return Readiness(ready=True, reason="needs play money only")

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Return the number of calls for covers of these sizes."""
        return math.ceil(len(sizes) / self.batch_size)

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Pay for covers and return their tags."""
        line = " ".join([str(os.getpid()), *(cover.digest for cover in covers)])
        ledger = os.open(os.environ["FAULTS_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(ledger, f"{line}\n".encode())  # one write: lines of two processes do not mix
        os.close(ledger)
        time.sleep(0.03)  # as a service takes its time
        return [[Tag("paid", round(float(cover.pixels.mean()) / 255, 4))] for cover in covers]
