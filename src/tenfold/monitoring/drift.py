"""`drift(reference, current)`: which columns of a table have changed their distribution.

Column by column, so memory peaks near one column. A column that cannot be judged gets a result that says why, and never
passes as unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.monitoring.methods import Method, default_method, method_named
from tenfold.monitoring.pairs import Pair, Side, binned, side
from tenfold.monitoring.record import Bars, ColumnDrift, DriftReport
from tenfold.profiles import Table, open_table

BINS = 24
SHOWN_CATEGORIES = 20


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Iterable[str] | None = None,
    methods: Mapping[str, str] | str | None = None,
    thresholds: Mapping[str, float] | float | None = None,
    share: float = 0.5,
    dates: bool | None = None,
) -> DriftReport:
    """Compare two tables.

    Args:
        reference: The table that is how things should be; anything `open_table` takes.
        current: The table to judge.
        columns: Which columns; every column of either table when None.
        methods: One method for all columns, or by column (see `METHODS`); Evidently's default choice elsewhere.
        thresholds: One threshold, or by column; the method's own elsewhere.
        share: Share of drifted columns from which the table counts as drifted.
        dates: Judge dates and moments too, as numbers. They move on by themselves, so by default only when `columns`
            names them.

    Raises:
        Invalid: A method that does not exist or does not fit a column named for it; a column in neither table.
    """
    before, after = open_table(reference), open_table(current)
    names = list(columns) if columns is not None else list(dict.fromkeys([*before.names, *after.names]))
    if absent := [name for name in names if name not in before.names and name not in after.names]:
        raise Invalid(f"There is no column {absent[0]!r} in either table", field="columns")
    with_dates = columns is not None if dates is None else dates
    results: list[ColumnDrift] = []
    rows = [0, 0]
    for name in names:
        sides = [_side(before, name), _side(after, name)]
        rows = [max(seen, part.rows if part else 0) for seen, part in zip(rows, sides, strict=True)]
        if not with_dates and any(part is not None and part.is_date for part in sides):
            results.append(ColumnDrift(name=name, reason="dates move on by themselves; name the column to compare it"))
            continue
        method = methods if isinstance(methods, str) else (methods or {}).get(name)
        limit = thresholds if isinstance(thresholds, (int, float)) else (thresholds or {}).get(name)
        results.append(_column(name, sides[0], sides[1], method, limit))
    judged = [column for column in results if column.drifted is not None]
    drifted = sum(bool(column.drifted) for column in judged)
    part = drifted / len(judged) if judged else 0.0
    return DriftReport(
        columns=results, reference_rows=rows[0], current_rows=rows[1], share=share, drifted_columns=drifted,
        judged_columns=len(judged), drifted_share=part, drifted=bool(judged) and part >= share,
    )  # fmt: skip


def _side(table: Table, name: str) -> Side | None:
    return side(table.column(name)) if name in table.names else None


def _column(
    name: str, reference: Side | None, current: Side | None, method: str | None, limit: float | None
) -> ColumnDrift:
    told = _unjudged(name, reference, current)
    if told is not None or reference is None or current is None or reference.kind is None:
        return told or ColumnDrift(name=name)
    pair = Pair(reference, current, reference.kind)
    chosen = default_method(pair) if method is None else method_named(method, pair.kind)
    threshold = chosen.threshold if limit is None else float(limit)
    score, reason = _score(pair, chosen)
    return ColumnDrift(
        name=name, kind=pair.kind, method=chosen.name, score=score, score_is=chosen.score_is, threshold=threshold,
        drifted=None if score is None else chosen.drifted(score, threshold), reason=reason, bars=bars(pair),
        reference_rows=reference.count, current_rows=current.count,
        reference_missing=reference.missing, current_missing=current.missing,
    )  # fmt: skip


def _score(pair: Pair, method: Method) -> tuple[float | None, str]:
    """The score, or None and why there is none."""
    if _same_constant(pair):
        return (0.0 if method.score_is == "distance" else 1.0), "both sides are constant, with the same value"
    try:
        with np.errstate(all="ignore"):
            score = method.score(pair)
    except (ValueError, FloatingPointError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        return None, f"{method.name} cannot be computed here: {error}"
    if not math.isfinite(score):
        return None, f"{method.name} is not defined for these values"
    return score, ""


def _same_constant(pair: Pair) -> bool:
    if pair.kind == "category":
        return len(pair.categories.values) == 1
    low, high = pair.span
    return low == high


def _unjudged(name: str, reference: Side | None, current: Side | None) -> ColumnDrift | None:
    """The result of a column that needs no method, or None when it can be compared."""

    def result(drifted: bool | None, reason: str) -> ColumnDrift:
        sides = {"reference": reference, "current": current}
        counts = {f"{key}_rows": part.count for key, part in sides.items() if part is not None}
        missing = {f"{key}_missing": 1.0 if part is None else part.missing for key, part in sides.items()}
        kind = next((part.kind for part in sides.values() if part is not None and part.kind is not None), None)
        return ColumnDrift(name=name, kind=kind, drifted=drifted, reason=reason, **counts, **missing)  # type: ignore[arg-type]

    if current is None:
        return result(True, "the column is missing in the current data")
    if reference is None:
        return result(None, "the column is new: the reference does not have it")
    if reference.kind is None and current.kind is None:
        return result(None, "neither side has a value that can be compared")
    if current.kind is None:
        return result(True, "the current data have no value in this column, the reference has")
    if reference.kind is None:
        return result(None, "the reference has no value in this column to compare with")
    if reference.kind != current.kind:
        return result(True, f"the type changed from {reference.kind} to {current.kind}")
    return None


def bars(pair: Pair) -> Bars:
    """Both sides for drawing: numbers in equal bins, the outermost half percents in the end bins; the commonest categories."""
    if pair.has_few:
        counts = pair.categories
        r, c = counts.reference / pair.reference.count, counts.current / pair.current.count
        # numbers here are at most 40 different ones and stay in their order
        shown = range(len(r)) if pair.kind == "number" else np.argsort(-(r + c), kind="stable")[:SHOWN_CATEGORIES]
        labels = [_label(counts.values[i]) for i in shown]
        return Bars(_rounded(r[list(shown)]), _rounded(c[list(shown)]), labels=labels, more=len(r) - len(labels))
    sides = [pair.reference.numbers, pair.current.numbers]
    low = min(float(numbers[int(0.005 * (numbers.size - 1))]) for numbers in sides)
    high = max(float(numbers[int(0.995 * (numbers.size - 1))]) for numbers in sides)
    if low == high:
        low, high = pair.span
    edges = np.linspace(low, high, BINS + 1)
    shares = [binned(np.clip(numbers, low, high), edges) / numbers.size for numbers in sides]
    return Bars(_rounded(shares[0]), _rounded(shares[1]), edges=[float(f"{edge:.6g}") for edge in edges])


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(max(float(value), 0.0), 5) for value in values]


def _label(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
