"""The files of a version: folders of its tree, bytes with ranges. A version kept inline is one file called `content`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from tenfold.base.addresses import check_path
from tenfold.base.errors import Invalid, NotFound
from tenfold.contracts import Blobs
from tenfold.data.referenced import refuse_reference
from tenfold.records import Entry, Version
from tenfold.server.media import content_name, media_type_of, safe_to_show
from tenfold.server.problems import problem
from tenfold.server.wire import FileRow

_PIECE_BYTES = 1 << 20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def entries_of(blobs: Blobs, version: Version) -> list[Entry]:
    """The entries of a version, sorted by path. Raises NotFound when it was purged."""
    if version.is_purged:
        raise NotFound(f"{version.address} was purged: its files are gone for good", field="version_id")
    if version.inline is not None:
        return [Entry(content_name(version), version.digest, len(version.inline))]
    return _tree(blobs, version.digest)


@lru_cache(maxsize=8)
def _tree(blobs: Blobs, digest: str) -> list[Entry]:
    """Trees never change; the pages of one folder and the next ask for the same one again."""
    return blobs.entries(digest)


def find_file(blobs: Blobs, version: Version, path: str) -> Entry:
    """The entry of one file. Raises NotFound."""
    if version.inline is not None or version.is_purged:
        entry = entries_of(blobs, version)[0] if path == content_name(version) else None
    else:
        entry = blobs.find_entry(version.digest, check_path(path))
    if entry is None or entry.kind != "file":
        raise NotFound(f"{version.address} has no file {path!r}. Its files are listed at …/files", field="path")
    return entry


def folder_rows(
    blobs: Blobs, version: Version, under: str, *, offset: int, limit: int, find: str = ""
) -> tuple[list[FileRow], int]:
    """Some of what lies directly below a folder, and how much that is: folders first, then files, each by name.

    Args:
        find: Only names that hold this; case is ignored.

    Raises:
        NotFound: Nothing lies below it.
    """
    if version.inline is not None or version.is_purged:
        whole = [(entry, 1) for entry in entries_of(blobs, version)] if not under else []
        found, total = whole[offset : offset + limit], len(whole)
    else:
        found, total = blobs.folder_entries(version.digest, under, find=find, offset=offset, limit=limit)
    if under and not total and not find:
        raise NotFound(f"There is no folder {under!r}, or nothing is in it", field="under")
    return [_file_row(entry, files) for entry, files in found], total


def _file_row(entry: Entry, files: int) -> FileRow:
    return FileRow(
        path=entry.path,
        name=entry.path.rpartition("/")[2],
        kind=entry.kind,
        size_bytes=entry.size_bytes,
        files=files,
        digest=entry.digest,
    )


def open_file(blobs: Blobs, version: Version, entry: Entry) -> BinaryIO:
    """A seekable reader of a file's bytes. A server reads no bucket in the name of who asks: Invalid for a reference."""
    refuse_reference(version, "a server does not fetch them")
    return io.BytesIO(version.inline) if version.inline is not None else blobs.open(entry.digest)


def send_file(
    blobs: Blobs, version: Version, entry: Entry, *, range_header: str | None, etag: str | None, download: bool
) -> Response:
    """The bytes of a file, or the range asked for. What a browser would run comes in a sandbox."""
    media_type = media_type_of(entry.path)
    save = download or not safe_to_show(media_type)
    headers = {
        "accept-ranges": "bytes",
        "etag": f'"{entry.digest[:32]}"',
        "cache-control": "private, max-age=31536000, immutable",
        "content-security-policy": _SANDBOX,
        "content-disposition": f"{'attachment' if save else 'inline'}; filename*=utf-8''{_quoted(entry.path)}",
    }
    if etag == headers["etag"]:
        return Response(status_code=304, headers=headers)
    start, end = _range(range_header, entry.size_bytes)
    if start is None:
        headers["content-range"] = f"bytes */{entry.size_bytes}"
        return problem(416, f"The file has {entry.size_bytes:,} bytes", code="Invalid", field="range", headers=headers)
    partial = end - start < entry.size_bytes
    if partial:
        headers["content-range"] = f"bytes {start}-{end - 1}/{entry.size_bytes}"
    headers["content-length"] = str(end - start)
    reader = open_file(blobs, version, entry)  # here, so that a missing blob is a problem and not a torn answer
    pieces, status = _pieces(reader, start, end), 206 if partial else 200
    if end - start <= _PIECE_BYTES:  # read in this thread: one for each piece would cost more than the reading
        return Response(b"".join(pieces), status, headers, media_type)
    return StreamingResponse(pieces, status, headers, media_type)


_SANDBOX = (
    "sandbox allow-scripts allow-popups; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self'; font-src data:; frame-ancestors 'self'"
)
"""A report may have scripts of its own, but no network and none of this server's rights."""


def _pieces(reader: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with reader:
        reader.seek(start)
        while start < end:
            piece = reader.read(min(_PIECE_BYTES, end - start))
            if not piece:
                return
            start += len(piece)
            yield piece


def _range(header: str | None, size: int) -> tuple[int | None, int]:
    """(first, one past the last) byte to send; first is None when the range cannot be had."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or (not found[1] and not found[2]) or max(len(found[1]), len(found[2])) > 18:
        return 0, size  # a range that cannot be read is passed over, as RFC 9110 says
    if not found[1]:
        length = int(found[2])
        return (max(size - length, 0), size) if length and size else (None, 0)
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end else (None, 0)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path.rpartition("/")[2], safe="")


def check_under(under: str) -> str:
    """A folder of a tree, '' for the whole. Raises Invalid naming the parameter."""
    try:
        return check_path(under.strip("/")) if under.strip("/") else ""
    except Invalid as error:
        raise Invalid(error.message, field="under") from error
