"""Writing files of a version to a place of others, as plain files: a folder, or a prefix of a bucket."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.contracts import Blobs, Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.files import check_out, files_of, matching
from tenfold.data.referenced import blobs_of
from tenfold.records import Entry, Version
from tenfold.stores.blobs.objects import Bucket, Object, split_uri
from tenfold.stores.blobs.services import SCHEMES

_AT_ONCE = 8
_BLOCK_BYTES = 1 << 20


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written where."""

    address: str
    uri: str
    files: int
    size_bytes: int
    same: int
    """Files that were there already, the same. Of a folder these are not counted."""
    left_out: list[str] = []
    """Symlinks and empty folders, which a bucket cannot hold."""


def export(stores: Stores, version: Version, uri: str, *, path: str = "", progress: Progress | None = None) -> Exported:
    """Write a version, or what is at a path or glob of it, by its paths; what is there under other names stays.

    Of what is at a bucket already only what differs is sent, so that an interrupted export is gone on with.

    Raises:
        BlobNotFound: The version has nothing at the path.
        Unavailable, Forbidden: The place cannot be written to; what was written before is whole.
    """
    scheme = uri.partition("://")[0] if "://" in uri else ""
    entries = matching(stores, version, path) if path else files_of(stores, version)
    files = [entry for entry in entries if entry.kind == "file"]
    if scheme in ("", "file"):
        folder = Path(uri.removeprefix("file://"))
        written = check_out(stores, version, folder, [path] if path else None, progress=progress)
        return _said(version, str(folder), files, written, 0, [])
    if scheme not in SCHEMES:
        raise Invalid(f"Data cannot be exported to {uri!r}. Name a folder or s3://bucket/prefix", field="dest")
    left_out = [entry.path for entry in entries if entry.kind != "file"]
    sent = _send(blobs_of(stores, version), files, uri.rstrip("/"), progress)
    return _said(version, uri, files, sent, len(files) - sent, left_out)


def _send(blobs: Blobs, files: list[Entry], uri: str, progress: Progress | None) -> int:
    bucket = Bucket(uri)
    _, prefix = split_uri(uri)
    try:
        there = bucket.find(uri)
    except BlobNotFound:
        there = {}
    total, done, sent = sum(entry.size_bytes for entry in files), 0, 0

    def send(entry: Entry) -> bool:
        if _is_there(blobs, entry, there.get(entry.path)):
            return False
        with blobs.open(entry.digest) as source:
            bucket.write(f"{prefix}/{entry.path}" if prefix else entry.path, source, entry.size_bytes)
        return True

    with ThreadPoolExecutor(_AT_ONCE, "tenfold-put") as pool:
        for entry, was_sent in zip(files, pool.map(send, files), strict=True):
            sent += was_sent
            done += entry.size_bytes
            if progress is not None:
                progress(done, total)
    return sent


def _is_there(blobs: Blobs, entry: Entry, one: Object | None) -> bool:
    """True when the object that is there is this file: of its size, with an etag that is the MD5 of its content."""
    if one is None or one.size_bytes != entry.size_bytes or len(one.etag.strip('"')) != 32:
        return False
    md5 = hashlib.md5(usedforsecurity=False)
    with blobs.open(entry.digest) as source:
        while block := source.read(_BLOCK_BYTES):
            md5.update(block)
    return md5.hexdigest() == one.etag.strip('"')


def _said(version: Version, uri: str, files: list[Entry], sent: int, same: int, left_out: list[str]) -> Exported:
    size = sum(entry.size_bytes for entry in files)
    return Exported(
        address=version.address, uri=uri, files=sent, size_bytes=size, same=same, left_out=left_out
    )  # fmt: skip
