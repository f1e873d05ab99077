"""What a profile says: frozen values that go to JSON and back unchanged. Every number in them is finite or None."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from tenfold.base.errors import Invalid
from tenfold.profiles import showing

ColumnType = Literal["int", "float", "bool", "string", "time", "other", "mixed", "empty"]
"""`time` columns are profiled as UTC milliseconds; `other` (structs, bytes) only counted, of lists also `lists` is known; `empty`: no value seen."""


Clock = Literal["", "duration", "day"]
"""Of columns of times: moments, lengths of time, or times of day."""


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


class TextBasics(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the strings are made of, summed over all of them. Words stand between white space; letters are Unicode's."""

    empty: int = 0
    """Strings of no characters."""
    blank: int = 0
    """Strings of nothing but white space, the empty ones among them."""
    characters: int = 0
    letters: int = 0
    spaces: int = 0
    """Characters that are white space."""
    words: int = 0
    fewest_words: int = 0
    most_words: int = 0

    @property
    def non_letters(self) -> float:
        """Share of the characters that are neither letters nor white space; 0 where there are none."""
        return (self.characters - self.letters - self.spaces) / self.characters if self.characters else 0.0


class ListContents(msgspec.Struct, frozen=True, kw_only=True):
    """What lists hold: how many values each, and the profile of all their values as one column."""

    count: int
    """Lists that are there."""
    empty: int
    """Those of no values."""
    total: int
    """Values in all of them."""
    min: int
    max: int
    items: ColumnProfile


class ColumnProfile(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One column. rows = nulls + nans + infinities + count; moments and quantiles are over the `count` finite values."""

    name: str
    type: ColumnType
    rows: int
    count: int
    clock: Clock = ""
    """Of a `time` column what its milliseconds count; '' also where it was made too early to know, or differs."""
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    negative_infinities: int = 0
    """Of the infinities; 0 also of those counted before it was kept."""
    zeros: int = 0
    mean: float | None = None
    m2: float | None = None
    """Sum of squared differences from the mean, which is what merges; see `std`."""
    m3: float | None = None
    """Sum of cubed differences; see `skewness`. None also in profiles made before it was kept, and in merges with one."""
    m4: float | None = None
    """Sum of differences to the fourth; see `kurtosis`."""
    min: float | None = None
    max: float | None = None
    quantiles: Quantiles | None = None
    histogram: Histogram | None = None
    top: TopValues | None = None
    distinct: int = 0
    """How many different values, exact while `top` is complete, else a HyperLogLog estimate (standard error 2.3 %), at most `count`."""
    distinct_is_exact: bool = True
    registers: bytes = b""
    """The HyperLogLog registers, one byte each, zlib-compressed."""
    lengths: TextLengths | None = None
    text: TextBasics | None = None
    """Of strings; None also in profiles made before it was kept, and in merges with one."""
    lists: ListContents | None = None
    """Of a column of lists, whose type is `other`."""

    @property
    def missing(self) -> int:
        """Rows without a value: null or NaN."""
        return self.nulls + self.nans


class Correlations(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How columns go together. Row i of a matrix has i numbers: of column i with those before it; None where there is none,
    as a side is constant or fewer than two rows have both. Rows that lack one of a pair are left out for that pair."""

    numbers: list[str] = []
    """Columns of numbers, at most 64, the first ones."""
    pearson: list[list[float | None]] = []
    """Exact, and exact after merging, to rounding."""
    spearman: list[list[float | None]] = []
    """Of `sampled` rows drawn evenly: standard error 1 / sqrt(sampled). Exact while these are all rows of a table read."""
    sampled: int = 0
    categories: list[str] = []
    """Columns of strings or booleans with at most 32 values, at most 16, the first ones."""
    cramers_v: list[list[float | None]] = []
    """0 to 1, without bias correction; exact, and exact after merging."""
    left_out: int = 0
    """Columns of numbers, or of few categories, beyond those."""
    state: dict[str, bytes] = {}
    """What merges: sums of products, rows of the sample as places in their columns' quantiles, counts of pairs; compressed."""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table: its rows and its columns, in their order."""

    rows: int
    columns: dict[str, ColumnProfile]
    format: int = 1
    correlations: Correlations | None = None
    """None of profiles made before they were kept, of merges with one, and where no two columns could have any."""

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return showing.to_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook keeps beside it, and IPython shows: all of it would be ten times what is shown."""
        printer.text(f"<Profile: {self.rows:,} rows, {len(self.columns):,} columns>")


def only(whole: Profile, columns: Iterable[str] | None) -> Profile:
    """The profile of these columns, in this order and without correlations; the whole when None.

    Raises:
        Invalid: A column is not there.
    """
    if columns is None:
        return whole
    wanted = list(columns)
    if absent := [name for name in wanted if name not in whole.columns]:
        raise Invalid(f"There is no column {absent[0]!r}. Columns: {', '.join(whole.columns)}", field="columns")
    return msgspec.structs.replace(whole, columns={name: whole.columns[name] for name in wanted}, correlations=None)


def encode(profile: Profile) -> bytes:
    """JSON; `decode` gives an equal profile back."""
    return msgspec.json.encode(profile)


def decode(data: bytes) -> Profile:
    """The profile of `encode`d bytes. Raises msgspec.ValidationError on anything else."""
    return msgspec.json.decode(data, type=Profile)
