"""Content ids: blake3-256 as 64 lower-case hex characters, and the canonical JSON that records are hashed by."""

from __future__ import annotations

from typing import Any

import msgspec
from blake3 import blake3

DIGEST_LENGTH = 64
_encoder = msgspec.json.Encoder(order="sorted")


def digest(data: bytes | bytearray | memoryview) -> str:
    """blake3-256 of bytes, in hex."""
    return blake3(data).hexdigest()


def hasher() -> blake3:
    """A running blake3 with `update` and `hexdigest`."""
    return blake3()


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes, whatever the order of their keys."""
    return _encoder.encode(value)


def json_digest(value: Any) -> str:
    """blake3-256 of the canonical JSON of a value."""
    return digest(canonical_json(value))


def is_digest(text: str) -> bool:
    """True when the text has the form of a content id."""
    return len(text) == DIGEST_LENGTH and all(char in "0123456789abcdef" for char in text)
