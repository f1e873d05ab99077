"""Remotes in DVC's layout: a folder of this machine, a bucket of S3 and what speaks its protocol, a web server to read from."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from tenfold.base.errors import BlobNotFound, Forbidden, Invalid, TenfoldError, Unavailable
from tenfold.base.extras import require
from tenfold.base.files import write_atomic
from tenfold.doors.dvc.content.cache import Cache
from tenfold.doors.dvc.content.objects import names_below, object_name
from tenfold.doors.dvc.files.config import Config, Section, as_environ

_BLOCK = 8 << 20
_AT_ONCE = 16
_MANY = 1_000


class Remote(ABC):
    """Where objects are pushed to and fetched from. A put is seen whole or not at all."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self.at_once = 1
        """Transfers that pay at the same time."""

    @abstractmethod
    def having(self, md5s: Iterable[str], *, legacy: bool = False) -> set[str]:
        """Those of the md5s that are there."""

    @abstractmethod
    def put(self, md5: str, source: str, *, legacy: bool = False) -> None:
        """Store a file under its md5, or under a name like `runs/…` where it is no md5."""

    @abstractmethod
    def fetch(self, md5: str, target: str, *, legacy: bool = False) -> str:
        """Write an object to a new file; gives the md5 of what was written. Raises BlobNotFound."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """Names that begin with a prefix that ends with a slash, or all for ''."""

    @abstractmethod
    def facts(self, name: str) -> tuple[int, float]:
        """(size in bytes, when it was written in seconds of UTC) of a name. Raises BlobNotFound."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Take a name away; one that is not there is no error."""


class FolderRemote(Remote):
    """A folder: a disk of this machine, or one that is shared."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(name, url)
        self._objects = Cache(Path(url.removeprefix("file://")))

    def having(self, md5s: Iterable[str], *, legacy: bool = False) -> set[str]:
        return self._objects.having(md5s, legacy=legacy)

    def put(self, md5: str, source: str, *, legacy: bool = False) -> None:
        if "/" in md5:
            target = self._objects.folder / md5
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, Path(source).read_bytes(), durable=False)
        else:
            self._objects.put_file(md5, source, legacy=legacy)

    def fetch(self, md5: str, target: str, *, legacy: bool = False) -> str:
        source = self._objects.folder / md5 if "/" in md5 else self._objects.path(md5, legacy=legacy)
        try:
            return _copied(open(source, "rb", buffering=0), target)
        except FileNotFoundError:
            Path(target).unlink(missing_ok=True)
            raise BlobNotFound(f"{md5} is not in {self.url}") from None

    def names(self, prefix: str) -> list[str]:
        top = self._objects.folder
        return sorted(path.relative_to(top).as_posix() for path in (top / prefix).rglob("*") if path.is_file())

    def facts(self, name: str) -> tuple[int, float]:
        try:
            info = (self._objects.folder / name).stat()
        except FileNotFoundError:
            raise BlobNotFound(f"{name} is not in {self.url}") from None
        return info.st_size, max(info.st_mtime, info.st_ctime)

    def remove(self, name: str) -> None:
        (self._objects.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave nothing but objects behind."""
        self._objects.clean()


def _copied(source: BinaryIO, target: str) -> str:
    """Write what a stream holds to a file and close it; gives its md5, taken on the way."""
    with source, open(target, "wb", buffering=0) as file:
        data = source.read(_BLOCK)
        found = hashlib.md5(data, usedforsecurity=False)
        while data:
            view = memoryview(data)
            while view:
                view = view[file.write(view) or 0 :]
            data = source.read(_BLOCK)
            found.update(data)
    return found.hexdigest()


