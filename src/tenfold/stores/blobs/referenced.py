"""Files that lie elsewhere: what is stored of each names an object of a bucket, and reading it reads that object.

The tree of a version of the type `reference` is like any other, but that the content of a file is a line of JSON that
names an object, while the size is that of the object. docs/format.md tells it for strangers.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from tenfold.base.addresses import check_path
from tenfold.base.errors import Conflict, Damaged
from tenfold.base.files import raise_if_full
from tenfold.contracts import Blobs
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry, Version
from tenfold.stores.blobs import PackedBlobs
from tenfold.stores.blobs.objects import Bucket, Object, ObjectReader, split_uri

REFERENCE = "reference"
"""The type of a version whose files lie elsewhere."""

_AT_ONCE = 8
_BUFFER_BYTES = 262_144


def is_reference(version: Version) -> bool:
    """True for a version whose files are objects of a bucket, not stored here."""
    return version.type == REFERENCE and version.inline is None and not version.is_purged


def referenced(blobs: Blobs) -> ReferencedBlobs:
    """What reads the files of referenced versions that a blob store knows."""
    return ReferencedBlobs(cast(PackedBlobs, blobs))


class ReferencedBlobs(PackedBlobs):
    """A blob store whose files are references: reading one reads the object that it names, as it was then."""

    def __init__(self, under: PackedBlobs) -> None:
        self.medium, self.cache, self.index = under.medium, under.cache, under.index
        self._buckets: dict[str, Bucket] = {}

    def object_of(self, digest: str) -> tuple[Bucket, Object]:
        """(its bucket, the object) that a file's content names."""
        try:
            one = msgspec.json.decode(super().get_bytes(digest), type=Object)
        except msgspec.MsgspecError as error:
            raise Damaged(f"{digest} is no reference ({error}). Commit real files to another dataset") from error
        top, _ = split_uri(one.uri)
        return self._buckets.setdefault(top, Bucket(top)), one

    def get_bytes(self, digest: str) -> bytes:
        bucket, one = self.object_of(digest)
        return b"".join(bucket.blocks(one))

    def open(self, digest: str) -> BinaryIO:
        bucket, one = self.object_of(digest)
        return cast(BinaryIO, io.BufferedReader(ObjectReader(bucket, one), _BUFFER_BYTES))

    def local_path(self, digest: str) -> Path:
        path = self.cache / "referenced" / digest[:2] / digest
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._bring(digest, path)
        return path

    def place(
        self,
        entries: Iterable[Entry],
        folder: Path,
        *,
        link: Sequence[str] = (),
        relink: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """As everywhere; but files come from their buckets, several at once, and are never links."""
        folder.mkdir(parents=True, exist_ok=True)
        files = [entry for entry in entries if entry.kind != "folder"]  # folders of a bucket are in the paths
        wanted = [entry for entry in files if not _is_right(folder / entry.path, entry)]
        total, done = sum(entry.size_bytes for entry in wanted), 0
        for entry in wanted:
            _make_room(folder, folder / check_path(entry.path))
        with ThreadPoolExecutor(_AT_ONCE, "tenfold-get") as pool:
            for entry, _ in zip(wanted, pool.map(lambda one: self._write(one, folder), wanted), strict=True):
                done += entry.size_bytes
                if progress is not None:
                    progress(done, total)
        return len(wanted)

    def _write(self, entry: Entry, folder: Path) -> None:
        path = folder / entry.path
        self._bring(entry.digest, path)
        if entry.mtime_ns:
            os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))

    def _bring(self, digest: str, path: Path) -> None:
        """Write an object beside a path, then move it there: whole, or not at all."""
        bucket, one = self.object_of(digest)
        temporary = path.with_name(f".{secrets.token_hex(8)}.tenfold")
        try:
            with temporary.open("xb") as out:
                for block in bucket.blocks(one):
                    out.write(block)
            os.replace(temporary, path)
        except OSError as error:
            raise_if_full(error, path)
            raise
        finally:
            temporary.unlink(missing_ok=True)


def _is_right(path: Path, entry: Entry) -> bool:
    """True for a file of the size and time of the object, as `_write` leaves it."""
    try:
        info = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return info.st_size == entry.size_bytes and entry.mtime_ns != 0 and info.st_mtime_ns == entry.mtime_ns


def _make_room(folder: Path, path: Path) -> None:
    """Make the folders above a file. Raises Conflict where something else is there, or a link that leads out."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Conflict(f"{path.parent} is a file, where a folder has to be. Move it, or take another folder") from None
    if not path.parent.resolve().is_relative_to(folder.resolve()) or path.is_dir():
        raise Conflict(f"{path} is a folder, or behind a link that leads out. Remove it, or take another folder")
