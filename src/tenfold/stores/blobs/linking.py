"""Placing a file as a link instead of a copy: reflink, hard link or symlink to a whole file in the cache.

The store itself is packs, which no link can reach, so nothing done to a linked file touches it. What links point to is
`cache/links/`: whole read-only files named by their hash, hashed again each time before another link is made, because
whoever overrides the protection of a hard link writes into them. See docs/decisions/0008-links-point-into-a-cache.md.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from blake3 import blake3

from tenfold.base.errors import Invalid
from tenfold.records import Entry

LINK_TYPES = ("reflink", "hardlink", "symlink", "copy")
SYMLINKED = "symlinked"
"""A file beside those that links point to: there, symlinks point to some of them, and nobody can tell to which."""
_FICLONE = 0x40049409  # linux/fs.h
_CANNOT = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EACCES)
_READ = 1 << 20


def check_link_types(wanted: Sequence[str]) -> tuple[str, ...]:
    """The types in order of preference, ending with copy, which always can be done. Raises Invalid."""
    for name in wanted:
        if name not in LINK_TYPES:
            raise Invalid(f"{name!r} is no way to place a file. There are: {', '.join(LINK_TYPES)}", field="link")
    return tuple(dict.fromkeys([*wanted, "copy"]))


def links_folder(cache: Path) -> str:
    """Where links point to: a symlink whose target begins so stands for a file. Ends with a slash."""
    return f"{Path(cache).absolute()}/links/"


class Linker:
    """Places files by the first of the wanted types that these file systems can do. For one checkout."""

    def __init__(self, cache: Path, wanted: Sequence[str]) -> None:
        self._folder = links_folder(cache)
        self._types = list(wanted)
        self.used: dict[str, int] = {}

    @property
    def active(self) -> bool:
        """False when only copies are left to make."""
        return self._types[0] != "copy"

    @property
    def first(self) -> str:
        """The type to be tried next."""
        return self._types[0]

    def would_change(self, entry: Entry, info: os.stat_result) -> bool:
        """True when a right file, which is no symlink, would be placed otherwise. A reflink looks as a copy does."""
        if self.first == "symlink":
            return True
        if self.first != "hardlink":
            return info.st_nlink > 1 and not info.st_mode & 0o222
        try:
            there = Path(self.path(entry)).stat()
        except FileNotFoundError:
            return True
        return there.st_dev == info.st_dev and there.st_ino != info.st_ino

    def path(self, entry: Entry) -> str:
        """The file in the cache for content and executable bit of an entry: a link shares its mode with the file."""
        ending = ".x" if entry.mode & 0o100 else ""
        return f"{self._folder}{entry.digest[:2]}/{entry.digest}{ending}"

    def ready(self, entry: Entry) -> bool:
        """True when the cache has the file, sound. One that was written to is removed."""
        path = self.path(entry)
        try:
            with open(path, "rb", buffering=0) as file:
                hash_ = blake3()
                while data := file.read(_READ):
                    hash_.update(data)
        except OSError:
            return False
        if hash_.hexdigest() == entry.digest:
            return True
        Path(path).unlink(missing_ok=True)
        return False

    def create(self, entry: Entry) -> tuple[str, int]:
        """(path, open file) of a temporary file to write the content to; `keep` then gives it its name."""
        path = f"{self.path(entry)}.{secrets.token_hex(6)}.tmp"
        mode = 0o555 if entry.mode & 0o100 else 0o444
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return path, os.open(path, flags, mode)
        except FileNotFoundError:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            return path, os.open(path, flags, mode)

    def keep(self, entry: Entry, temporary: str, fd: int) -> None:
        """Put a written temporary file in its place."""
        if entry.mtime_ns:
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        Path(temporary).rename(self.path(entry))

    def place(self, entry: Entry, folder: int, name: str) -> bool:
        """Link the cache's file to a name that is not there in an open folder; False when only a copy can be made."""
        while self.active:
            try:
                self._link(self._types[0], entry, folder, name)
            except OSError as error:
                if error.errno == errno.EMLINK:  # this one has as many names as the file system allows
                    Path(self.path(entry)).unlink(missing_ok=True)
                    return False
                if error.errno not in _CANNOT:
                    raise
                self._types.pop(0)
                continue
            self.used[self._types[0]] = self.used.get(self._types[0], 0) + 1
            return True
        return False

    def _link(self, how: str, entry: Entry, folder: int, name: str) -> None:
        source = self.path(entry)
        if how == "hardlink":
            os.link(source, name, dst_dir_fd=folder)
        elif how == "symlink":
            if not self.used.get(how):
                Path(self._folder, SYMLINKED).touch()
            os.symlink(source, name, dir_fd=folder)
        else:
            _reflink(source, entry, folder, name)


def _reflink(source: str, entry: Entry, folder: int, name: str) -> None:
    mode = 0o777 if entry.mode & 0o100 else 0o666
    with open(source, "rb", buffering=0) as file:
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder)
        try:
            fcntl.ioctl(fd, _FICLONE, file.fileno())
            if entry.mtime_ns:
                os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
        finally:
            os.close(fd)
