"""Clean text that comes from outside."""

from __future__ import annotations

import unicodedata


def single_line(text: str, longest: int = 120) -> str:
    """One short line without control characters: titles and servers' words come from outside."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def plain(text: str) -> str:
    """Text from outside without what could steer a terminal: control, format and unassigned characters."""
    return "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)
