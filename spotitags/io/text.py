"""Clean text from outside, such as titles and messages of servers."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Replace characters that could steer a terminal (control, format, unassigned) by spaces."""
    return "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)


def single_line(text: str, max_length: int = 120) -> str:
    """Make text `plain`, put it on one line, and shorten it to ``max_length`` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= max_length else line[: max_length - 1] + "…"
