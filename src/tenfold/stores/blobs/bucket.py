"""A bucket as a medium, through OpenDAL: S3 and what speaks its protocol."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tenfold.base.addresses import check_path
from tenfold.base.errors import BlobNotFound, Forbidden, Invalid, TenfoldError, Unavailable
from tenfold.base.extras import require
from tenfold.contracts import Medium

_PART_BYTES = 16 << 20
_AT_ONCE = 4
_used_in: int | None = None


class BucketMedium(Medium):
    """Objects below `s3://bucket/prefix`. A put is seen whole or not at all, as S3 promises. Safe for threads.

    A process forked from one that has used a bucket cannot use one: it gets Unavailable at once instead of waiting forever.

    Args:
        url: `s3://bucket` or `s3://bucket/prefix`.
        environ: Where AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID,
            AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are read; the process's environment when not given. Without
            keys there, OpenDAL looks in the usual places (profile, container and machine roles).
    """

    def __init__(self, url: str, *, environ: Mapping[str, str] | None = None) -> None:
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not bucket:
            raise Invalid(f"{url!r} names no bucket. Write it like s3://bucket/prefix", field="blobs")
        self.url = url
        self._options = _options(bucket, prefix, os.environ if environ is None else environ)
        self._operator: Any = None

    def put(self, name: str, data: bytes) -> None:
        with self._telling(name):
            if len(data) > _PART_BYTES:
                self._open().write(check_path(name), bytes(data), chunk=_PART_BYTES, concurrent=_AT_ONCE)
            else:
                self._open().write(check_path(name), bytes(data))

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

    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        found = []
        with self._telling(prefix):
            for entry in self._open().list(prefix or "/", recursive=True):
                name = entry.path.lstrip("/")
                if name and not name.endswith("/") and name.startswith(prefix):
                    meta = entry.metadata
                    at_ms = int(meta.last_modified.timestamp() * 1000) if meta.last_modified else 0
                    found.append((name, int(meta.content_length), at_ms))
        return sorted(found)

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
            operator = opendal.Operator("s3", **self._options)
            self._operator = operator.layer(opendal.layers.RetryLayer(max_times=4, jitter=True))
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
                    f"{self.url} refused access to {name}. Check AWS_ACCESS_KEY_ID and its rights"
                ) from error
            raise Unavailable(f"{self.url} could not be used for {name}: {error}. Check bucket and endpoint") from error


def _options(bucket: str, prefix: str, environ: Mapping[str, str]) -> dict[str, str]:
    wanted = {
        "endpoint": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        "region": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
    }
    return {"bucket": bucket, "root": f"/{prefix.strip('/')}"} | {key: value for key, value in wanted.items() if value}
