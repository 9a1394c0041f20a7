"""Choices that were made for the user, and lines about them."""

from __future__ import annotations

from typing import NamedTuple


class Detail(str):
    """Line for people who want to know how a result came about; commands print it with ``--verbose`` only."""

    __slots__ = ()


class Choice(NamedTuple):
    """Choice of a catalogue or tagger by name, and its reason."""

    name: str
    why: str

    def line(self, what: str) -> Detail:
        """Return a line for people, such as ``tagger lite: no GPU and no weights on disk for clip``."""
        return Detail(f"{what} {self.name}: {self.why}")
