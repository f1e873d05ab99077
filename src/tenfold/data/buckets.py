"""Hashes of rows, parted by their first bits: in memory while they are few, then in files that are read one at a time."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import numpy as np

BUCKETS = 64
IN_MEMORY_ROWS = 1 << 20
"""24 bytes each; more go to files."""

Rows = np.ndarray[Any, np.dtype[np.uint64]]
"""(rows, 3): hash of the key, hash of the whole row, position."""


class Buckets:
    """The rows of one table. For one thread; the files go when it is closed."""

    def __init__(self) -> None:
        self._held: list[list[Rows]] = [[] for _ in range(BUCKETS)]
        self._rows = 0
        self._folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> Buckets:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, rows: Rows) -> None:
        """Add rows, whose positions follow those before."""
        bucket = (rows[:, 0] >> np.uint64(58)).astype(np.uint8)
        order = np.argsort(bucket, kind="stable")
        ends = np.cumsum(np.bincount(bucket, minlength=BUCKETS))
        for number, part in enumerate(np.split(rows[order], ends[:-1])):
            if len(part):
                self._held[number].append(part)
        self._rows += len(rows)
        if self._rows > IN_MEMORY_ROWS:
            self._spill()

    def read(self, number: int) -> Rows:
        """The rows of a bucket in order of their positions."""
        parts = self._held[number]
        if self._folder is not None and (path := self._path(number)).exists():
            parts = [np.fromfile(path, np.uint64).reshape(-1, 3), *parts]
        return np.concatenate(parts) if parts else np.empty((0, 3), np.uint64)

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="tenfold-diff-")
        for number, parts in enumerate(self._held):
            if parts:
                with self._path(number).open("ab") as file:
                    np.concatenate(parts).tofile(file)
            self._held[number] = []
        self._rows = 0

    def _path(self, number: int) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / str(number)
