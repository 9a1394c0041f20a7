"""Values of the cache as text: JSON, with a checksum behind it."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, Final

_CHECKED: Final = re.compile("(.*)#([0-9a-f]{8})", re.DOTALL)  # no JSON ends so


def parse_value(key: str, text: str | bytes) -> Any:  # noqa: ANN401
    """Parse the value stored under a key: JSON, and its checksum unless an earlier version stored it.

    Raises:
        ValueError: It is damaged, or it was stored under another key.
    """
    text = text.decode() if isinstance(text, bytes) else text
    if checked := _CHECKED.fullmatch(text):
        text = checked[1]
        if checked[2] not in {_checksum(key, text), _checksum("", text)}:  # earlier versions left the key out
            raise ValueError("it is not what its checksum says")
    return json.loads(text)


def parsed(key: str, text: str | bytes | None) -> Any:  # noqa: ANN401
    """Parse a stored value; a damaged one counts as missing, so that it is written again."""
    try:
        return None if text is None else parse_value(key, text)
    except ValueError:
        return None


def value_text(key: str, value: Any) -> str:  # noqa: ANN401
    """Return a value as JSON with the checksum of its key and itself."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{text}#{_checksum(key, text)}"


def _checksum(key: str, text: str) -> str:
    """Return the checksum that shows a changed bit; a changed number or key would still be one."""
    return f"{zlib.crc32((key + text).encode(errors='surrogatepass')):08x}"
