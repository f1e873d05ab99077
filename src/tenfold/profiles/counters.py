"""Top values: Misra-Gries counters, merged as in Agarwal et al., "Mergeable Summaries" (PODS 2012).

Exact while a column has at most CAPACITY different values. Beyond, the smallest counters are taken off all others and
the sum of what was taken off is the error, at most rows / (CAPACITY + 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.profiles.record import TopValues

CAPACITY = 128
LONGEST = 200
"""Longer strings are kept by their first characters: a profile is no place for documents."""

Value = str | float | bool


class Counters:
    """Counts values batch by batch; `finish` gives the record."""

    def __init__(self) -> None:
        self.counts: dict[Value, int] = {}
        self.error = 0

    def add(self, values: Any, counts: np.ndarray[Any, Any]) -> None:
        """Add different values, an indexable column of them, and how often each occurs."""
        if len(counts) > CAPACITY:
            order = np.argpartition(-counts, CAPACITY)
            cut = int(counts[order[CAPACITY]])
            keep = np.flatnonzero(counts > cut)
            self.error += cut
            pairs = [(values[int(place)], int(counts[place]) - cut) for place in keep]
        else:
            pairs = [(values[place], int(count)) for place, count in enumerate(counts)]
        self._count(pairs)

    def merge(self, other: TopValues) -> None:
        """Add a finished record."""
        self.error += other.error
        self._count(list(zip(other.values, other.counts, strict=True)))

    def finish(self) -> TopValues:
        """Most frequent first, ties by value."""
        ordered = sorted(self.counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return TopValues([value for value, _ in ordered], [count for _, count in ordered], self.error)

    def _count(self, pairs: list[tuple[Any, int]]) -> None:
        for value, count in pairs:
            key = value[:LONGEST] if isinstance(value, str) else value if isinstance(value, bool) else float(value)
            self.counts[key] = self.counts.get(key, 0) + count
        if len(self.counts) > CAPACITY:
            cut = sorted(self.counts.values(), reverse=True)[CAPACITY]
            self.counts = {value: count - cut for value, count in self.counts.items() if count > cut}
            self.error += cut
