"""Which columns no longer move together as they did: correlations of every pair of columns, then and now."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.pairs import Side
from tenfold.monitoring.sides import side
from tenfold.profiles import Table, open_table

CorrelationMethod = Literal["pearson", "spearman", "kendall", "cramer_v"]
Floats = np.ndarray[Any, np.dtype[np.float64]]
KENDALL_ROWS = 10_000
"""Kendall's tau is taken of so many rows, evenly over the table."""
MOST_CATEGORIES = 1000
"""Columns of more categories are left out of Cramér's V: every pair of their values would be counted."""


class CorrelationPair(msgspec.Struct, frozen=True):
    """One pair of columns; a correlation is None where a side is constant or has fewer than two common rows."""

    first: str
    second: str
    reference: float | None
    current: float | None
    change: float | None
    """current - reference."""


class CorrelationChange(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Correlations of two tables, the most changed pairs first, those without a change last."""

    method: CorrelationMethod
    pairs: list[CorrelationPair]
    largest: float | None
    """Largest absolute change of a pair; None when no pair has one."""
    mean: float | None
    """Mean absolute change."""
    columns: list[str] = []
    left_out: list[str] = []
    """Columns of the wrong kind, of one side only, or without values."""
    reason: str = ""
    """Why there is no change to tell."""


def correlation_change(
    reference: Any,
    current: Any,
    *,
    method: CorrelationMethod = "pearson",
    columns: Iterable[str] | None = None,
    most: int | None = 100,
) -> CorrelationChange:
    """Compare how columns go together in two tables.

    Args:
        reference: How things should be; anything `open_table` takes.
        current: The table to judge.
        method: 'pearson', 'spearman' (ranks) or 'kendall' (tau-b) of numbers, 'cramer_v' of categories (without bias
            correction, 0 to 1). Missing values are dropped pair by pair, as pandas does.
        columns: Which columns; all of the right kind that both tables have when None.
        most: So many pairs are listed; all of them when None.
    """
    if method not in get_args(CorrelationMethod):
        known = ", ".join(get_args(CorrelationMethod))
        raise Invalid(f"There is no correlation {method!r}. There are: {known}", field="method")
    before, after = open_table(reference), open_table(current)
    both = set(before.names) & set(after.names)
    wanted = list(dict.fromkeys([*before.names, *after.names] if columns is None else columns))
    if columns is not None and (absent := [name for name in wanted if name not in both]):
        raise Invalid(f"The column {absent[0]!r} is not in both tables", field="columns")
    names = [name for name in wanted if name in both and _fits(before, after, name, method)]
    found = [_correlations(table, names, method) for table in (before, after)]
    pairs = []
    for (i, first), (j, second) in itertools.combinations(enumerate(names), 2):
        r, c = (float(matrix[i, j]) for matrix in found)
        change = c - r if math.isfinite(c - r) else None
        pairs.append(CorrelationPair(first, second, _finite(r), _finite(c), change))
    changes = [abs(pair.change) for pair in pairs if pair.change is not None]
    pairs.sort(key=lambda pair: math.inf if pair.change is None else -abs(pair.change))
    return CorrelationChange(
        method=method, pairs=pairs[:most], largest=max(changes, default=None),
        mean=sum(changes) / len(changes) if changes else None, columns=names,
        left_out=[name for name in wanted if name not in names],
        reason="" if changes else f"no two columns have a {method} correlation on both sides",
    )  # fmt: skip


def correlations(
    source: Any, *, method: CorrelationMethod = "pearson", columns: Iterable[str], of: str | None = None
) -> dict[tuple[str, str], float | None]:
    """The correlation of each pair of these columns in one table, or of one column with the others.

    A pair without a correlation has None: a side is constant, or fewer than two rows have both.
    """
    table, names = open_table(source), list(columns)
    matrix = _correlations(table, names, method)
    return {
        (first, second): _finite(float(matrix[i, j]))
        for (i, first), (j, second) in itertools.combinations(enumerate(names), 2)
        if of is None or of in (first, second)
    }


def _fits(before: Table, after: Table, name: str, method: CorrelationMethod) -> bool:
    two: list[Side] = [side(table.column(name)) for table in (before, after)]
    if any(part.is_empty or part.is_date for part in two):
        return False
    if method != "cramer_v":
        return all(part.values_type == "number" for part in two)
    same = len({part.values_type == "string" for part in two}) == 1
    return same and all(part.kind == "category" and _distinct(part) <= MOST_CATEGORIES for part in two)


def _distinct(part: Side) -> int:
    return part.counted.height if part.values_type == "string" else np.unique(part.numbers).size


def _correlations(table: Table, names: list[str], method: CorrelationMethod) -> Floats:
    """(columns, columns), NaN where there is none."""
    if method == "cramer_v":
        return _pairwise([_codes(table.column(name)) for name in names], _cramer_v)
    columns = [_numbers(table.column(name)) for name in names]
    if method == "kendall":
        return _pairwise([_thinned(column) for column in columns], _kendall)
    if not columns:
        return np.empty((0, 0))
    if any(np.isnan(column).any() for column in columns):
        return _pairwise(columns, _pearson if method == "pearson" else _spearman)
    if method == "spearman":
        columns = [_ranks(column) for column in columns]
    with np.errstate(all="ignore"):
        return (
            np.atleast_2d(np.corrcoef(np.vstack(columns)))
            if columns[0].size > 1
            else np.full((len(names),) * 2, np.nan)
        )


def _pairwise(columns: list[Any], measure: Any) -> Floats:
    found = np.full((len(columns), len(columns)), np.nan)
    for i, j in itertools.combinations(range(len(columns)), 2):
        a, b = columns[i], columns[j]
        usable = ~(np.isnan(a) | np.isnan(b))
        if usable.sum() > 1:
            with np.errstate(all="ignore"):
                found[i, j] = found[j, i] = measure(a[usable], b[usable])
    return found


def _pearson(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _spearman(a: Floats, b: Floats) -> float:
    return _pearson(_ranks(a), _ranks(b))


def _kendall(a: Floats, b: Floats) -> float:
    stats = require("scipy.stats", extra="monitoring", why="compute Kendall's tau")
    return float(stats.kendalltau(a, b).statistic)


def _cramer_v(a: Floats, b: Floats) -> float:
    _, first = np.unique(a, return_inverse=True)
    _, second = np.unique(b, return_inverse=True)
    shape = (int(first.max()) + 1, int(second.max()) + 1)
    if min(shape) == 1:
        return math.nan
    counts = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    chi2 = float((np.square(counts - expected) / expected).sum())
    return math.sqrt(chi2 / counts.sum() / (min(shape) - 1))


def _ranks(values: Floats) -> Floats:
    """From 1, ties at their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def _numbers(column: Any) -> Floats:
    import polars as pl

    values = column.cast(pl.Float64).to_numpy().copy()
    values[~np.isfinite(values)] = np.nan
    return np.asarray(values)


def _codes(column: Any) -> Floats:
    import polars as pl

    codes = column.cast(pl.String).rank("dense").cast(pl.Float64)
    return np.asarray(codes.fill_null(float("nan")).to_numpy())


def _thinned(values: Floats) -> Floats:
    if values.size <= KENDALL_ROWS:
        return values
    return values[np.linspace(0, values.size - 1, KENDALL_ROWS).astype(np.int64)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
