"""The framing of a `.wandb` file: a seven-byte head, then records in blocks as LevelDB's log has them, with plain CRC-32."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from tenfold.base.errors import Damaged, Invalid

HEAD = b":W&B\xe1\xbe\x00"
"""Name, magic number, version."""
BLOCK_BYTES = 32_768
_PIECE = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def records(path: Path) -> Iterator[bytes]:
    """The whole records of a file; one its writer had not finished is left out.

    Raises:
        Invalid: The file is not a .wandb file of version 0.
        Damaged: A check does not match; the records before it were given.
    """
    with path.open("rb") as file:
        block = file.read(BLOCK_BYTES)
        if block[: len(HEAD)] != HEAD:
            raise Invalid(f"{path} is no .wandb file of a version that can be read", field="path")
        at, parts = len(HEAD), list[bytes]()
        while block:
            while at + _PIECE.size <= len(block):
                check, length, kind = _PIECE.unpack_from(block, at)
                data = block[at + _PIECE.size : at + _PIECE.size + length]
                if kind == 0 and length == 0:
                    break  # a block's unused end
                if len(data) < length:
                    return  # the file ends here
                if zlib.crc32(data, zlib.crc32(bytes([kind]))) != check:
                    raise Damaged(
                        f"{path} is damaged in a block of {len(block)} bytes. What lies before it can be used"
                    )
                at += _PIECE.size + length
                parts = [data] if kind in (_FULL, _FIRST) else [*parts, data]
                if kind in (_FULL, _LAST):
                    yield b"".join(parts)
                    parts = []
            block, at = file.read(BLOCK_BYTES), 0
