"""Values of the cache: JSON with a checksum behind it, or bytes with a checksum before them."""

from __future__ import annotations

import json
import re
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from diskcache.core import MODE_RAW

if TYPE_CHECKING:
    from collections.abc import Sequence

    import diskcache

TAGS: Final = b"t"
"""First byte of the tags of a cover, as the pipeline stores them."""
FEATURES: Final = b"f"
"""First byte of the features of a cover."""
_BYTES: Final = b"\x01"  # first byte of values that are bytes; no JSON begins so
_PACKED: Final = re.compile(r'\[\["[A-Za-z0-9+/=]{16,}",1\.0\]\](#[0-9a-f]{8})?')
_CHECKED: Final = re.compile("(.*)#([0-9a-f]{8})", re.DOTALL)  # no JSON ends so

_FEW: Final = 4  # values, up to which one call each is as fast as one query
_QUERY: Final = (
    "SELECT key, mode, filename, value FROM Cache WHERE key IN (SELECT value FROM json_each(?)) AND raw = 1 "
    "AND (expire_time IS NULL OR expire_time > ?)"
)


def is_features(stored: str | bytes) -> bool:
    """Return whether a stored value is the features of a cover; earlier versions stored these as JSON."""
    if isinstance(stored, bytes):
        return stored[:1] == _BYTES and stored[5:6] == FEATURES
    return _PACKED.fullmatch(stored) is not None


def read_values(store: diskcache.Cache, names: Sequence[str]) -> list[str | bytes | None]:
    """Return the stored values of keys: many in one query, for which diskcache has no method."""
    if len(names) <= _FEW:
        return [store.get(name) for name in names]
    found: dict[str, str | bytes] = {}
    for key, mode, file, value in store._sql(_QUERY, (json.dumps(names), time.time())):  # noqa: SLF001
        if mode == MODE_RAW:
            found[key] = value
        else:
            with suppress(FileNotFoundError):
                found[key] = store.disk.fetch(mode, file, value, read=False)
    return [found.get(name) for name in names]


def parse_value(key: str, text: str | bytes) -> Any:  # noqa: ANN401
    """Parse the value stored under a key: JSON, whose checksum earlier versions left out, or bytes.

    Raises:
        ValueError: It is damaged, or it was stored under another key.
    """
    if isinstance(text, bytes) and text[:1] == _BYTES:
        data = text[5:]
        if text[1:5] != _checksum_of_bytes(key, data):
            raise ValueError("it is not what its checksum says")
        return data
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


def stored_value(key: str, value: Any) -> str | bytes:  # noqa: ANN401
    """Return a value as JSON, or bytes as they are, with the checksum of its key and itself."""
    if isinstance(value, bytes):
        return _BYTES + _checksum_of_bytes(key, value) + value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{text}#{_checksum(key, text)}"


def _checksum(key: str, text: str) -> str:
    """Return the checksum that shows a changed bit; a changed number or key would still be one."""
    return f"{zlib.crc32((key + text).encode(errors='surrogatepass')):08x}"


def _checksum_of_bytes(key: str, data: bytes) -> bytes:
    return zlib.crc32(data, zlib.crc32(key.encode(errors="surrogatepass"))).to_bytes(4, "little")
