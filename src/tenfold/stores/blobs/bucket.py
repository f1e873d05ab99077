"""A bucket as a medium, through OpenDAL: S3 and what speaks its protocol, and the other services of `services`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound, Forbidden, TenfoldError, Unavailable
from tenfold.base.extras import require
from tenfold.contracts import Medium
from tenfold.stores.blobs.services import service_of

_PART_BYTES = 16 << 20
_AT_ONCE = 4
_used_in: int | None = None

CATALOG = "catalog.json"
"""Names, sizes and times of all objects, where somebody wrote that down: see docs/format.md."""


class BucketMedium(Medium):
    """Objects below `s3://bucket/prefix` or a URL of another service. Safe for threads.

    A put is seen whole or not at all, as S3, GCS and Azure promise.

    A process forked from one that has used a bucket cannot use one: it gets Unavailable at once instead of waiting forever.

    Args:
        url: `s3://bucket`, `s3://bucket/prefix`, or one of those that `service_of` lists.
        environ: Where the variables of the service are read; the process's environment when not given. Without keys
            there, OpenDAL looks in the usual places (profile, container and machine roles).
    """

    def __init__(self, url: str, *, environ: Mapping[str, str] | None = None) -> None:
        self.url = url
        self._service, self._options = service_of(url, os.environ if environ is None else environ)
        self._operator: Any = None

    def put(self, name: str, data: bytes) -> None:
        many = {"chunk": _PART_BYTES, "concurrent": _AT_ONCE} if len(data) > _PART_BYTES else {}
        try:
            with self._telling(name):
                self._open().write(check_path(name), bytes(data), **many)
        except (Unavailable, BlobNotFound):
            if self._arrived(name, data):
                return
            if self._service != "webdav":
                raise
            self._make_folders(name)
            with self._telling(name):
                self._open().write(name, bytes(data), **many)

    def _make_folders(self, name: str) -> None:
        """Make the folders above an object one at a time: a put looks for all of them, too many requests for a bad line."""
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            with suppress(Exception), self._telling(name):
                self._open().create_dir("/".join(parts[:depth]) + "/")

    def _arrived(self, name: str, data: bytes) -> bool:
        """True when a put came through, and only its answers were lost."""
        try:
            return self.get(name) == data
        except (TenfoldError, OSError):
            return False

    def put_new(self, name: str, data: bytes) -> bool:
        operator = self._open()
        if not operator.capability().write_with_if_not_exists:
            return super().put_new(name, data)
        with self._telling(name):
            try:
                operator.write(check_path(name), bytes(data), if_not_exists=True)
            except Exception as error:
                if type(error).__name__ not in ("ConditionNotMatch", "AlreadyExists"):
                    if self._arrived(name, data):
                        return True
                    raise
                return bytes(operator.read(name)) == data  # ours, when only the answer to a first try was lost
        return True

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        with self._telling(name):
            operator = self._open()
            if start == 0 and length is None:
                return bytes(operator.read(check_path(name)))
            if length is None:
                length = max(0, operator.stat(check_path(name)).content_length - start)
            return bytes(operator.read(check_path(name), offset=start, size=length)) if length else b""

    def has(self, name: str) -> bool:
        with self._telling(name):
            return bool(self._open().exists(check_path(name)))

    def stamp(self, name: str) -> str:
        try:
            with self._telling(name):
                meta = self._open().stat(check_path(name))
        except BlobNotFound:
            return ""
        changed = meta.etag or meta.last_modified
        return f"{meta.content_length}-{changed}" if changed else ""

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        if not self._open().capability().list:
            return self._catalog(prefix)
        found = []
        with self._telling(prefix):
            for entry in self._open().list(prefix or "/", recursive=True):
                name = entry.path.lstrip("/")
                if name and not name.endswith("/") and name.startswith(prefix):
                    meta = entry.metadata
                    at_ms = int(meta.last_modified.timestamp() * 1000) if meta.last_modified else 0
                    found.append((name, int(meta.content_length), at_ms))
        return sorted(found)

    def _catalog(self, prefix: str) -> list[tuple[str, int, int]]:
        """What a writer listed for those who can read but not list, such as over plain HTTP."""
        listed = msgspec.json.decode(self.get(CATALOG), type=list[tuple[str, int, int]])
        return [one for one in listed if one[0].startswith(prefix)]

    def delete(self, name: str) -> None:
        with self._telling(name):
            self._open().delete(check_path(name))

    def _open(self) -> Any:
        global _used_in
        if _used_in not in (None, os.getpid()):
            raise Unavailable(
                f"{self.url} was in use before this process was forked, and OpenDAL's threads do not survive that. "
                "Start the process anew (spawn), or open the store only after the fork"
            )
        if self._operator is None:
            _used_in = os.getpid()
            opendal = require("opendal", extra="s3", why="keep blobs in a bucket")
            operator = opendal.Operator(self._service, **self._options)
            self._operator = operator.layer(
                opendal.layers.RetryLayer(max_times=6, min_delay=0.1, max_delay=10.0, jitter=True)
            )
        return self._operator

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn OpenDAL's errors into ours."""
        try:
            yield
        except TenfoldError:
            raise
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("opendal", "opendal_", "_opendal"):
                raise
            kind = type(error).__name__
            if kind == "NotFound" and "NoSuchBucket" not in str(error):
                raise BlobNotFound(f"No object {name} in {self.url}. Check the store with: tenfold doctor") from error
            if kind == "PermissionDenied":
                raise Forbidden(
                    f"{self.url} refused access to {name}. Check the keys in the environment and their rights"
                ) from error
            said = str(error).partition("\n\nBacktrace:")[0]
            raise Unavailable(f"{self.url} could not be used for {name}: {said}. Check bucket and endpoint") from error
