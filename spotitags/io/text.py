"""Clean and decode text from outside, such as titles, messages of servers and files of users."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

from classifiers.files import read_plain
from spotitags.errors import InputError
from spotitags.errors.secrets import mask
from spotitags.io.suggestions import similar_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .numbers are ZIP files; .xls

_STEERING = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Characters that JSON does not escape, though they steer a terminal, turn or hide text, or are no text."""
_ASCII_WORD = re.compile("[A-Za-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]")  # of Latin, Greek and Cyrillic; in other scripts marks are letters


def without_accents(text: str) -> str:
    """Decompose text, fold its case and remove accents.

    >>> without_accents("Frédéric")
    'frederic'
    """
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()))


def words(text: str) -> list[str]:
    """Split text, composed again, into words of letters, marks and digits.

    >>> words("guns n roses, live!")
    ['guns', 'n', 'roses', 'live']
    """
    if text.isascii():
        return _ASCII_WORD.findall(text)
    composed = unicodedata.normalize("NFKC", text)
    return "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in composed).split()


def plain(text: str) -> str:
    """Mask keys, and replace characters that could steer a terminal (control, format …) by spaces."""
    return "".join(" " if unicodedata.category(char).startswith("C") else char for char in mask(text))


def escape_controls(text: str) -> str:
    r"""Escape control and format characters in JSON as ``\u…``, which its readers undo.

    >>> escape_controls('["\x9b31m Café"]')
    '["\\u009b31m Café"]'
    """
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text)


def single_line(text: str, max_length: int = 120) -> str:
    """Make text `plain`, put it on one line, and shorten it to ``max_length`` characters."""
    line = " ".join(plain(text).split())  # keys are masked before, as half a key would not be found
    return line if len(line) <= max_length else line[: max_length - 1] + "…"


def read_text(path: Path, notify: Callable[[str], None] | None = None) -> str:
    """Read a text file of a user: UTF-8, or UTF-16 with a byte order mark.

    Args:
        path: The file.
        notify: Called with a line if the file is read as Windows-1252, the encoding of older spreadsheets,
            because it is neither; None refuses such a file.

    Raises:
        InputError: The file cannot be read, or is no text.
    """
    try:
        data = read_plain(path, stream=True)
    except OSError as error:
        meant = similar_path(path) if isinstance(error, FileNotFoundError) else ""
        raise InputError(f"{path} cannot be read: {error.strerror or error}{meant}") from error
    if data.startswith(_WORKBOOKS):
        raise InputError(f"{path} is the file of a spreadsheet program: save the sheet as CSV (UTF-8)")
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        with suppress(UnicodeDecodeError):
            text = data.decode("cp1252")
            if notify and not utf16 and "\0" not in text:
                notify(f"{path} is not UTF-8: read as Windows-1252; if letters are wrong, save it in UTF-8")
                return text
        raise InputError(f"{path} is not UTF-8 text: save it in UTF-8") from error
