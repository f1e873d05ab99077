"""Moving objects between a cache and a remote, several at once where that pays, checked where they arrive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.content.cache import Cache
from tenfold.doors.dvc.content.objects import decode_folder
from tenfold.doors.dvc.content.remotes import Remote


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a transfer did: objects moved, their bytes, and the objects that were there already."""

    remote: str
    objects: int
    size_bytes: int
    there: int


def bring(cache: Cache, remote: Remote, md5s: list[str], legacy: bool, progress: Progress | None) -> set[str]:
    """Fetch objects into the cache; gives those the remote has not. What arrives damaged is fetched once more."""
    lacking: set[str] = set()

    def one(md5: str) -> None:
        for again in (True, False):
            temporary = cache.new_file()
            try:
                found = remote.fetch(md5, temporary, legacy=legacy)
                if md5.endswith(".dir"):
                    decode_folder(Path(temporary).read_bytes(), md5)
                cache.adopt(md5, temporary, found, legacy=legacy)
                return
            except BlobNotFound:
                Path(temporary).unlink(missing_ok=True)
                lacking.add(md5)
                return
            except Damaged:
                Path(temporary).unlink(missing_ok=True)
                if not again:
                    raise
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    each(remote, md5s, one, progress)
    return lacking


def each(remote: Remote, md5s: list[str], work: Callable[[str], None], progress: Progress | None) -> None:
    """Do one piece of work for each object, as many at once as pay with that remote."""

    def note(number: int) -> None:
        if progress is not None and number % 64 == 0:
            progress(number, len(md5s))

    if remote.at_once == 1:
        for number, md5 in enumerate(md5s):
            work(md5)
            note(number)
        return
    with ThreadPoolExecutor(remote.at_once) as pool:
        for number, _ in enumerate(pool.map(work, md5s)):
            note(number)


def move_runs(cache: Cache, remote: Remote, *, is_push: bool) -> None:
    """The run cache: small files that say which inputs gave which outputs."""
    folder = cache.folder
    here = {path.relative_to(folder).as_posix() for path in (folder / "runs").rglob("*") if path.is_file()}
    there = set(remote.names("runs/"))
    if is_push:
        for name in sorted(here - there):
            remote.put(name, str(folder / name))
        return
    for name in sorted(there - here):
        temporary = cache.new_file()
        remote.fetch(name, temporary)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Path(temporary).rename(folder / name)
