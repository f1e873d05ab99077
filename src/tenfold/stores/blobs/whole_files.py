"""Large files taken into the store as they are: moved, not written again, and handed out for memory maps where they lie.

Each is a pack of its own, cut every MiB, whose records lie beside it. See docs/decisions/0013-files-taken-as-they-are.md.
"""

from __future__ import annotations

import os
from pathlib import Path

from blake3 import blake3

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Conflict, Damaged
from tenfold.stores.blobs.codec import RAW
from tenfold.stores.blobs.files import is_nobody_elses
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.packs import CHUNK, FILE, RECIPE, Place, file_key, is_file, put_end
from tenfold.stores.blobs.reading import parts_of
from tenfold.stores.blobs.recipes import encode_recipe
from tenfold.stores.blobs.upload import Upload

TAKEN_FROM_BYTES = 1 << 20
"""Smaller files are as quickly written into a pack with others as made durable alone."""
TAKEN_TO_BYTES = (1 << 32) - 1
"""Offsets in a pack have four bytes."""
_PIECE = 1 << 20


def can_take(index: Index, path: Path) -> bool:
    """Whether a file is of a kind to be taken as it is: large, and nobody else's."""
    if not index.medium.takes_files or path.is_symlink():
        return False
    return TAKEN_FROM_BYTES <= path.stat().st_size <= TAKEN_TO_BYTES and is_nobody_elses(path)


def cut_file(path: Path) -> tuple[bytes, list[tuple[bytes, int]]]:
    """(key, (key and size of each piece in order)) of a file; a megabyte of it is in memory at a time.

    Raises:
        Conflict: It changed while it was read.
    """
    whole = blake3()
    parts: list[tuple[bytes, int]] = []
    buffer = bytearray(_PIECE)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        while count := _fill(file.fileno(), view):
            whole.update(view[:count])
            parts.append((blake3(view[:count]).digest(), count))
        after = os.fstat(file.fileno())
    if sum(size for _, size in parts) != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise Conflict(f"{path} changed while it was read. Try again when whoever writes it has ended", field="source")
    return whole.digest(), parts


def take_file(upload: Upload, path: Path, key: bytes, parts: list[tuple[bytes, int]]) -> bool:
    """Move a file into the store as a pack; False when it lies on another disk, and stays where it is.

    What has its name lies there once this returned; `name_parts` must follow.
    """
    index = upload.index
    index.check_format(write=True)
    name = FILE + ids.new_id()[1:]
    places: dict[bytes, Place] = {}
    at = 0
    for part, size in parts:
        places.setdefault(part, Place(name, CHUNK, RAW, at, size, size))
        at += size
    put_end(index.medium, name, key, places)
    if not index.medium.take(f"packs/{name}", path):
        index.medium.delete(f"ends/{name}")
        return False
    upload.mine.add(name)
    index.add(name, at, places.items())
    upload.advance(at)
    return True


def name_parts(upload: Upload, key: bytes, parts: list[tuple[bytes, int]]) -> None:
    """Store which pieces make the content of a taken file, unless it is one; the upload's end makes it durable."""
    if len(parts) > 1:
        upload.add(key, RECIPE, encode_recipe(parts))


def taken_file(index: Index, key: bytes) -> Path | None:
    """Where content lies as a file of its own; None when it does not. It may vanish when garbage is collected."""
    if not index.medium.takes_files:
        return None
    try:
        parts = parts_of(index, key)
    except (BlobNotFound, Damaged):
        return None
    size = sum(size for _, size in parts)
    if size < TAKEN_FROM_BYTES:
        return None
    newest = max((name for name, _, _ in index.medium.scan("trash/")), default="")
    if newest != index.trash:  # it may have been found damaged by another process
        index.refresh()
    doomed = {pack for part, _ in parts for pack in index.condemned.get(part, ())}
    for place in index.find_all(parts[0][0], (CHUNK,)):
        name = place.pack
        if is_file(name) and name not in doomed and place.offset == 0 and index.packs.get(name, (0, 0))[0] == size:
            path = index.medium.local_file(f"packs/{name}")
            try:
                if path is not None and path.stat().st_size == size and file_key(index.medium, name) == key:
                    return path
            except (FileNotFoundError, BlobNotFound):  # collected since
                continue
    return None


def _fill(fd: int, view: memoryview) -> int:
    """Read until the view is full or the file ends; gives how much."""
    filled = 0
    while filled < len(view) and (count := os.readv(fd, [view[filled:]])):
        filled += count
    return filled
