"""A folder of a version as one ZIP file, made while it is sent: no temporary file, one piece of one file in memory."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from io import RawIOBase
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from starlette.responses import Response, StreamingResponse

from tenfold.base.errors import NotFound
from tenfold.contracts import Blobs
from tenfold.records import Entry, Version
from tenfold.server.files import entries_of, open_file

_PIECE_BYTES = 1 << 20
_PACKED_ALREADY = (".parquet", ".gz", ".zip", ".zst", ".png", ".jpg", ".jpeg", ".webp", ".mp4", ".mp3", ".feather")
_FIRST_YEAR = 1980
"""ZIP knows no earlier one."""


def send_archive(blobs: Blobs, version: Version, under: str) -> Response:
    """Everything below a folder as a ZIP file with paths from that folder on. Raises NotFound when nothing is there."""
    prefix = f"{under}/" if under else ""
    entries = [entry for entry in entries_of(blobs, version) if entry.path.startswith(prefix)]
    if not entries:
        raise NotFound(f"{version.address} has no folder {under!r}", field="under")
    name = f"{under.rpartition('/')[2] or version.name}-v{version.number}.zip"
    headers = {"content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}
    return StreamingResponse(_zipped(blobs, version, entries, len(prefix)), 200, headers, "application/zip")


class _Sink(RawIOBase):
    """What the ZIP writer writes, until it is taken. It cannot seek, so the writer puts sizes behind each file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def _zipped(blobs: Blobs, version: Version, entries: list[Entry], cut: int) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for entry in entries:
            with archive.open(_info(entry, cut), "w", force_zip64=entry.size_bytes >= 1 << 31) as member:
                if entry.kind != "folder":
                    with open_file(blobs, version, entry) as reader:
                        while piece := reader.read(_PIECE_BYTES):
                            member.write(piece)
                            yield sink.take()
            yield sink.take()
    yield sink.take()


def _info(entry: Entry, cut: int) -> ZipInfo:
    when = time.gmtime(entry.mtime_ns / 1e9)[:6]
    name = entry.path[cut:] + ("/" if entry.kind == "folder" else "")
    info = ZipInfo(name, when if when[0] >= _FIRST_YEAR else (_FIRST_YEAR, 1, 1, 0, 0, 0))
    kind = {"file": stat.S_IFREG, "symlink": stat.S_IFLNK, "folder": stat.S_IFDIR}[entry.kind]
    info.external_attr = (kind | entry.mode) << 16
    info.compress_type = ZIP_STORED if entry.path.lower().endswith(_PACKED_ALREADY) else ZIP_DEFLATED
    return info
