"""Rollups: min, max, mean and last of every so many points, and curves drawn from them.

Each large block carries rollups at widths 16, 64, 256 … points, so a curve at any zoom reads one to four times as many
entries as it has buckets, whatever the length of the series.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import zstandard

from tenfold.base.errors import Invalid
from tenfold.records import Curve, Points, SeriesInfo, Summary
from tenfold.stores.series.blocks import LARGEST_BLOCK, Columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Buckets = npt.NDArray[np.void]
    """Entries with step and at (of the last point), last, min, max, mean, count, numbers (those that are not NaN)."""

SMALLEST_ROLLED = 1024
"""Points a block needs to have rollups; smaller ones are read whole."""
MOST_BUCKETS = 100_000
WIDTHS = (16, 64, 256, 1024, 4096, 16_384, LARGEST_BLOCK)

_INT, _FLOAT = struct.Struct("<q"), struct.Struct("<d")
_FIELDS = [
    ("step", "<i8"), ("at", "<i8"), ("last", "<f8"), ("min", "<f8"), ("max", "<f8"), ("mean", "<f8"),
    ("count", "<i8"), ("numbers", "<i8"),
]  # fmt: skip


def widths(count: int) -> list[int]:
    """The widths at which a block of so many points has rollups."""
    return [width for width in WIDTHS if width <= count] if count >= SMALLEST_ROLLED else []


def best_width(total: int, buckets: int) -> int:
    """The coarsest width that still gives an entry for each bucket of a curve of `total` points; 1 means the points."""
    return max((width for width in WIDTHS if total >= width * buckets), default=1)


def check_buckets(buckets: int) -> int:
    """The number itself when a curve may have so many entries; else Invalid."""
    if not 1 <= buckets <= MOST_BUCKETS:
        raise Invalid(f"A curve has 1 to {MOST_BUCKETS:,} buckets, not {buckets}", field="buckets")
    return buckets


def from_points(found: Columns) -> Buckets:
    """Each point as an entry of its own."""
    import numpy as np

    given = np.empty(len(found.steps), _FIELDS)
    given["step"], given["at"], given["count"] = found.steps, found.times_ms, 1
    given["last"] = given["min"] = given["max"] = given["mean"] = found.values
    given["numbers"] = ~np.isnan(found.values)
    return given


def rolled(found: Columns) -> dict[int, Buckets]:
    """The rollups of a block by width, its points in order of step; the last entry is of what remains."""
    import numpy as np

    given = {}
    entries, narrower = from_points(found), 1
    for width in widths(len(found.steps)):
        entries = merged(entries, np.arange(0, len(entries), width // narrower))
        given[width], narrower = entries, width
    return given


def merged(entries: Buckets, starts: npt.NDArray[np.int64]) -> Buckets:
    """Entries joined into groups that begin at `starts`. NaN counts in none of min, max, mean."""
    import numpy as np

    if not len(entries):
        return entries
    stops = np.append(starts[1:], len(entries)) - 1
    given: Buckets = entries[stops].copy()
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.add.reduceat(np.where(entries["numbers"] > 0, entries["mean"] * entries["numbers"], 0.0), starts)
        given["min"] = np.fmin.reduceat(entries["min"], starts)
        given["max"] = np.fmax.reduceat(entries["max"], starts)
        given["count"] = np.add.reduceat(entries["count"], starts)
        given["numbers"] = np.add.reduceat(entries["numbers"], starts)
        given["mean"] = np.where(given["numbers"] > 0, sums / np.maximum(given["numbers"], 1), math.nan)
    return given


def encode(entries: Buckets) -> bytes:
    """A rollup's bytes: its columns one after another, bytes shuffled, zstandard."""
    import numpy as np

    whole = np.stack([entries[name].view("<u8") for name, _ in _FIELDS])
    data = whole.view(np.uint8).reshape(-1, 8).T.tobytes()
    return zstandard.ZstdCompressor(level=1, write_content_size=True).compress(data)


def decode(data: bytes) -> Buckets:
    """The entries of a rollup's bytes."""
    import numpy as np

    raw = zstandard.ZstdDecompressor().decompress(data)
    whole = np.frombuffer(raw, np.uint8).reshape(8, -1).T.copy().view("<u8").reshape(len(_FIELDS), -1)
    given = np.empty(whole.shape[1], _FIELDS)
    for row, (name, kind) in zip(whole, _FIELDS, strict=True):
        given[name] = row.view(kind)
    return given


