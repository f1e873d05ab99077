"""How often the values of two columns of few categories meet: Cramér's V, exact and mergeable."""

from __future__ import annotations

import itertools
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.profiles.counters import LONGEST

if TYPE_CHECKING:
    import polars as pl

MOST_COLUMNS = 16
MOST_CATEGORIES = 32
_SIDE = MOST_CATEGORIES + 1
_LOOK = 2000
"""Rows of a batch that are looked at first: a column of many values is known by them, and not counted."""

Counts = np.ndarray[Any, np.dtype[np.int64]]


class Crosses:
    """Columns with their categories, and of each pair the counts, (33, 33); the last of a side is for missing values.

    A column that ever has more categories is `dropped`, whatever else comes; so the order of merging is nothing.
    """

    def __init__(self) -> None:
        self.categories: dict[str, dict[str, int]] = {}
        self.dropped: set[str] = set()
        self.pairs: dict[tuple[str, str], Counts] = {}

    def add(self, columns: list[pl.Series]) -> None:
        """Add a batch of columns of strings or booleans, of equal lengths."""
        coded: dict[str, Any] = {}
        for column in columns:
            if column.name in self.dropped:
                continue
            if column.name not in self.categories and len(self.categories) >= MOST_COLUMNS:
                self.dropped.add(column.name)
                continue
            codes = self._codes(column)
            if codes is None:
                self.drop(column.name)
            else:
                coded[column.name] = codes
        for one, two in itertools.combinations(coded, 2):
            found = np.bincount(coded[one] * _SIDE + coded[two], minlength=_SIDE * _SIDE).reshape(_SIDE, _SIDE)
            self._count(one, two, found)

    def merge(self, other: Crosses) -> None:
        """Add those of other rows."""
        for name in other.dropped:
            self.drop(name)
        maps = {}
        for name, categories in other.categories.items():
            if name in self.dropped:
                continue
            mine = self.categories.setdefault(name, {})
            maps[name] = np.array([*(mine.setdefault(category, len(mine)) for category in categories), _SIDE - 1])
            if len(mine) > MOST_CATEGORIES:
                self.drop(name)
        for (one, two), counts in other.pairs.items():
            if one in self.dropped or two in self.dropped:
                continue
            wide = np.zeros((_SIDE, _SIDE), np.int64)
            rows, columns = (np.append(np.arange(len(maps[name]) - 1), _SIDE - 1) for name in (one, two))
            wide[np.ix_(maps[one], maps[two])] = counts[np.ix_(rows, columns)]
            self._count(one, two, wide)

    def drop(self, name: str) -> None:
        """Count this column no more, whatever comes."""
        self.dropped.add(name)
        self.forget(name)

    def forget(self, name: str) -> None:
        """Take off a column that had no values; it may have some in other rows."""
        self.categories.pop(name, None)
        self.pairs = {pair: counts for pair, counts in self.pairs.items() if name not in pair}

    def cramers_v(self, names: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(names, names), NaN where a pair has none."""
        found = np.full((len(names), len(names)), np.nan)
        for (i, one), (j, two) in itertools.combinations(enumerate(names), 2):
            counts = self.pairs.get((one, two))
            if counts is None and (turned := self.pairs.get((two, one))) is not None:
                counts = turned.T
            found[i, j] = found[j, i] = math.nan if counts is None else _cramers_v(counts[:-1, :-1])
        return found

    def pack(self) -> bytes:
        """All of it as it is kept."""
        head = {
            "categories": [[name, list(values)] for name, values in self.categories.items()],
            "dropped": sorted(self.dropped),
            "pairs": list(self.pairs),
        }
        told = json.dumps(head, ensure_ascii=False).encode()
        parts = [
            counts[np.ix_(*(np.append(np.arange(len(self.categories[name])), _SIDE - 1) for name in pair))]
            for pair, counts in self.pairs.items()
        ]
        return zlib.compress(len(told).to_bytes(8, "little") + told + b"".join(part.tobytes() for part in parts), 1)

    @classmethod
    def unpack(cls, data: bytes) -> Crosses:
        """The crosses of `pack`ed bytes."""
        found, raw = cls(), zlib.decompress(data)
        at = 8 + int.from_bytes(raw[:8], "little")
        head = json.loads(raw[8:at])
        found.categories = {name: {value: i for i, value in enumerate(values)} for name, values in head["categories"]}
        found.dropped = set(head["dropped"])
        for one, two in head["pairs"]:
            shape = len(found.categories[one]) + 1, len(found.categories[two]) + 1
            counts = np.frombuffer(raw, np.int64, shape[0] * shape[1], at).reshape(shape)
            at += counts.nbytes
            wide = found.pairs[one, two] = np.zeros((_SIDE, _SIDE), np.int64)
            wide[np.ix_(*(np.append(np.arange(side - 1), _SIDE - 1) for side in shape))] = counts
        return found

    def _codes(self, column: pl.Series) -> Any:
        """(rows,) places of the values, None when they are too many."""
        import polars as pl

        text = column.cast(pl.String)
        known = self.categories.setdefault(column.name, {})
        for part in (text.head(_LOOK), text):
            missing = part.null_count()
            coded = part.cast(pl.Enum(list(known)), strict=False) if known else pl.repeat(None, len(part), eager=True)
            if coded.null_count() > missing:
                new = part.filter(coded.is_null() & part.is_not_null()).unique(maintain_order=True).to_list()
                if len(known) + len(new) > MOST_CATEGORIES or any(len(value) > LONGEST for value in new):
                    return None
                known.update({value: len(known) + i for i, value in enumerate(new)})
        if not known:
            return np.full(len(text), _SIDE - 1, np.int64)
        places = text.cast(pl.Enum(list(known))).to_physical().cast(pl.Int64).fill_null(_SIDE - 1)
        return places.to_numpy()

    def _count(self, one: str, two: str, counts: Counts) -> None:
        if (two, one) in self.pairs:
            one, two, counts = two, one, counts.T
        self.pairs[one, two] = self.pairs.get((one, two), 0) + counts


def _cramers_v(counts: Counts) -> float:
    """Pearson's chi-square over rows and the smaller side, without bias correction (Cramér 1946)."""
    seen = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    if min(seen.shape) < 2:
        return math.nan
    expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0, keepdims=True) / seen.sum()
    chi2 = float((np.square(seen - expected) / expected).sum())
    return min(1.0, math.sqrt(chi2 / float(seen.sum()) / (min(seen.shape) - 1)))
