"""The recipe: which chunks, in which order, make a large file."""

from __future__ import annotations

import struct

from blake3 import blake3

from tenfold.base.errors import Damaged

_PART = struct.Struct(">32sI")


def encode_recipe(parts: list[tuple[bytes, int]]) -> bytes:
    """The bytes of a recipe: their own hash, then (chunk, its size) of each part.

    The recipe is stored under the hash of the file, so it carries its own hash to be checked by.
    """
    body = b"".join([_PART.pack(key, size) for key, size in parts])
    return bytes(blake3(body).digest()) + body


def decode_recipe(data: bytes, key: bytes) -> list[tuple[bytes, int]]:
    """(chunk, its size) of each part. Raises Damaged, naming the file."""
    body = data[32:]
    if len(body) % _PART.size or blake3(body).digest() != data[:32]:
        raise Damaged(f"The recipe of {key.hex()} does not match its hash. Restore the store from a copy")
    return list(_PART.iter_unpack(body))
