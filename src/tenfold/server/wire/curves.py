"""Series and curves as the pages see them."""

from __future__ import annotations

import msgspec

from tenfold.records import Curve


class SeriesRow(msgspec.Struct, frozen=True, kw_only=True):
    """One series of a run: its key and its extent."""

    key: str
    count: int
    first_step: int
    last_step: int
    first_at_ms: int
    last_at_ms: int
    last: float | None
    min: float | None
    max: float | None
    mean: float | None


class SeriesList(msgspec.Struct, frozen=True):
    """Sorted by key."""

    items: list[SeriesRow]


class CurveSet(msgspec.Struct, frozen=True, kw_only=True):
    """One key of several runs, each curve thinned to the buckets asked for. Runs without the key are left out."""

    key: str
    curves: list[Curve]


class PointRows(msgspec.Struct, frozen=True, kw_only=True):
    """Raw points in columns, in order of step. `next` is the index to go on with, or null at the end."""

    key: str
    steps: list[int]
    values: list[float | None]
    times_ms: list[int]
    total: int
    next: int | None
