"""A table and what its columns are: kinds, the target and the predictions, ids and moments."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.record import ColumnKind
from tenfold.profiles import Table, open_table
from tenfold.reports.tasks import (
    EXAMPLES,
    Classification,
    Clustering,
    Forecasting,
    Multilabel,
    Recsys,
    Regression,
    TextAnswers,
    columns_of,
)

if TYPE_CHECKING:
    import polars as pl

    from tenfold.reports.descriptors import Descriptor


@dataclass(frozen=True, kw_only=True)
class DataDefinition:
    """What columns are, where it should not be read from their values. Ids, moments and dates are never judged for drift."""

    id_column: str | None = None
    timestamp: str | None = None
    numerical_columns: Sequence[str] | None = None
    categorical_columns: Sequence[str] | None = None
    text_columns: Sequence[str] | None = None
    datetime_columns: Sequence[str] | None = None
    classification: Sequence[Classification] = ()
    regression: Sequence[Regression] = ()
    ranking: Sequence[Recsys] = ()
    forecasting: Sequence[Forecasting] = ()
    multilabel: Sequence[Multilabel] = ()
    clustering: Sequence[Clustering] = ()
    answers: Sequence[TextAnswers] = ()
    embeddings: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """The kinds that were named, by column."""
        return {
            **dict.fromkeys(self.numerical_columns or (), "number"),
            **dict.fromkeys(self.categorical_columns or (), "category"),
            **dict.fromkeys(self.text_columns or (), "text"),
        }

    @property
    def apart(self) -> set[str]:
        """Columns that are not compared: the id, the timestamp and dates."""
        return {name for name in (self.id_column, self.timestamp, *(self.datetime_columns or ())) if name}

    def task(self, kind: str, name: str) -> Any:
        """The task of this kind and name.

        Raises:
            Invalid: No such task was defined.
        """
        for task in getattr(self, kind):
            if task.name == name:
                return task
        class_name = EXAMPLES[kind]
        example = f"DataDefinition({kind}=[{class_name}(…)])"
        raise Invalid(f"The data definition has no {kind} {name!r}. Give one: {example}", field=kind)

    @property
    def _named(self) -> list[str]:
        named = [*self.kinds, *self.apart]
        for task in (task for kind in EXAMPLES for task in getattr(self, kind)):
            named += columns_of(task)
        return named


class Dataset:
    """A table with its definition; anything `open_table` takes."""

    def __init__(
        self, data: Any, data_definition: DataDefinition | None = None, *, descriptors: Iterable[Descriptor] = ()
    ) -> None:
        """
        Args:
            data: The table.
            descriptors: Columns that are made of the text columns; see `add_descriptors`.

        Raises:
            Invalid: The definition names a column that is not there.
        """
        self.table: Table = open_table(data)
        self.definition = data_definition or DataDefinition()
        self.descriptors: list[Descriptor] = []
        self.described: list[str] = []
        """Columns that descriptors made, in order."""
        self._made: dict[str, ColumnKind] = {}
        self.add_descriptors(descriptors)
        absent = [name for name in self.definition._named if name not in self.table.names]
        if absent:
            raise Invalid(f"The data definition names {absent[0]!r}, which is no column of the table", field=absent[0])

    @classmethod
    def from_pandas(
        cls, data: Any, data_definition: DataDefinition | None = None, descriptors: Iterable[Descriptor] | None = None
    ) -> Dataset:
        """The same as `Dataset(...)`, by Evidently's name; takes any table."""
        return cls(data, data_definition, descriptors=descriptors or ())

    def add_descriptors(self, descriptors: Iterable[Descriptor]) -> None:
        """Add columns made of others: text lengths, matches. Each takes its alias as name.

        Raises:
            Invalid: A descriptor is of a column that is not there, or its name is taken.
        """
        import polars as pl

        for descriptor in descriptors:
            absent = [column for column in descriptor.sources if column not in self.table.names]
            if absent:
                raise Invalid(f"{descriptor.name}: there is no column {absent[0]!r}", field=absent[0])
            made = {name: values.alias(name) for name, values in descriptor.columns_of(self).items()}
            taken = [name for name in made if name in self.table.names]
            if taken:
                raise Invalid(f"There is already a column {taken[0]!r}. Give an alias", field="alias")
            columns = [self.table.column(name) for name in self.table.names]
            self.table = open_table(pl.DataFrame([*columns, *made.values()]))
            self.descriptors.append(descriptor)
            self.described += made
            self._made |= {name: "number" for name, values in made.items() if values.dtype.is_numeric()}

    def as_dataframe(self) -> Any:
        """The table with the columns that descriptors made, as a pandas frame. Needs pandas."""
        pandas = require("pandas", extra="demo", why="give a pandas frame")
        return pandas.DataFrame({name: self.table.column(name).to_numpy() for name in self.table.names})

    def where(self, name: str, label: str) -> Dataset:
        """The rows where a column has this value, written as a string, with the same definition."""
        import polars as pl

        usable = self.column(name).cast(pl.String) == label
        made = copy.copy(self)
        made.__dict__.pop("rows", None)
        made.table = open_table(pl.DataFrame([self.table.column(each) for each in self.table.names]).filter(usable))
        return made

    def column(self, name: str) -> pl.Series:
        """One whole column, infinities as they are, NaN as nulls. Raises Invalid when there is none of that name."""
        if name not in self.table.names:
            raise Invalid(f"There is no column {name!r}", field=name)
        values = self.table.column(name)
        return values.fill_nan(None) if values.dtype.is_float() else values

    def complete(self, names: Sequence[str]) -> dict[str, Any]:
        """These columns as arrays, of the rows that have them all. Raises Invalid when none has."""
        import numpy as np

        series = {name: self.column(name) for name in names}
        usable = np.ones(self.rows, bool)
        for values in series.values():
            usable &= values.is_not_null().to_numpy()
            if values.dtype.is_float():
                usable &= values.is_finite().fill_null(False).to_numpy()
        if not usable.any():
            raise Invalid(f"No row has a value in each of {', '.join(names)}", field=names[0])
        return {name: values.to_numpy()[usable] for name, values in series.items()}

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """The kinds that were named, and numbers that descriptors made, by column."""
        return {**self._made, **self.definition.kinds}

    @property
    def names(self) -> list[str]:
        """Columns that are judged, in order."""
        return [name for name in self.table.names if name not in self.definition.apart]

    @cached_property
    def rows(self) -> int:
        """Rows of the table."""
        import polars as pl

        source = self.table.source
        if isinstance(source, pl.LazyFrame):
            return int(source.select(pl.len()).collect().item())
        return len(source)


def dataset_of(data: Any) -> Dataset:
    """A dataset as it is, and any other table as one."""
    return data if isinstance(data, Dataset) else Dataset(data)