class OpenDalRemote(Remote):
    """A bucket or a web server, through OpenDAL."""

    def __init__(self, name: str, url: str, scheme: str, options: dict[str, str]) -> None:
        super().__init__(name, url)
        opendal = require("opendal", extra="s3", why="use a remote that is no folder")
        operator = opendal.Operator(scheme, **options)
        self._operator = operator.layer(opendal.layers.RetryLayer(max_times=4, jitter=True))
        self._scheme = scheme
        self.at_once = _AT_ONCE

    def having(self, md5s: Iterable[str], *, legacy: bool = False) -> set[str]:
        wanted = sorted(set(md5s))
        with self._telling("a list of objects"):
            if len(wanted) >= _MANY and self._scheme != "http":
                every = names_below(self.names("" if legacy else "files/md5/"))
                return every.intersection(wanted)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                there = pool.map(lambda md5: self._operator.exists(object_name(md5, legacy=legacy)), wanted)
                return {md5 for md5, is_there in zip(wanted, there, strict=True) if is_there}

    def put(self, md5: str, source: str, *, legacy: bool = False) -> None:
        if self._scheme == "http":
            raise Invalid(f"{self.url} can only be read from. Push to another remote with -r")
        name = md5 if "/" in md5 else object_name(md5, legacy=legacy)
        with self._telling(name):
            if Path(source).stat().st_size <= _BLOCK:
                self._operator.write(name, Path(source).read_bytes())
                return
            with open(source, "rb", buffering=0) as file, self._operator.open(name, "wb") as target:
                while data := file.read(_BLOCK):
                    target.write(data)

    def fetch(self, md5: str, target: str, *, legacy: bool = False) -> str:
        name = md5 if "/" in md5 else object_name(md5, legacy=legacy)
        with self._telling(name):
            return _copied(self._operator.open(name, "rb"), target)

    def names(self, prefix: str) -> list[str]:
        with self._telling(prefix):
            found = [entry.path for entry in self._operator.list(prefix or "/", recursive=True)]
        return sorted(name for name in found if not name.endswith("/"))

    def facts(self, name: str) -> tuple[int, float]:
        with self._telling(name):
            found = self._operator.stat(name)
        return found.content_length, found.last_modified.timestamp() if found.last_modified is not None else 0.0

    def remove(self, name: str) -> None:
        if self._scheme == "http":
            raise Invalid(f"{self.url} can only be read from. Collect another remote with -r")
        with self._telling(name):
            self._operator.delete(name)

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        try:
            yield
        except TenfoldError:
            raise
        except Exception as error:
            if "opendal" not in type(error).__module__:
                raise
            kind = type(error).__name__
            if kind == "NotFound" and "NoSuchBucket" not in str(error):
                raise BlobNotFound(f"{name} is not in {self.url}") from error
            if kind == "PermissionDenied":
                raise Forbidden(
                    f"{self.url} refused access to {name}. Check the keys of remote {self.name!r}"
                ) from error
            raise Unavailable(
                f"{self.url} could not be used for {name}: {error}. Check remote {self.name!r}"
            ) from error


def open_remote(config: Config, name: str = "") -> Remote:
    """The remote of that name, or the default one.

    Raises:
        NotFound: There is no such remote.
        Invalid: Its URL is of a kind this door does not speak; names those it does.
    """
    chosen, section = config.remote(name)
    url = section.get("url", "")
    if url.startswith("remote://"):
        base, _, rest = url.removeprefix("remote://").partition("/")
        section = {**config.remote(base)[1], **section}
        url = f"{config.remote(base)[1].get('url', '').rstrip('/')}/{rest}"
    if section.get("version_aware", "").lower() == "true" or section.get("worktree", "").lower() == "true":
        raise Invalid(f"Remote {chosen!r} keeps plain names and versions of the cloud (version_aware). Use dvc for it")
    kind = urlsplit(url).scheme if "://" in url else ""
    if kind in ("", "file"):
        return FolderRemote(chosen, url)
    if kind == "s3":
        return OpenDalRemote(chosen, url, "s3", _s3(url, section))
    if kind in ("http", "https"):
        parts = urlsplit(url)
        options = {"endpoint": f"{parts.scheme}://{parts.netloc}", "root": parts.path or "/"}
        if section.get("user"):
            options |= {"username": section["user"], "password": section.get("password", "")}
        return OpenDalRemote(chosen, url, "http", options)
    raise Invalid(f"Remote {chosen!r} is {kind}://; this door speaks folders, s3:// and http(s)://. Use dvc for it")


def _s3(url: str, section: Section) -> dict[str, str]:
    environ = as_environ(section)
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    wanted = {
        "endpoint": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        "region": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
    }
    return {"bucket": bucket, "root": f"/{prefix.strip('/')}"} | {key: value for key, value in wanted.items() if value}
