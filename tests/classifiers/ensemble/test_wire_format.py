from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto

from classifiers.ensemble.wire_format import (
    DATA,
    INT,
    MAX_FIELDS,
    RUN,
    TEXT,
    WireReader,
    count_packed_ints,
    fields,
    packed_ints,
)

INTS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30)
TENSOR = fields(dims=(1, INT, True), type=(2, INT), packed=(7, DATA), name=(8, TEXT))
ATTRIBUTE = fields(
    name=(1, TEXT), tensor=(5, TENSOR), numbers=(8, RUN), modes=(9, b"(?:J\x01a)+"), type=(20, INT)
)


def read(data: bytes, known: Any) -> dict[str, Any]:
    return WireReader(data).read(known)


@given(INTS, st.text(max_size=9))
def test_it_reads_what_protocol_buffers_write(numbers: list[int], name: str) -> None:
    tensor = TensorProto(dims=numbers, name=name, int64_data=numbers)
    found = read(tensor.SerializeToString(), TENSOR)
    assert found["dims"] == numbers
    assert found["name"] == name
    assert packed_ints(found["packed"]) == numbers
    assert count_packed_ints(found["packed"]) == len(numbers)


@given(INTS)
def test_a_run_of_numbers_is_read_at_once(numbers: list[int]) -> None:
    attribute = AttributeProto(name="a", type=AttributeProto.INTS, ints=numbers)
    found = read(attribute.SerializeToString(), ATTRIBUTE)
    assert found["numbers"].tolist() == numbers
    assert found["numbers"].dtype == np.int64
    assert found["type"] == AttributeProto.INTS


def test_a_message_within_a_message_and_texts_by_a_pattern_are_read() -> None:
    attribute = AttributeProto(name="a", t=TensorProto(name="inner"), strings=[b"a", b"a"])
    found = read(attribute.SerializeToString(), ATTRIBUTE)
    assert found["tensor"] == {"name": "inner"}
    assert found["modes"] == b"J\x01aJ\x01a"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x1a\x00", "field 3"),  # not among the known ones
        (b"\x0a\x00", "field 1"),  # another type of value
        (b"\x0b\x0c", "field 1"),  # a group
        (b"\x10\x01\x10\x01", "type twice"),
        (b"\x42\x05ab", "truncated"),
        (b"\x42\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "truncated"),
        (b"\x08\x80", "truncated"),
        (b"\x08" + b"\xff" * 10, "64 bits"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "64 bits"),
        (b"\x42\x01\xff", "utf-8"),
    ],
)
def test_other_bytes_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(data, TENSOR)


@pytest.mark.parametrize("data", [b"\x40", b"\x40\x80", b"\x40" + b"\xff" * 11 + b"\x01", b"J\x01b"])
def test_a_broken_run_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"it has|it is"):
        read(data, ATTRIBUTE)


def test_fields_are_counted() -> None:
    assert len(read(b"\x08\x01" * MAX_FIELDS, TENSOR)["dims"]) == MAX_FIELDS
    with pytest.raises(ValueError, match=f"more than {MAX_FIELDS}"):
        read(b"\x08\x01" * (MAX_FIELDS + 1), TENSOR)
