"""What a tagger of anybody's must be like, found before it is asked anything.

A mistake in its sizes would lose covers unsaid, and one in what makes it a paid one would spend money unsaid.
"""

from __future__ import annotations

import operator
from inspect import getattr_static
from typing import TYPE_CHECKING

from spotitags.panel import blamed

if TYPE_CHECKING:
    from spotitags.taggers import Tagger

_PAID = ("cost", "calls_for")
_NOTHING = object()


def check_tagger(tagger: Tagger, asked: str | None = None) -> None:
    """Make sure that a tagger's name, sizes and cost can be read and used.

    Args:
        tagger: Any object that is to be one.
        asked: The name by which it was asked for; None where it has no other than its own.

    Raises:
        TaggerError: It cannot be used; the message names it.
    """
    with blamed(asked or type(tagger).__name__):
        name = tagger.name
        _check_text("name", name)
    with blamed(asked or name):
        _check_number("batch_size", tagger.batch_size, least=1)
        _check_number("image_size", tagger.image_size, least=0)
        # An attribute that raises AttributeError is "not there" to isinstance, and the tagger would be free.
        if all(getattr_static(tagger, member, _NOTHING) is not _NOTHING for member in _PAID):
            _check_text("cost", tagger.cost)  # type: ignore[attr-defined]


def _check_text(member: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"its {member} is {value!r}, not a line of text")


def _check_number(member: str, value: int, *, least: int) -> None:
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"its {member} is {value!r}, not a whole number") from None
    if number < least:
        raise ValueError(f"its {member} is {number}, not at least {least}")
