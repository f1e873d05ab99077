"""The content of files as DVC names it: md5 of a file, and the `.dir` object that lists a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tenfold.base.errors import Damaged

_BLOCK = 1 << 20
_TEXT = frozenset(range(32, 127)) | frozenset(b"\n\r\t\f\b")
_PROBE = 512


class _Listed(msgspec.Struct):
    md5: str
    relpath: str


_decoder = msgspec.json.Decoder(list[_Listed])


def md5_of_file(path: Path | str) -> str:
    """md5 of the bytes, in hex. Large files are read in blocks; other threads run meanwhile."""
    with open(path, "rb", buffering=0) as file:
        first = file.read(_BLOCK)
        found = hashlib.md5(first, usedforsecurity=False)
        if len(first) == _BLOCK:
            block = bytearray(_BLOCK)
            while size := file.readinto(block):
                found.update(memoryview(block)[:size])
    return found.hexdigest()


def md5_of_text(path: Path | str) -> str:
    """md5 as DVC 2 took it: in blocks of 1 MiB, each with CRLF made LF where it looks like text."""
    found = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            found.update(block.replace(b"\r\n", b"\n") if _is_text(block[:_PROBE]) else block)
    return found.hexdigest()


def _is_text(probe: bytes) -> bool:
    if b"\x00" in probe:
        return False
    strange = sum(byte not in _TEXT for byte in probe)
    return strange / len(probe) <= 0.30


def encode_folder(files: Mapping[str, str]) -> tuple[str, bytes]:
    """(`<md5>.dir`, the bytes of the object) of a folder given as {path in it: md5}.

    The form is Python's `json.dumps(list, sort_keys=True)` in order of paths: its bytes are what is hashed.
    """
    rows = [{"md5": md5, "relpath": path} for path, md5 in sorted(files.items())]
    data = json.dumps(rows).encode("ascii")
    return f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.dir", data


def decode_folder(data: bytes, name: str) -> dict[str, str]:
    """{path in the folder: md5} of a `.dir` object. Raises Damaged when it is none, or a path would leave the folder."""
    try:
        rows = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged(f"Object {name} does not list a folder ({error}). Get it anew with: tenfold dvc fetch") from error
    for row in rows:
        parts = row.relpath.split("/")
        if row.relpath.startswith("/") or ".." in parts or "" in parts or "\x00" in row.relpath:
            raise Damaged(
                f"Object {name} has the path {row.relpath!r}, which leads out of its folder. Nothing was written"
            )
    return {row.relpath: row.md5 for row in rows}


def object_name(md5: str, *, legacy: bool = False) -> str:
    """Where an object lies in a cache or a remote: `files/md5/ab/cd…`, or `ab/cd…` for what DVC 2 kept."""
    return f"{'' if legacy else 'files/md5/'}{md5[:2]}/{md5[2:]}"


def is_md5(text: str) -> bool:
    """True for 32 hex digits, with or without `.dir`."""
    bare = text.removesuffix(".dir")
    return len(bare) == 32 and all(char in "0123456789abcdef" for char in bare)


def names_below(names: Iterable[str]) -> set[str]:
    """The md5s of object names as `object_name` makes them; other names are passed over."""
    found = set()
    for name in names:
        head, _, tail = name.rpartition("/")
        md5 = head[-2:] + tail
        if is_md5(md5):
            found.add(md5)
    return found
