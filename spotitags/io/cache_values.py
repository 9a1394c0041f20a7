"""Values of the cache as text: JSON, with a checksum behind it."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, Final

_CHECKED: Final = re.compile("(.*)#([0-9a-f]{8})", re.DOTALL)  # no JSON ends so


def parse_value(text: str | bytes) -> Any:  # noqa: ANN401
    """Parse a stored value: JSON, and its checksum unless an earlier version stored it.

    Raises:
        ValueError: It is damaged.
    """
    text = text.decode() if isinstance(text, bytes) else text
    if checked := _CHECKED.fullmatch(text):
        text = checked[1]
        if _checksum(text) != checked[2]:
            raise ValueError("it is not what its checksum says")
    return json.loads(text)


def parsed(text: str | bytes | None) -> Any:  # noqa: ANN401
    """Parse a stored value; a damaged one counts as missing, so that it is written again."""
    try:
        return None if text is None else parse_value(text)
    except ValueError:
        return None


def value_text(value: Any) -> str:  # noqa: ANN401
    """Return a value as JSON with a checksum."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{text}#{_checksum(text)}"


def _checksum(text: str) -> str:
    """Return the checksum that shows a changed bit; a changed number would still be JSON."""
    return f"{zlib.crc32(text.encode(errors='surrogatepass')):08x}"
