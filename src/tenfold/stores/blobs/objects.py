"""Objects that others put into buckets, as they are there: listed, and read by the very version that was listed.

Here lives nothing of packs: these objects are not ours. Writing is for exports.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from tenfold.base.errors import BlobNotFound, Conflict, Invalid
from tenfold.stores.blobs.bucket import BucketMedium

BLOCK_BYTES = 8 << 20
_PARTS_BYTES = 16 << 20
_CONDITIONAL = ("s3", "azblob")
"""Services that were seen to refuse a read whose etag or version is not there any more; others are asked again after it."""


class Object(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object of a bucket, exactly as it was when it was listed."""

    uri: str
    size_bytes: int
    etag: str = ""
    version: str = ""
    """Where the bucket keeps versions: what it calls this one."""
    modified_ms: int = 0


class Bucket(BucketMedium):
    """The objects of the bucket that a URL begins with. Safe for threads.

    Args:
        url: `s3://bucket/prefix`, or another of `service_of`. What comes after the bucket only counts in `find`.
    """

    def __init__(self, url: str) -> None:
        self._top, _ = split_uri(url)
        super().__init__(self._top)

    def find(self, url: str) -> dict[str, Object]:
        """{path below the URL: object} of all that is there now, sorted; for the URL of one object, that under its name.

        Costs a listing, and a second one where the bucket keeps versions.

        Raises:
            BlobNotFound: Nothing is there.
            Invalid: A name there cannot be a path of a dataset, or the service cannot list.
        """
        _, key = split_uri(url)
        operator = self._open()
        if not operator.capability().list:
            raise Invalid(f"{self._top} cannot be listed. Name a bucket, or import a file: tenfold data import URL")
        prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
        with self._telling(key):
            listed = {
                entry.path: _object(self._top, entry.path, entry.metadata)
                for entry in operator.list(prefix or "/", recursive=True)
                if not entry.path.endswith("/")
            }
            if not listed and key and operator.exists(key):
                listed, prefix = {key: _object(self._top, key, operator.stat(key))}, key[: key.rfind("/") + 1]
        if not listed:
            raise BlobNotFound(f"Nothing is at {url}. Check the URL; a prefix ends at a folder", field="url")
        versions = self._versions(prefix, listed)
        found = {
            path.removeprefix(prefix): msgspec.structs.replace(one, version=versions.get(path, one.version))
            for path, one in listed.items()
        }
        return dict(sorted(found.items()))

    def read(self, one: Object, start: int = 0, length: int | None = None) -> bytes:
        """A range of the object as it was listed. Raises Conflict when the bucket has it no more, or as another."""
        length = max(0, one.size_bytes - start) if length is None else min(length, max(0, one.size_bytes - start))
        if length == 0:
            return b""
        _, key = split_uri(one.uri)
        operator, options = self._open(), {}
        can = operator.capability()
        if one.version and can.read_with_version:
            options["version"] = one.version
        elif one.etag and can.read_with_if_match:
            options["if_match"] = one.etag
        with self._telling(key):
            try:
                data = bytes(operator.read(key, offset=start, size=length, **options))
                sure = self._service in _CONDITIONAL or "version" in options
                if not sure and not _same(_object(self._top, key, operator.stat(key)), one):
                    raise _changed(one)
            except Exception as error:
                if type(error).__name__ not in ("ConditionNotMatch", "NotFound", "RangeNotSatisfied"):
                    raise
                raise _changed(one) from error
        if len(data) != length:
            raise _changed(one)
        return data

    def blocks(self, one: Object) -> Iterator[bytes]:
        """The whole object, in blocks of 8 MiB."""
        for start in range(0, one.size_bytes, BLOCK_BYTES):
            yield self.read(one, start, BLOCK_BYTES)

    def write(self, key: str, source: BinaryIO, size_bytes: int) -> None:
        """Put an object from a reader, in parts, seen whole or not at all."""
        with self._telling(key):
            if size_bytes <= _PARTS_BYTES:
                self._open().write(key, source.read())
                return
            with self._open().open(key, "wb", chunk=_PARTS_BYTES) as out:
                while block := source.read(_PARTS_BYTES):
                    out.write(block)

    def _versions(self, prefix: str, listed: dict[str, Object]) -> dict[str, str]:
        """{path: id of the version that was listed}, where the bucket keeps versions."""
        operator = self._open()
        found: dict[str, str] = {}
        if not operator.capability().list_with_versions:
            return {}
        try:
            for entry in operator.list(prefix or "/", recursive=True, versions=True):
                one, meta = listed.get(entry.path), entry.metadata
                if one is not None and (meta.etag or "") == one.etag and meta.version not in (None, "null"):
                    found.setdefault(entry.path, str(meta.version))  # the newest come first
        except Exception as error:
            if type(error).__name__ not in ("PermissionDenied", "Unsupported", "Unexpected"):
                raise
            return {}  # one who may list, but not list versions: the etag tells a change too
        return found


class ObjectReader(io.RawIOBase):
    """A seekable reader of one object that fetches only the ranges it is asked for."""

    def __init__(self, bucket: Bucket, one: Object) -> None:
        self._bucket, self._one, self._at = bucket, one, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._one.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        data = self._bucket.read(self._one, self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def split_uri(uri: str) -> tuple[str, str]:
    """(the bucket, as a URL; the rest), of the URI of an object or prefix.

    >>> split_uri("s3://bucket/raw/a.csv")
    ('s3://bucket', 'raw/a.csv')
    """
    scheme, _, rest = uri.partition("://")
    host, _, key = rest.partition("/")
    return f"{scheme}://{host}", key


def _object(top: str, path: str, meta: Any) -> Object:
    return Object(
        uri=f"{top}/{path}",
        size_bytes=int(meta.content_length),
        etag=meta.etag or "",
        modified_ms=int(meta.last_modified.timestamp()) * 1000 if meta.last_modified else 0,  # listings round, too
    )


def _same(now: Object, one: Object) -> bool:
    """True when an object is still the one that was listed, as far as a service without conditional reads can tell."""
    if now.size_bytes != one.size_bytes:
        return False
    return now.etag == one.etag if one.etag else now.modified_ms == one.modified_ms


def _changed(one: Object) -> Conflict:
    what = f"version {one.version}" if one.version else f"etag {one.etag}" if one.etag else "size and time"
    return Conflict(
        f"{one.uri} is not there any more as it was referenced ({what}). See what changed with: tenfold data update "
        "--dry-run; take it as a new version with: tenfold data update"
    )
