"""Folders below a top one, entered name by name so that no symlink is ever followed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path

from tenfold.base.errors import Conflict


class OpenFolders:
    """Open folders below a top one, entered name by name so that no symlink is followed; the last ones stay open."""

    _KEPT = 64

    def __init__(self, top: Path) -> None:
        self._top = top
        self._fds: dict[str, int] = {"": os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}
        self._made: set[str] = set()

    def __enter__(self) -> OpenFolders:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def enter(self, path: str) -> int:
        """The open folder at a path, made when it is not there."""
        found = self._fds.get(path)
        if found is not None:
            return found
        parent_path, _, name = path.rpartition("/")
        parent = self.enter(parent_path)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=parent)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=parent)
                self._made.add(path)
            fd = os.open(name, flags, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise Conflict(
                f"{self._top / path} is no folder, but the tree has files below that path. Move it away, then try again"
            ) from error
        if len(self._fds) > self._KEPT:
            for old in [p for p in self._fds if p and not path.startswith(f"{p}/")][: self._KEPT // 2]:
                os.close(self._fds.pop(old))
        self._fds[path] = fd
        return fd

    def of(self, path: str) -> tuple[int, str]:
        """(open folder, name in it) of a path."""
        folder, _, name = path.rpartition("/")
        return self.enter(folder), name

    def is_new(self, path: str) -> bool:
        """True when the folder that holds a path was made here, so that nothing can be in the way."""
        return path.rpartition("/")[0] in self._made

    def stamp(self, times: Mapping[str, int]) -> None:
        """Give folders that were made here their mtimes (ns); to be called when all is in them."""
        for path, mtime_ns in times.items():
            if path in self._made:
                os.utime(self.enter(path), ns=(mtime_ns, mtime_ns))

    def shown(self, path: str) -> Path:
        """The path as a message shows it."""
        return self._top / path
