"""`drift(reference, current)`: which columns of a table have changed their distribution.

Column by column, so memory peaks near one column. A column that cannot be judged gets a result that says why, and never
passes as unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from tenfold.base.errors import Invalid, MissingExtra
from tenfold.monitoring.bars import bars
from tenfold.monitoring.corrections import adjusted
from tenfold.monitoring.distances import wasserstein_error
from tenfold.monitoring.methods import METHODS, AnyMethod, Method, default_method, method_named
from tenfold.monitoring.pairs import Pair, Side
from tenfold.monitoring.record import ColumnDrift, ColumnKind, DriftReport
from tenfold.monitoring.sides import sides
from tenfold.profiles import open_table

ALL = "*"
"""The entry of `methods` and `thresholds` for every column without one of its own."""
IDENTIFIER_ROWS = 100
"""From so many rows on words that never occur twice are taken for identifiers."""
KINDS: dict[str, tuple[ColumnKind, ...]] = {
    "number": ("number", "category"), "bool": ("category", "number"), "string": ("category", "text"),
}  # fmt: skip
"""What columns of these values can be judged as."""


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Iterable[str] | None = None,
    methods: Mapping[str, AnyMethod] | AnyMethod | None = None,
    thresholds: Mapping[str, float] | float | None = None,
    method_by_kind: Mapping[ColumnKind, AnyMethod] | None = None,
    threshold_by_kind: Mapping[ColumnKind, float] | None = None,
    kinds: Mapping[str, ColumnKind] | None = None,
    correction: str | None = None,
    share: float = 0.5,
    dates: bool | None = None,
    target: str = "",
    prediction: str = "",
) -> DriftReport:
    """Compare two tables.

    Args:
        reference: The table that is how things should be; anything `open_table` takes.
        current: The table to judge.
        columns: Which columns; every column of either table when None.
        methods: One method for all columns, or by column, with '*' for the others: a name of `METHODS`, or a function
            `fn(reference, current, kind, threshold) -> (score, drifted)` over Polars series. By column is stronger than
            `method_by_kind`, that than '*', that than Evidently's default choice.
        thresholds: One threshold, or by column; in the same order of strength, the method's own last.
        method_by_kind: Methods of all 'number', 'category' or 'text' columns.
        threshold_by_kind: Thresholds of all columns of a kind.
        kinds: What columns are to be judged as, where Evidently's choice (see `pairs`) is not wanted.
        correction: 'bonferroni', 'holm' or 'bh': p-values are adjusted for the number of columns that have one.
        share: Share of drifted columns from which the table counts as drifted.
        dates: Judge dates and moments too, as numbers. They move on by themselves, so by default only when `columns`
            names them.
        target: The column that is to be predicted; noted in the report.
        prediction: The column of predictions; noted in the report.

    Raises:
        Invalid: A method that does not exist or does not fit a column named for it; a column in neither table.
    """
    before, after = open_table(reference), open_table(current)
    names = list(dict.fromkeys(columns if columns is not None else [*before.names, *after.names]))
    _all_known([*names, *filter(None, (target, prediction))], {*before.names, *after.names})
    asked = _Asked(methods, thresholds, method_by_kind, threshold_by_kind, kinds)
    if correction is not None:
        adjusted([], correction)
    with_dates = columns is not None if dates is None else dates
    results: list[ColumnDrift] = []
    rows = [0, 0]
    for name, *two in zip(names, sides(before, names), sides(after, names), strict=True):
        rows = [max(seen, part.rows if part else 0) for seen, part in zip(rows, two, strict=True)]
        if not with_dates and all(part.is_date for part in two if part is not None):
            results.append(ColumnDrift(name=name, reason="dates move on by themselves; name the column to compare it"))
        else:
            results.append(_column(name, two[0], two[1], asked))
    if correction is not None:
        results = _corrected(results, correction)
    judged = [column for column in results if column.drifted is not None]
    drifted = sum(bool(column.drifted) for column in judged)
    part = drifted / len(judged) if judged else 0.0
    return DriftReport(
        columns=results, reference_rows=rows[0], current_rows=rows[1], share=share, drifted_columns=drifted,
        judged_columns=len(judged), drifted_share=part, drifted=bool(judged) and part >= share,
        reason="" if judged else _nothing(results), correction=correction or "", target=target, prediction=prediction,
    )  # fmt: skip


class _Asked:
    """Which method, threshold and kind were asked for, by order of strength."""

    def __init__(self, methods: Any, thresholds: Any, by_kind: Any, limit_by_kind: Any, kinds: Any) -> None:
        self._methods = methods if isinstance(methods, Mapping) else {} if methods is None else {ALL: methods}
        self._thresholds = (
            thresholds if isinstance(thresholds, Mapping) else {} if thresholds is None else {ALL: thresholds}
        )
        self._by_kind, self._limit_by_kind = by_kind or {}, limit_by_kind or {}
        self.kinds: Mapping[str, ColumnKind] = kinds or {}

    def kind(self, name: str, values_type: str, inferred: ColumnKind) -> ColumnKind:
        """Raises Invalid when the values cannot be judged as the kind asked for."""
        kind: ColumnKind = self.kinds.get(name, inferred)
        if kind not in KINDS[values_type]:
            fitting = " or ".join(KINDS[values_type])
            raise Invalid(f"{name} cannot be judged as {kind}, its values are {fitting}", field="kinds")
        return kind

    def method(self, name: str, kind: ColumnKind, values_type: str) -> tuple[Method | None, ColumnKind]:
        """The method asked for, None when none was, and the kind it takes the column for.

        A method that is for another kind these values can have is taken at its word, unless the kind was named.
        """
        found = self._methods.get(name, self._by_kind.get(kind, self._methods.get(ALL)))
        if found is None:
            return None, kind
        method = method_named(found, self.threshold(name, kind))
        if kind in method.kinds:
            return method, kind
        others = [other for other in KINDS[values_type] if other in method.kinds]
        if others and name not in self.kinds:
            return method, others[0]
        fitting = ", ".join(other.name for other in METHODS.values() if kind in other.kinds)
        text = f"{name}: the method {method.name} is not for a column of kind {kind}. For that: {fitting}"
        raise Invalid(text, field="methods")

    def threshold(self, name: str, kind: ColumnKind) -> float | None:
        """The threshold asked for, None when none was."""
        found = self._thresholds.get(name, self._limit_by_kind.get(kind, self._thresholds.get(ALL)))
        return None if found is None else float(found)


def _all_known(names: list[str], known: set[str]) -> None:
    if absent := [name for name in names if name not in known]:
        raise Invalid(f"There is no column {absent[0]!r} in either table", field="columns")


def _column(name: str, reference: Side | None, current: Side | None, asked: _Asked) -> ColumnDrift:
    told = _unjudged(name, reference, current)
    if told is not None or reference is None or current is None:
        return told or ColumnDrift(name=name)
    inferred = asked.kind(name, current.values_type, current.kind)
    wanted, kind = asked.method(name, inferred, current.values_type)
    pair = Pair(reference, current, kind)
    if wanted is None and kind == "text" and name not in asked.kinds and _is_identifier(pair):
        return ColumnDrift(
            name=name, kind=kind, reason="an identifier: every value is another single word. Name a method to compare it",
            reference_rows=reference.count, current_rows=current.count,
            reference_missing=reference.missing, current_missing=current.missing,
        )  # fmt: skip
    method = wanted or default_method(pair)
    limit = asked.threshold(name, inferred)
    threshold = method.threshold if limit is None else limit
    score, drifted, reason = _score(pair, method, threshold, is_asked=wanted is not None)
    return ColumnDrift(
        name=name, kind=kind, method=method.name, score=score, score_is=method.score_is, threshold=threshold,
        drifted=drifted, reason=reason, bars=bars(pair),
        score_error=wasserstein_error(pair) if method.name == "wasserstein" else 0.0,
        reference_rows=reference.count, current_rows=current.count,
        reference_missing=reference.missing, current_missing=current.missing,
    )  # fmt: skip


def _is_identifier(pair: Pair) -> bool:
    """True of long columns of words that never occur twice: a classifier of texts learns nothing from them."""
    sides = (pair.reference, pair.current)
    if min(side.count for side in sides) < IDENTIFIER_ROWS or any(
        " " in value for value in pair.current.values.head(100)
    ):
        return False
    return all(
        side.values.n_unique() == side.count and not side.values.str.contains(r"\s").any() for side in sides
    )  # fmt: skip


def _score(pair: Pair, method: Method, threshold: float, *, is_asked: bool) -> tuple[float | None, bool | None, str]:
    """Score and verdict, or None and why there is none."""
    if method.name in METHODS and _same_constant(pair):
        unchanged = 0.5 if pair.kind == "text" else 0.0 if method.score_is == "distance" else 1.0
        return unchanged, False, "both sides are constant, with the same value"
    try:
        with np.errstate(all="ignore"):
            score = method.score(pair)
    except MissingExtra as error:
        if is_asked:
            raise
        return None, None, str(error)
    except (ValueError, FloatingPointError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        return None, None, f"{method.name} cannot be computed here: {error}"
    if not math.isfinite(score):
        return None, None, f"{method.name} is not defined for these values"
    return score, method.drifted(pair, score, threshold), ""


def _corrected(results: list[ColumnDrift], correction: str) -> list[ColumnDrift]:
    asked = [i for i, c in enumerate(results) if c.score is not None and c.score_is == "p-value"]
    found = adjusted([results[i].score or 0.0 for i in asked], correction)
    results = list(results)
    for i, p in zip(asked, found, strict=True):
        column = results[i]
        drifted = METHODS[column.method or ""].exceeds(p, column.threshold or 0.0)
        results[i] = msgspec.structs.replace(column, p_adjusted=p, drifted=drifted)
    return results


def _same_constant(pair: Pair) -> bool:
    if pair.is_string:
        return len(pair.categories.values) == 1
    low, high = pair.span
    return low == high


def _nothing(results: list[ColumnDrift]) -> str:
    if not results:
        return "neither table has a column"
    return f"no column could be judged; {results[0].name}: {results[0].reason}"


def _unjudged(name: str, reference: Side | None, current: Side | None) -> ColumnDrift | None:
    """The result of a column that needs no method, or None when it can be compared."""

    def result(drifted: bool | None, reason: str) -> ColumnDrift:
        sides = {"reference": reference, "current": current}
        counts = {f"{key}_rows": part.count for key, part in sides.items() if part is not None}
        missing = {f"{key}_missing": 1.0 if part is None else part.missing for key, part in sides.items()}
        kind = next((part.kind for part in sides.values() if part is not None and not part.is_empty), None)
        return ColumnDrift(name=name, kind=kind, drifted=drifted, reason=reason, **counts, **missing)  # type: ignore[arg-type]

    if current is None:
        return result(True, "the column is missing in the current data")
    if reference is None:
        return result(None, "the column is new: the reference does not have it")
    if reference.is_empty and current.is_empty:
        return result(None, "neither side has a value that can be compared")
    if current.is_empty:
        return result(True, "the current data have no value in this column, the reference has")
    if reference.is_empty:
        return result(None, "the reference has no value in this column to compare with")
    before, after = ("date" if part.is_date else part.values_type for part in (reference, current))
    if before != after and {"string", "date"} & {before, after}:
        return result(True, f"the type changed from {before} to {after}")
    return None
