"""The pointer: a few lines of text beside a tracked path, which go into git in place of the data.

format: tenfold-pointer-1
dataset: flights
branch: main
version: v3 01KAX3T1CM5J0QF5D0C3W6Z2VN
tree: 5c1e…                                content id of the tree, see docs/format.md
kind: folder                               or file
files: 1200
size: 48120331                             bytes
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name, check_ref
from tenfold.base.errors import Conflict, Invalid
from tenfold.base.files import write_atomic
from tenfold.base.hashing import is_digest
from tenfold.data.sources import is_temporary
from tenfold.records import Version

SUFFIX = ".tenfold"
FORMAT = "tenfold-pointer-1"
_BEGINS = f"format: {FORMAT}".encode()
_NEVER_ENTERED = frozenset({".git", ".tenfold", ".venv", "node_modules", "__pycache__"})


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """What a tracked path holds. The tree says it; version, files and size are for whoever reads the text."""

    dataset: str
    branch: str
    number: int
    version_id: str
    tree: str
    kind: Literal["folder", "file"]
    files: int
    size_bytes: int


def pointer_to(version: Version, *, branch: str, kind: Literal["folder", "file"]) -> Pointer:
    """The pointer that names a version."""
    return Pointer(
        dataset=version.name,
        branch=branch,
        number=version.number,
        version_id=version.id,
        tree=version.digest,
        kind=kind,
        files=version.files,
        size_bytes=version.size_bytes,
    )


def pointer_path(path: Path) -> Path:
    """Where the pointer of a path lies: beside it."""
    return path.with_name(path.name + SUFFIX)


def encode_pointer(pointer: Pointer) -> str:
    """The text of a pointer: one line for each thing that can change, always in the same order."""
    return (
        f"format: {FORMAT}\ndataset: {pointer.dataset}\nbranch: {pointer.branch}\n"
        f"version: v{pointer.number} {pointer.version_id}\ntree: {pointer.tree}\nkind: {pointer.kind}\n"
        f"files: {pointer.files}\nsize: {pointer.size_bytes}\n"
    )


def decode_pointer(text: str, where: str) -> Pointer:
    """Read a pointer; lines it does not know are passed over.

    Args:
        where: Named in messages.

    Raises:
        Conflict: git could not merge it and left its marks.
        Invalid: It is no pointer, or of a newer format.
    """
    if re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE):
        raise Conflict(
            f"{where} has the marks of a git merge. Take one side (git checkout --ours or --theirs), then bring the other in "
            "with: tenfold data merge PATH VERSION"
        )
    lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if lines.get("format") != FORMAT:
        raise Invalid(f"{where} is no pointer of the format {FORMAT}. Get it back from git, or track the path again")
    try:
        number, _, version_id = lines["version"].partition(" ")
        pointer = Pointer(
            dataset=check_name(lines["dataset"]),
            branch=check_ref(lines["branch"]),
            number=int(number.removeprefix("v")),
            version_id=version_id,
            tree=lines["tree"],
            kind="file" if lines["kind"] == "file" else "folder",
            files=int(lines["files"]),
            size_bytes=int(lines["size"]),
        )
    except (KeyError, ValueError) as error:
        raise Invalid(f"{where} cannot be read ({error}). Get it back from git, or track the path again") from error
    if not is_digest(pointer.tree) or not ids.is_id(pointer.version_id):
        raise Invalid(f"{where} names no tree or version. Get it back from git, or track the path again")
    return pointer


def read_pointer(path: Path) -> Pointer | None:
    """The pointer of a tracked path, None when it is not tracked."""
    place = pointer_path(path)
    try:
        return decode_pointer(place.read_text("utf-8"), str(place))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Write the pointer of a path; seen whole or not at all."""
    write_atomic(pointer_path(path), encode_pointer(pointer).encode())


def find_tracked(folder: Path) -> Iterator[Path]:
    """The tracked paths below a folder, sorted within each folder. What is tracked is not looked into."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    pointers = {
        entry.name.removesuffix(SUFFIX)
        for entry in entries
        if is_pointer_name(entry.name) and entry.is_file(follow_symlinks=False)
    }
    yield from (folder / name for name in sorted(pointers))
    for entry in entries:
        inside = entry.is_dir(follow_symlinks=False) and entry.name not in pointers
        if inside and entry.name not in _NEVER_ENTERED:
            yield from find_tracked(Path(entry.path))


def is_pointer(path: Path) -> bool:
    """True for a file that begins as a pointer does, whatever became of it."""
    try:
        return is_pointer_name(path.name) and path.read_bytes().startswith(_BEGINS)
    except OSError:
        return False


def is_pointer_name(name: str) -> bool:
    """True when a file of that name is a pointer: not the store's folder, nor a file that a checkout is writing."""
    return name.endswith(SUFFIX) and name != SUFFIX and not is_temporary(name)
