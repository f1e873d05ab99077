"""Where journals lie: one folder each, held by its owner with a lock that the kernel frees when the owner dies."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenfold.base import ids

OWNER = "owner"


class Place:
    """The folder `<run id>.<id>` of one process's journal of one run; its name is the journal's `source`.

    It is seen by others only with its lock held already, so nobody takes a folder just made for a dead one.
    """

    def __init__(self, journals: Path, run_id: str) -> None:
        """Make the folder and hold its lock until `release`. Raises OSError."""
        self.run_id = run_id
        self.source = f"{run_id}.{ids.new_id()}"
        self.folder = journals / self.source
        journals.mkdir(parents=True, exist_ok=True)
        hidden = journals / f".{self.source}"
        hidden.mkdir()
        self._fd = os.open(hidden / OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._fd, f"{os.getpid()}\n".encode())
        hidden.rename(self.folder)

    def release(self) -> None:
        """Give the folder up as it is: the next `sync` of any process takes what is left in it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def remove(self) -> None:
        """Delete the folder: all that was in it is stored."""
        discard(self.folder)
        self.release()


def discard(folder: Path) -> None:
    """Delete a folder whose content is stored, its lock file first: killed in between, it is still known as done with."""
    with suppress(OSError):
        (folder / OWNER).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def run_id_of(folder: Path) -> str:
    """The run whose journal a folder is."""
    return folder.name.partition(".")[0]


def left_behind(journals: Path) -> list[Path]:
    """Folders of journals, oldest first, whether their owner lives or not."""
    try:
        names = sorted(entry.name for entry in os.scandir(journals) if entry.is_dir())
    except FileNotFoundError:
        return []
    return [journals / name for name in sorted(names, key=_made) if ids.is_id(name.partition(".")[0])]


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Hold a journal's folder that nobody else holds; gives False when its owner lives or another process ships it.

    A folder without its lock file is one whose removal was cut short: all of it is stored, and the rest is removed here.
    """
    try:
        fd = os.open(folder / OWNER, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
        yield False
        return
    except OSError:
        yield False
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        yield False
        return
    try:
        yield (folder / OWNER).exists()
    finally:
        os.close(fd)


def _made(name: str) -> str:
    return name.partition(".")[2]
