"""Predictions joined with the outcomes that came later, by prediction id, and quality over windows of them.

What "quality" is comes in as a function (evaluation's `evaluate`, usually): this room knows no metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.profiles import open_table

if TYPE_CHECKING:
    import polars as pl

Judge = Callable[[Any], Mapping[str, float]]
"""Gives the metrics of a joined frame of predictions and outcomes."""


@dataclass(frozen=True)
class Joined:
    """`rows` has every column of both sides; the counts say what found no partner."""

    rows: pl.DataFrame
    without_outcome: int
    without_prediction: int


class WindowQuality(msgspec.Struct, frozen=True, omit_defaults=True):
    """The quality of one window. `metrics` is empty, and `reason` says why, when it was not judged."""

    window: str
    rows: int
    metrics: dict[str, float]
    reason: str = ""


def join_outcomes(predictions: Any, outcomes: Any, *, on: str = "prediction_id") -> Joined:
    """Predictions with their outcomes, in the order of the predictions.

    An id that occurs more than once counts once: of predictions the first, of outcomes the last (a correction).

    Raises:
        Invalid: A side lacks the id, or both have another column of the same name.
    """
    before, after = _frame(predictions), _frame(outcomes)
    for side, frame in (("predictions", before), ("outcomes", after)):
        if on not in frame.columns:
            raise Invalid(f"The {side} have no column {on!r}. Columns: {', '.join(frame.columns)}", field="on")
    if twice := sorted((set(before.columns) & set(after.columns)) - {on}):
        raise Invalid(f"Predictions and outcomes both have a column {twice[0]!r}. Rename one", field="outcomes")
    before = before.unique(on, keep="first", maintain_order=True)
    after = after.unique(on, keep="last", maintain_order=True)
    rows = before.join(after, on=on, how="inner", maintain_order="left")
    return Joined(rows, before.height - rows.height, after.height - rows.height)


def quality_by_window(rows: Any, judge: Judge, *, window: str, min_rows: int = 50) -> list[WindowQuality]:
    """The quality of each window, in the order of the windows' labels.

    Args:
        rows: Joined predictions, outcomes, and a column that labels each row's window ('2013-04').
        judge: Gives the metrics of the rows of one window.
        window: The name of that column.
        min_rows: Windows with fewer rows are not judged.
    """
    frame = _frame(rows)
    if window not in frame.columns:
        raise Invalid(f"There is no column {window!r}. Columns: {', '.join(frame.columns)}", field="window")
    found: list[WindowQuality] = []
    for (label,), part in sorted(frame.group_by(window, maintain_order=True), key=lambda item: str(item[0][0])):
        if part.height < min_rows:
            found.append(WindowQuality(str(label), part.height, {}, f"fewer than {min_rows} rows"))
        else:
            found.append(WindowQuality(str(label), part.height, dict(judge(part))))
    return found


def _frame(source: Any) -> pl.DataFrame:
    import polars as pl

    table = open_table(source)
    if isinstance(table.source, pl.DataFrame):
        return table.source
    if isinstance(table.source, pl.LazyFrame):
        return table.source.collect()
    return pl.DataFrame([table.column(name) for name in table.names])
