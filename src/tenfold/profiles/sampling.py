"""An even sample of rows of numbers, mergeable: each row draws a priority, the SIZE lowest stay (bottom-k; Cohen & Kaplan,
"Summarizing data using bottom-k sketches", PODC 2007). What draws is a hash of the row's place and of the batch's own
numbers: equal tables give equal samples. Read for Spearman's correlation, whose ranks do not merge.

Kept are no numbers, but for each its place among the points of its column's quantiles: off by at most half of a 256th of the
rows, and of no use to who wants to know what stood in a row.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tenfold.profiles.distinct import mix
from tenfold.profiles.products import product
from tenfold.profiles.record import ColumnProfile

SIZE = 2048
MISSING = 65_535

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Sample:
    """Rows of named columns: `rows` is (columns, at most SIZE), NaN where one is missing."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.rows = np.zeros((0, 0))
        self.priorities = np.zeros(0, np.uint64)

    def track(self, names: list[str]) -> None:
        """Also these columns; rows so far lack them."""
        if not names:
            return
        self.names += names
        self.rows = np.vstack([self.rows, np.full((len(names), self.priorities.size), np.nan)])

    def add(self, columns: list[Floats]) -> None:
        """Add columns of equal lengths, as in `names`; what is not finite counts as missing."""
        seed = np.uint64(len(columns[0]))
        for values in columns[:4]:
            seed ^= np.bitwise_xor.reduce(np.ascontiguousarray(values).view(np.uint64))
        drawn = mix(mix(np.arange(len(columns[0]), dtype=np.uint64)) ^ seed)
        if self.priorities.size >= SIZE:
            at = np.flatnonzero(drawn < self.priorities.max())
        else:
            at = np.arange(drawn.size) if drawn.size <= SIZE else np.sort(np.argpartition(drawn, SIZE)[:SIZE])
        rows = np.array([values[at] for values in columns])
        rows[~np.isfinite(rows)] = np.nan
        self._take(rows, drawn[at])

    def merge(self, other: Sample) -> None:
        """Add the sample of other rows."""
        self.track([name for name in other.names if name not in self.names])
        wide = np.full((len(self.names), other.priorities.size), np.nan)
        wide[[self.names.index(name) for name in other.names]] = other.rows
        self._take(wide, other.priorities)

    def spearman(self, names: list[str]) -> Floats:
        """(names, names), NaN where a pair has none."""
        rows = self.rows[[self.names.index(name) for name in names]]
        found = np.full((len(names), len(names)), np.nan)
        there = np.isfinite(rows)
        whole = np.flatnonzero(there.all(axis=1))
        if whole.size > 1 and rows.shape[1] > 1:
            with np.errstate(all="ignore"):
                ranked = np.vstack([_ranks(rows[i]) for i in whole])
                ranked -= ranked.mean(axis=1, keepdims=True)
                ranked /= np.sqrt(np.square(ranked).sum(axis=1, keepdims=True))
                found[np.ix_(whole, whole)] = np.clip(product(ranked, ranked), -1, 1)
        for i in range(len(names)):
            for j in range(i):
                both = there[i] & there[j]
                if (there[i].all() and there[j].all()) or both.sum() < 2:
                    continue
                with np.errstate(all="ignore"):
                    found[i, j] = np.corrcoef(_ranks(rows[i, both]), _ranks(rows[j, both]))[0, 1]
        return found

    def pack(self, names: list[str], columns: Mapping[str, ColumnProfile]) -> bytes:
        """The rows of these columns as they are kept: sixteen bits a number, then the priorities."""
        coded = np.full((len(names), self.priorities.size), MISSING, np.uint16)
        for row, name in enumerate(names):
            values, points = self.rows[self.names.index(name)], _points(columns[name])
            there = np.isfinite(values)
            if points.size:
                coded[row, there] = np.searchsorted((points[1:] + points[:-1]) / 2, values[there]).astype(np.uint16)
        return zlib.compress(coded.tobytes() + self.priorities.tobytes(), 1)

    @classmethod
    def unpack(cls, names: list[str], columns: Mapping[str, ColumnProfile], data: bytes) -> Sample:
        """The sample of `pack`ed bytes, numbers near the packed ones."""
        found, raw = cls(), zlib.decompress(data)
        found.names = list(names)
        count = len(raw) // (2 * len(names) + 8)
        coded = np.frombuffer(raw, np.uint16, count * len(names)).reshape(len(names), count)
        found.priorities = np.frombuffer(raw, np.uint64, count, 2 * count * len(names)).copy()
        found.rows = np.full(coded.shape, np.nan)
        for row, name in enumerate(names):
            there, points = coded[row] != MISSING, _points(columns[name])
            found.rows[row, there] = points[coded[row, there]]
        return found

    def _take(self, rows: Floats, priorities: Any) -> None:
        rows, priorities = np.hstack([self.rows, rows]), np.concatenate([self.priorities, priorities])
        if priorities.size > SIZE:
            lowest = np.sort(np.argsort(priorities, kind="stable")[:SIZE])
            rows, priorities = rows[:, lowest], priorities[lowest]
        self.rows, self.priorities = rows, priorities


def _points(column: ColumnProfile) -> Floats:
    return np.unique(column.quantiles.points) if column.quantiles is not None else np.empty(0)


def _ranks(values: Floats) -> Floats:
    """From 1, ties at their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])
