"""Text of records in Python."""

from __future__ import annotations


class Printable:
    """Record whose `str` is what the command line prints, without colours, and whose `repr` is one line.

    The texts come from `spotitags.rendering`, loaded on first use: nothing else in this package knows it.
    """

    __slots__ = ()

    def __str__(self) -> str:
        from spotitags.rendering.text import as_text

        return as_text(self)

    def __repr__(self) -> str:
        from spotitags.rendering.text import summary

        return summary(self)
