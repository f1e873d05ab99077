"""What a profile says: frozen values that go to JSON and back unchanged. Every number in them is finite or None."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from tenfold.profiles import showing

ColumnType = Literal["int", "float", "bool", "string", "time", "other", "mixed", "empty"]
"""`time` columns are profiled as UTC milliseconds; `other` (lists, structs, bytes) only counted; `empty`: no value seen."""


class Quantiles(msgspec.Struct, frozen=True):
    """A quantile sketch: `points`, sorted, each standing for count / len(points) values.

    The rank of any value read from it is off by at most `rank_error` rows: proven, not estimated.
    """

    points: list[float]
    count: int
    rank_error: float = 0.0


class TopValues(msgspec.Struct, frozen=True):
    """The most frequent values, most frequent first. A value's true count lies in [count, count + error].

    A value that is not listed occurs at most `error` times; with `error` 0 the list is complete and exact.
    """

    values: list[str | float | bool]
    counts: list[int]
    error: int = 0


class Histogram(msgspec.Struct, frozen=True):
    """`counts[i]` values from `edges[i]` up to `edges[i + 1]` (the last bin with its upper edge); counts can be fractions."""

    edges: list[float]
    counts: list[float]


class TextLengths(msgspec.Struct, frozen=True):
    """Lengths of the strings in characters."""

    min: int
    max: int
    mean: float


class ColumnProfile(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One column. rows = nulls + nans + infinities + count; moments and quantiles are over the `count` finite values."""

    name: str
    type: ColumnType
    rows: int
    count: int
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    zeros: int = 0
    mean: float | None = None
    m2: float | None = None
    """Sum of squared differences from the mean, which is what merges; see `std`."""
    min: float | None = None
    max: float | None = None
    quantiles: Quantiles | None = None
    histogram: Histogram | None = None
    top: TopValues | None = None
    distinct: int = 0
    """How many different values, exact while `top` is complete, else a HyperLogLog estimate (standard error 2.3 %)."""
    distinct_is_exact: bool = True
    registers: bytes = b""
    """The HyperLogLog registers, one byte each, zlib-compressed."""
    lengths: TextLengths | None = None

    @property
    def missing(self) -> int:
        """Rows without a value: null or NaN."""
        return self.nulls + self.nans


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table: its rows and its columns, in their order."""

    rows: int
    columns: dict[str, ColumnProfile]
    format: int = 1

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return showing.to_html(self)


def std(column: ColumnProfile) -> float | None:
    """Standard deviation of the finite values (divisor n), None without numbers."""
    return math.sqrt(column.m2 / column.count) if column.m2 is not None and column.count else None


def encode(profile: Profile) -> bytes:
    """JSON; `decode` gives an equal profile back."""
    return msgspec.json.encode(profile)


def decode(data: bytes) -> Profile:
    """The profile of `encode`d bytes. Raises msgspec.ValidationError on anything else."""
    return msgspec.json.decode(data, type=Profile)
