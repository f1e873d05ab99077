"""Metric points and what is read back of them."""

from __future__ import annotations

import msgspec


class Points(msgspec.Struct, frozen=True, array_like=True):
    """Columns of one series, equally long: step (int64), value (float64, NaN and infinities kept), UTC milliseconds (int64).

    Each column is little-endian bytes, so a million points cross the wire without a number being parsed.
    """

    steps: bytes
    values: bytes
    times_ms: bytes

    @property
    def count(self) -> int:
        return len(self.values) // 8


class SeriesBatch(msgspec.Struct, frozen=True, array_like=True):
    """Points of some of a run's series, as one journal's next part: see `contracts.Series.append`."""

    run_id: str
    points: dict[str, Points]
    source: str
    offset: int


class SeriesInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One series of a run: its key and its extent. `last` is the value at the highest step, ties by arrival."""

    key: str
    count: int
    first_step: int
    last_step: int
    first_at_ms: int
    last_at_ms: int
    last: float
    min: float
    max: float
    mean: float


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A series as drawn at some width: one entry a bucket, in order of step.

    Where a bucket holds one point the four values are equal, and `exact` is true when all do. NaN is sent as None.
    """

    run_id: str
    key: str
    steps: list[int]
    last: list[float | None]
    min: list[float | None]
    max: list[float | None]
    mean: list[float | None]
    times_ms: list[int]
    total: int
    exact: bool
