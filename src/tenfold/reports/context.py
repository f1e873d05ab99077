"""Both tables of a report, and what several metrics need of them, made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.monitoring import ColumnDrift, ColumnSummary, DriftReport, TableSummary, drift, summarize
from tenfold.monitoring.methods import AnyMethod
from tenfold.monitoring.record import ColumnKind
from tenfold.monitoring.summary import summarize_column
from tenfold.profiles import open_table
from tenfold.reports.dataset import DataDefinition, Dataset


@dataclass(frozen=True)
class DriftAsked:
    """The arguments of one comparison of all columns."""

    columns: tuple[str, ...] | None = None
    share: float = 0.5
    methods: Mapping[str, AnyMethod] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    method_by_kind: Mapping[ColumnKind, AnyMethod] = field(default_factory=dict)
    threshold_by_kind: Mapping[ColumnKind, float] = field(default_factory=dict)
    correction: str | None = None


class Context:
    """The tables of one report. `training` is what a recommender learned from, by column names of the current table."""

    def __init__(self, current: Dataset, reference: Dataset | None, training: Any = None) -> None:
        self.current, self.reference, self.training = current, reference, training
        self._drifts: dict[str, DriftReport] = {}
        self._keys: dict[int, tuple[str, DriftAsked]] = {}  # the objects too, so that their ids stay theirs
        self._summaries: dict[int, TableSummary] = {}
        self._columns: dict[tuple[int, str], ColumnSummary] = {}
        self.first_drift: DriftReport | None = None
        self.kept: dict[Any, Any] = {}
        """What metrics of one kind share: evaluations, ranked lists."""

    @property
    def definition(self) -> DataDefinition:
        """Of the current table."""
        return self.current.definition

    def drift(self, asked: DriftAsked) -> DriftReport:
        """The comparison of the two tables; the same one when it is asked for again."""
        key = self._keys.get(id(asked)) or self._keys.setdefault(id(asked), (repr(asked), asked))
        if key[0] not in self._drifts:
            assert self.reference is not None
            self._drifts[key[0]] = self._compare(asked, self.reference)
        found = self._drifts[key[0]]
        if self.first_drift is None or len(found.columns) > len(self.first_drift.columns):
            self.first_drift = found
        return found

    def column_drift(self, asked: DriftAsked, name: str) -> ColumnDrift:
        """The verdict on one column of that comparison. Raises Invalid when it is not in it."""
        found = self.drift(asked)
        by_name = self.kept.get(id(found))
        if by_name is None:
            by_name = self.kept[id(found)] = {column.name: column for column in found.columns}
        if name not in by_name:
            raise Invalid(f"There is no column {name!r}", field=name)
        verdict: ColumnDrift = by_name[name]
        return verdict

    def _compare(self, asked: DriftAsked, reference: Dataset) -> DriftReport:
        names = asked.columns or tuple(dict.fromkeys([*reference.names, *self.current.names]))
        known = {*reference.table.names, *self.current.table.names}
        target, prediction = self._roles()
        return drift(
            reference.table, self.current.table, columns=names, share=asked.share, methods=asked.methods,
            thresholds=asked.thresholds, method_by_kind=asked.method_by_kind, threshold_by_kind=asked.threshold_by_kind,
            kinds={name: kind for name, kind in self.current.kinds.items() if name in known},
            correction=asked.correction, dates=asked.columns is not None, target=target, prediction=prediction,
        )  # fmt: skip

    def _roles(self) -> tuple[str, str]:
        for task in (*self.definition.classification, *self.definition.regression):
            scores = getattr(task, "prediction_probas", None)
            found = getattr(task, "prediction", None) or getattr(task, "prediction_labels", None)
            return task.target, found or (scores if isinstance(scores, str) else "")
        return "", ""

    def summary(self, data: Dataset) -> TableSummary:
        """The summary of the whole table."""
        key = id(data)
        if key not in self._summaries:
            whole = summarize(data.table)
            columns = [self._as_defined(data, column) for column in whole.columns]
            self._summaries[key] = msgspec.structs.replace(whole, columns=columns)
            self._columns |= {(key, column.name): column for column in columns}
        return self._summaries[key]

    def find_summary(self, data: Dataset | None) -> TableSummary | None:
        """The summary when a metric took one."""
        return None if data is None else self._summaries.get(id(data))

    def column(self, data: Dataset, name: str) -> ColumnSummary:
        """The summary of one column. Raises Invalid when there is none of that name."""
        key = (id(data), name)
        if key not in self._columns:
            self._columns[key] = self._as_defined(data, summarize_column(data.column(name)))
        return self._columns[key]

    def training_table(self) -> Dataset | None:
        """What the recommender learned from, when it was given."""
        return None if self.training is None else Dataset(open_table(self.training))

    def _as_defined(self, data: Dataset, column: ColumnSummary) -> ColumnSummary:
        kind = self.current.kinds.get(column.name)
        return msgspec.structs.replace(column, kind=kind) if kind and column.kind else column
