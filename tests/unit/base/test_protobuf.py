"""The wire format, against the official library's bytes."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.base import protobuf


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=300))))
def test_any_fields_are_read_back_in_order(fields):
    data = b""
    for number, value in fields:
        if isinstance(value, int):
            data += varint(number << 3) + varint(value)
        else:
            data += varint(number << 3 | 2) + varint(len(value)) + value
    assert list(protobuf.fields(data)) == fields


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_raise_value_error_and_nothing_else(data):
    with suppress(ValueError):
        protobuf.message(data)


def test_a_field_cut_short_is_refused():
    with pytest.raises(ValueError, match="beyond the end"):
        protobuf.message(b"\x12\x05hi")


def test_negative_numbers_and_doubles_are_read():
    found = protobuf.message(b"\x08" + b"\xff" * 9 + b"\x01" + b"\x11" + struct.pack("<d", 0.5))
    assert protobuf.integer(found, 1) == -1
    assert protobuf.double(found[2][0]) == 0.5
