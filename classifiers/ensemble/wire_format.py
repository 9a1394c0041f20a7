"""Strict reader of messages in Protocol Buffers' wire format, so that prediction needs no such library.

The format: https://protobuf.dev/programming-guides/encoding/. A field that the caller does not name, or a
single one that occurs twice, is an error: a program that reads the same bytes could take them otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


INT, TEXT, DATA, RUN = "int", "text", "data", "run"
"""Kinds of values: an int with a sign, a str, a view of bytes, and ints that follow each other."""
MAX_FIELDS: Final = 200_000
"""Maximum number of fields in one file; the values of `RUN` and of an expression count once."""
_MORE = 0x80  # flag of a byte of a varint that another byte follows
_LONGEST = 10  # bytes of a varint


class Field(NamedTuple):
    """A field that a message may have.

    Attributes:
        name: Its name in the result.
        kind: `INT`, `TEXT`, `DATA` or `RUN` (an int64 array, for millions of values); the fields of a message
            of its own; or an expression that matches all occurrences at once, with keys and lengths.
        repeated: True if it may occur several times; its values are then a list.
    """

    name: str
    kind: str | Mapping[int, Field] | bytes = TEXT
    repeated: bool = False


def fields(**named: tuple[int, Any] | tuple[int, Any, bool]) -> dict[int, Field]:
    """Return a message's fields by the key that stands before their values.

    Args:
        **named: Name to number, kind and whether the field is repeated.
    """
    return {
        number << 3 | (0 if kind in (INT, RUN) else 2): Field(name, kind, *repeated)
        for name, (number, kind, *repeated) in named.items()
    }


class WireReader:
    """Reader of the messages of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._view = memoryview(data)
        self._left = MAX_FIELDS

    def read(self, known: Mapping[int, Field], place: int = 0, end: int | None = None) -> dict[str, Any]:
        """Read a message and those within it.

        Args:
            known: Its fields, from `fields`; their depth is the depth of the messages that are read.
            place: Number of its first byte.
            end: Number of the byte after it; None for the end of the file.

        Returns:
            Name to value.

        Raises:
            ValueError: The bytes are no such message.
        """
        data = self._data
        end = len(data) if end is None else end
        found: dict[str, Any] = {}
        while place < end:
            start = place
            number, place = _varint(data, place, end)
            if number not in known:
                raise ValueError(f"it has a field {number >> 3} that no model of SpotiTags has")
            name, kind, repeated = known[number]
            self._left -= 1
            if self._left < 0:
                raise ValueError(f"it has more than {MAX_FIELDS} fields")
            value, place = self._value(kind, number, start, place, end)
            if repeated:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise ValueError(f"it has the field {name} twice")
            else:
                found[name] = value
        return found

    def _value(self, kind: Any, number: int, start: int, place: int, end: int) -> tuple[Any, int]:  # noqa: ANN401
        """Read the value at ``place``, whose key is at ``start``; returns it and the place after it."""
        if kind == INT:
            value, place = _varint(self._data, place, end)
            return _signed(value), place
        if kind == RUN:
            return _run(self._view[start:end], number, start)
        if isinstance(kind, bytes):
            match = re.compile(kind).match(self._data, start, end)
            if match is None:
                raise ValueError("it has texts that no model of SpotiTags has")
            return match.group(), match.end()
        size, place = _varint(self._data, place, end)
        if size > end - place:
            raise ValueError("it is truncated")
        if kind == TEXT:
            return str(self._data[place : place + size], "utf-8"), place + size  # its error is a ValueError
        if kind == DATA:
            return self._view[place : place + size], place + size
        return self.read(kind, place, place + size), place + size


def _varint(data: bytes | memoryview, place: int, end: int) -> tuple[int, int]:
    """Read an unsigned number of at most 64 bits; returns it and the place after it."""
    if place < end and data[place] < _MORE:
        return data[place], place + 1
    value = 0
    for count, byte in enumerate(data[place : min(place + _LONGEST, end)]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < _MORE:
            if value >> 64:
                break
            return value, place + count + 1
    raise ValueError("it is truncated or has a number of more than 64 bits")


def _run(data: memoryview, number: int, place: int) -> tuple[NDArray[np.int64], int]:
    """Read a field's varints as long as its one-byte key stands before each.

    Args:
        data: The message from the field's first key on.
        number: The key.
        place: Number of the first byte of ``data`` in the file.

    Returns:
        The values, and the place after them.
    """
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets < _MORE)
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    keys = (ends[::2] == starts[::2]) & (octets[starts[::2]] == number)
    count = min(len(keys) if keys.all() else int(np.argmin(keys)), len(ends) // 2)
    if not count:
        raise ValueError("it is truncated")
    after = place + int(ends[2 * count - 1]) + 1
    return _joined(octets, starts[1 : 2 * count : 2], ends[1 : 2 * count : 2]), after


def packed_ints(data: memoryview) -> list[int]:
    """Read bytes that are varints and nothing else, a few of them (a packed field).

    Raises:
        ValueError: They are not.
    """
    place, values = 0, []
    while place < len(data):
        value, place = _varint(data, place, len(data))
        values.append(_signed(value))
    return values


def count_packed_ints(data: memoryview) -> int:
    """Count the bytes that end a varint, which is the number of values of a packed field."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) < _MORE))


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _joined(octets: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.int64]:
    """Join the bytes of each varint, given the places of its first and its last byte."""
    lengths = ends - starts + 1
    longest = int(lengths.max(initial=0))
    if longest > _LONGEST:
        raise ValueError("it has a number of more than 64 bits")
    values = np.zeros(len(starts), np.uint64)
    for position in range(longest):
        longer = lengths > position
        part = (octets[starts[longer] + position] & 0x7F).astype(np.uint64)
        values[longer] |= part << np.uint64(7 * position)
    return values.view(np.int64)