def curve(
    run_id: str, key: str, entries: Buckets, *, buckets: int, min_step: int | None = None, max_step: int | None = None
) -> Curve | None:
    """A curve of at most `buckets` entries, each covering an equal share of the steps; None when there is nothing.

    Entries may come in any order; those whose last step lies outside the limits are left out.
    """
    import numpy as np

    order = np.argsort(entries["step"], kind="stable")
    if len(order) and bool((order[1:] < order[:-1]).any()):
        entries = entries[order]
    start = 0 if min_step is None else int(np.searchsorted(entries["step"], min_step, "left"))
    stop = len(entries) if max_step is None else int(np.searchsorted(entries["step"], max_step, "right"))
    entries = entries[start:stop]
    if not len(entries):
        return None
    if len(entries) > buckets:
        steps = entries["step"].astype(np.float64)
        share = (steps - steps[0]) / max(steps[-1] - steps[0], 1.0)
        place = np.minimum((share * buckets).astype(np.int64), buckets - 1)
        entries = merged(entries, np.flatnonzero(np.diff(place, prepend=-1)))
    return Curve(
        run_id=run_id,
        key=key,
        steps=entries["step"].tolist(),
        last=_or_none(entries["last"]),
        min=_or_none(entries["min"]),
        max=_or_none(entries["max"]),
        mean=_or_none(entries["mean"]),
        times_ms=entries["at"].tolist(),
        total=int(entries["count"].sum()),
        exact=bool((entries["count"] == 1).all()),
    )


class Extent:
    """What is known of a whole series; grows with every batch. NaN counts in none of min, max, mean."""

    __slots__ = ("count", "first_at", "first_step", "last", "last_at", "last_step", "max", "min", "numbers", "total")

    def __init__(self, **known: Any) -> None:
        self.count = self.numbers = 0
        self.total, self.last, self.min, self.max = 0.0, math.nan, math.nan, math.nan
        self.first_step = self.last_step = self.first_at = self.last_at = 0
        for name, value in known.items():
            setattr(self, name, value)

    def grow(self, found: Columns) -> None:
        """Add points, in order of step."""
        import numpy as np

        values = found.values[~np.isnan(found.values)]
        first, last = int(found.steps[0]), int(found.steps[-1])
        if not self.count or last >= self.last_step:
            self.last_step, self.last = last, float(found.values[-1])
        self.first_step = first if not self.count else min(first, self.first_step)
        first_at, last_at = int(found.times_ms.min()), int(found.times_ms.max())
        self.first_at = first_at if not self.count else min(first_at, self.first_at)
        self.last_at = last_at if not self.count else max(last_at, self.last_at)
        self.count += len(found.steps)
        if len(values):
            low, high = float(values.min()), float(values.max())
            self.min = low if math.isnan(self.min) else min(low, self.min)
            self.max = high if math.isnan(self.max) else max(high, self.max)
            self.numbers += len(values)
            with np.errstate(over="ignore", invalid="ignore"):
                self.total += float(values.sum())

    def grow_by_one(self, point: Points) -> int:
        """Add a single point, without arrays: most batches of a training loop have one; gives its step."""
        step: int = _INT.unpack(point.steps)[0]
        value: float = _FLOAT.unpack(point.values)[0]
        at: int = _INT.unpack(point.times_ms)[0]
        if not self.count or step >= self.last_step:
            self.last_step, self.last = step, value
        if not self.count:
            self.first_step, self.first_at, self.last_at = step, at, at
        self.first_step = min(step, self.first_step)
        self.first_at, self.last_at = min(at, self.first_at), max(at, self.last_at)
        self.count += 1
        if value == value:  # not NaN
            self.min = value if math.isnan(self.min) else min(value, self.min)
            self.max = value if math.isnan(self.max) else max(value, self.max)
            self.numbers += 1
            self.total += value
        return step

    @property
    def mean(self) -> float:
        return self.total / self.numbers if self.numbers else math.nan

    def summary(self) -> Summary:
        """The five numbers a run carries of this metric."""
        return Summary(self.last, self.last_step, self.min, self.max, self.mean, self.count)

    def info(self, key: str) -> SeriesInfo:
        """The same with the extent in steps and time."""
        return SeriesInfo(
            key=key,
            count=self.count,
            first_step=self.first_step,
            last_step=self.last_step,
            first_at_ms=self.first_at,
            last_at_ms=self.last_at,
            last=self.last,
            min=self.min,
            max=self.max,
            mean=self.mean,
        )


def _or_none(column: Any) -> list[float | None]:
    import numpy as np

    listed: list[float | None] = column.tolist()
    for index in np.flatnonzero(np.isnan(column)).tolist():
        listed[index] = None
    return listed
