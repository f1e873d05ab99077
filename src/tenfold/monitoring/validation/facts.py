"""What is known of the data when it is held to a schema: of rows read, of a profile, or of TFDV's statistics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tenfold.profiles import ColumnProfile, Profile

Kind = Literal["int", "bool", "float", "string", "time", "struct", "mixed", "empty"]
FAMILY: dict[str, str] = {"bool": "int"}
"""Kinds that count as another when types are compared."""


def family(kind: str) -> str:
    """'int' also for booleans: what TFDV takes for one type."""
    return FAMILY.get(kind, kind)


@dataclass
class ColumnFacts:
    """One column. Values in lists count one by one; `lows`, `highs` and `counts` are of all values that are not null."""

    name: str
    kind: Kind
    rows: int
    missing: int = 0
    """Rows without a value or list."""
    values: int = 0
    min_values: int = 1
    """Least values of a row that has some or an empty list."""
    max_values: int = 1
    is_list: bool = False
    low: Any = None
    """Lowest value: a number, infinities among them but not NaN; milliseconds of UTC for times."""
    high: Any = None
    nans: int = 0
    infinities: int = 0
    is_whole: bool = True
    """No float has a fraction."""
    is_zero_or_one: bool = True
    """No float is anything but 0 and 1."""
    invalid_utf8: int = 0
    counts: dict[str, int] | None = None
    """Rows of each value, as text; None when they were not counted."""
    uncounted: int = 0
    """Values that `counts` lacks, when it is a list of the most frequent ones."""
    distinct: int | None = None
    edges: list[float] = field(default_factory=list)
    """Of the bins of finite numbers, equally wide; `bins` is one shorter."""
    bins: list[float] = field(default_factory=list)

    @property
    def present(self) -> int:
        return self.rows - self.missing


@dataclass
class TableFacts:
    """A table. `table` is what rows are looked up in, None when there is only a summary."""

    rows: int
    columns: dict[str, ColumnFacts]
    table: Any = None


def facts_of_profile(profile: Profile) -> TableFacts:
    """What a profile says of its table; lists, and rows one by one, are beyond it."""
    return TableFacts(profile.rows, {name: _of_column(column) for name, column in profile.columns.items()})


def _of_column(column: ColumnProfile) -> ColumnFacts:
    present = column.rows - column.nulls
    kinds: dict[str, Kind] = {"other": "struct"}
    kind: Kind = kinds.get(column.type, column.type)  # type: ignore[arg-type]
    top = column.top
    points = column.quantiles.points if column.quantiles is not None else []
    numbers = [*points, *(edge for edge in (column.min, column.max) if edge is not None)]
    facts = ColumnFacts(
        column.name, kind, column.rows, column.nulls, present, low=column.min, high=column.max, nans=column.nans,
        infinities=column.infinities, distinct=column.distinct,
        is_whole=all(number % 1 == 0 for number in numbers), is_zero_or_one=set(numbers) <= {0.0, 1.0},
    )  # fmt: skip
    if column.infinities:  # a profile does not say which: a limit is broken by either
        facts.low, facts.high = float("-inf"), float("inf")
    if top is not None and kind != "struct":
        facts.counts = {as_text(value): count for value, count in zip(top.values, top.counts, strict=True)}
        facts.uncounted = column.count - sum(top.counts) if top.error else 0
    if column.histogram is not None:
        facts.edges, facts.bins = column.histogram.edges, column.histogram.counts
    return facts


def as_text(value: Any) -> str:
    """A value as it is counted: 3, 3.5, true, UA."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
