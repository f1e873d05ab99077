"""Metrics of a whole table: rows, columns, and how many of them are empty, constant or double."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.base.errors import Invalid
from tenfold.reports.columns import NEAR, near_reference
from tenfold.reports.conditions import Condition, Reference, eq, gt, lte
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, CountMetric, SingleMetric
from tenfold.reports.record import Value

NO_MORE = lte(Reference())


@dataclass(frozen=True)
class RowCount(SingleMetric):
    """Rows."""

    def measure(self, data: Dataset, context: Context) -> Value:
        return data.rows

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return near_reference(self, context) or {"": (gt(0),)}


@dataclass(frozen=True)
class ColumnCount(SingleMetric):
    """Columns, or those of a kind: 'number', 'category', 'text' (Evidently's Numerical, Categorical, Text), 'date'."""

    column_type: str | None = None

    def measure(self, data: Dataset, context: Context) -> Value:
        if self.column_type is None:
            return len(data.table.names)
        names = {
            "numerical": "number",
            "num": "number",
            "categorical": "category",
            "cat": "category",
            "datetime": "date",
        }
        wanted = self.column_type.lower()
        wanted = names.get(wanted, wanted)
        if wanted not in ("number", "category", "text", "date"):
            raise Invalid(
                f"There is no kind of columns {self.column_type!r}: number, category, text, date", field="column_type"
            )
        if wanted == "date":
            return sum(_is_date(data, name) for name in data.table.names)
        return sum(column.kind == wanted for column in context.summary(data).columns)

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (gt(0),) if context.reference is None else (eq(Reference()),)}


@dataclass(frozen=True)
class _Summarized(SingleMetric):
    def measure(self, data: Dataset, context: Context) -> Value:
        return int(getattr(context.summary(data), self.figure()))

    def figure(self) -> str:
        raise NotImplementedError

    def of_reference(self) -> Condition:
        return NO_MORE

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (eq(0),) if context.reference is None else (self.of_reference(),)}


class DuplicatedRowCount(_Summarized):
    """Rows that are equal to an earlier one."""

    def figure(self) -> str:
        return "duplicated_rows"

    def of_reference(self) -> Condition:
        return NEAR


class EmptyRowsCount(_Summarized):
    """Rows without any value."""

    def figure(self) -> str:
        return "empty_rows"

    def of_reference(self) -> Condition:
        return NEAR


class EmptyColumnsCount(_Summarized):
    """Columns without any value."""

    def figure(self) -> str:
        return "empty_columns"


class ConstantColumnsCount(_Summarized):
    """Columns of at most one different value."""

    def figure(self) -> str:
        return "constant_columns"


class AlmostConstantColumnsCount(_Summarized):
    """Columns where one value has 95 % of the rows."""

    def figure(self) -> str:
        return "almost_constant_columns"


class DuplicatedColumnsCount(_Summarized):
    """Pairs of columns that are equal."""

    def figure(self) -> str:
        return "duplicated_columns"


class AlmostDuplicatedColumnsCount(_Summarized):
    """Pairs of columns that are equal in 95 % of the rows; Evidently has no default test of it."""

    def figure(self) -> str:
        return "almost_duplicated_columns"

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {}


@dataclass(frozen=True)
class DatasetMissingValueCount(CountMetric):
    """Missing values of all columns; the share is of all cells (Evidently divides by the rows, and can pass 1)."""

    def measure(self, data: Dataset, context: Context) -> Value:
        found = context.summary(data)
        return {"count": found.missing_values, "share": found.missing_share}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"count": (eq(0),) if context.reference is None else (NEAR,)}


def _is_date(data: Dataset, name: str) -> bool:
    import polars as pl

    return data.table.column(name).dtype.base_type() in (pl.Date, pl.Datetime) or name in (
        data.definition.datetime_columns or ()
    )
