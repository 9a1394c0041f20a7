"""Mask of keys in text: whatever is printed, logged or raised passes through `mask`.

It is below all other packages, so that every error masks its own message.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

MASK: Final = "***"
MIN_LENGTH: Final = 6
"""Shorter values are not masked: they would hide ordinary words, and no service has such keys."""

_MIN_BASE64: Final = 6  # characters; fewer would match by chance
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/_=-]|%(?:25)*(?:2[bBfF]|3[dD])|\\+/)*")
_BASE64_BEFORE: Final = re.compile(r"[A-Za-z0-9+/_-]*\Z")
_MAX_BEFORE: Final = 4096  # characters of base64 before a key, more than any header has
_ALIKE: Final = {" ": " +", "+": "+-", "/": "/_"}  # in queries and in base64url
_TABLES: Final = [str.maketrans(table) for table in ({}, {" ": "+"}, {"+": "-", "/": "_"})]
_LOGGERS: Final = (
    "google.auth.transport.requests",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.proxy",
    "httpx2",
    "spotipy.client",
    "spotipy.oauth2",
    "stamina",
    "urllib3.connectionpool",
)

_secrets: set[str] = set()
_unescaped: list[str] = []
"""Forms of the keys without escapes, to see at once that a text has none."""
_pattern: re.Pattern[str] | None = None


def hide(*secrets: str | None) -> None:
    """Have `mask` hide these keys from now on, in this process."""
    global _pattern  # noqa: PLW0603 — one set of keys per process, as its outputs are the process's
    new = {secret for secret in secrets if secret and len(secret) >= MIN_LENGTH} - _secrets
    if not new:
        return
    if not _secrets:
        import logging

        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_mask_record)
    _secrets.update(new)
    longest_first = sorted(_secrets, key=lambda secret: (-len(secret), secret))
    inner = [form for secret in longest_first for form in _base64_forms(secret)]
    _unescaped[:] = [form.translate(table) for form in longest_first + inner for table in _TABLES]
    plain = "|".join(map(_escaped, longest_first))
    encoded = "|".join(map(_escaped, inner))
    _pattern = re.compile(f"(?P<plain>{plain})" + (f"|(?P<base64>{encoded})" if encoded else ""))


def mask(text: str) -> str:
    """Replace the known keys in a text, also within a URL, by ``***``.

    They are found plain, in base64 and base64url (also as part of a longer text, as in a header
    ``Authorization: Basic``), percent-encoded and escaped as in JSON, in any mixture of these.
    """
    if _pattern is None:
        return text
    if "%" not in text and "\\" not in text and not any(form in text for form in _unescaped):
        return text  # nearly always, and a hundred times as fast
    parts, end = [], 0
    for match in _pattern.finditer(text):
        start = match.start()
        if start < end:
            continue
        if match["plain"] is None:
            before = _BASE64_BEFORE.search(text[max(end, start - _MAX_BEFORE) : start])
            start -= len(before[0]) if before else 0
        parts += [text[end:start], MASK]
        rest = None if match["plain"] else _BASE64.match(text, match.end())
        end = rest.end() if rest else match.end()
    return "".join([*parts, text[end:]])


def _escaped(secret: str) -> str:
    """Return a pattern for a text of which any characters may be escaped."""
    return "".join(map(_character, secret))


def _character(char: str) -> str:
    """Return a pattern for one character: itself, percent-encoded, or with backslashes as in JSON."""
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    forms = [rf"\\+(?i:u{ord(char):04x}|x{ord(char):02x})", f"(?i:{percent})"]  # the longest come first
    if not char.isalnum():
        forms.append(rf"\\+{re.escape(char)}")
    forms += map(re.escape, _ALIKE.get(char, char))
    return f"(?:{'|'.join(forms)})"


def _base64_forms(secret: str) -> Iterator[str]:
    """Yield the base64 of the key behind 0, 1 or 2 other bytes: its inner characters."""
    import base64

    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode("ascii")
        inner = "".join(islice(encoded, -(-before * 8 // 6), (before + len(data)) * 8 // 6))
        if len(inner) >= _MIN_BASE64:
            yield inner


def _mask_record(record: logging.LogRecord) -> bool:
    """Mask the message of a log record; it is a filter that lets every record pass."""
    record.msg, record.args = mask(record.getMessage()), ()
    return True
