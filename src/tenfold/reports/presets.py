"""Presets: which metrics belong together, by the names practitioners know."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from tenfold.base.errors import Invalid
from tenfold.reports import biases, columns, drifts, ranking, tables
from tenfold.reports.context import Context
from tenfold.reports.metric import Metric

DISTRIBUTIONS: tuple[Literal["default", "train"], ...] = ("default", "train")


@runtime_checkable
class Preset(Protocol):
    """Something that becomes metrics once the tables are known."""

    def metrics(self, context: Context) -> Iterable[Metric]:
        """In the order of the report."""
        ...


@dataclass(frozen=True)
class DataDriftPreset(drifts.DriftedColumnsCount):
    """Drift of every column, or of those named, and of the table."""

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`DriftedColumnsCount`, and `ValueDrift` of each column."""
        given = {part.name: getattr(self, part.name) for part in dataclasses.fields(self)}
        yield drifts.DriftedColumnsCount(**given)
        if context.reference is None:
            return
        asked = self.asked_with
        for column in context.drift(asked).columns:
            if not column.reason.startswith("dates move on"):
                yield drifts.ValueDrift(column.name, asked_with=asked)


@dataclass(frozen=True)
class TargetDriftPreset:
    """Drift of the target and of the predictions alone; of the tasks defined, or the columns named."""

    columns: Sequence[str] | None = None
    method: str | None = None
    threshold: float | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`ValueDrift` of each of them.

        Raises:
            Invalid: No task is defined and no column named.
        """
        names = list(self.columns or ())
        for task in () if names else (*context.definition.classification, *context.definition.regression):
            scores = getattr(task, "prediction_probas", None) or ()
            given = [task.target, getattr(task, "prediction", None), getattr(task, "prediction_labels", None)]
            names += [name for name in given if name] + ([scores] if isinstance(scores, str) else list(scores))
        if not names:
            raise Invalid(
                "Target drift needs a target: TargetDriftPreset(columns=['y']), or a data definition", field="columns"
            )
        for name in dict.fromkeys(names):
            yield drifts.ValueDrift(name, method=self.method, threshold=self.threshold)


@dataclass(frozen=True)
class DatasetStats:
    """How many rows and columns there are, and how many are empty, constant, double or incomplete."""

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Metrics of the whole table."""
        yield tables.RowCount()
        yield tables.ColumnCount()
        for kind in ("number", "category", "date", "text"):
            yield tables.ColumnCount(kind, tests=())
        yield from (
            tables.DuplicatedColumnsCount(), tables.AlmostDuplicatedColumnsCount(), tables.AlmostConstantColumnsCount(),
            tables.DuplicatedRowCount(), tables.EmptyRowsCount(), tables.EmptyColumnsCount(),
            tables.ConstantColumnsCount(), tables.DatasetMissingValueCount(),
        )  # fmt: skip


@dataclass(frozen=True)
class ValueStats:
    """One column: what is missing, and what the values are like."""

    column: str

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Of numbers the range, mean, deviation and quartiles; of categories the rows of each."""
        name = self.column
        yield columns.MissingValueCount(name)
        kind = context.column(context.current, name).kind
        if kind == "number":
            yield from (columns.MinValue(name), columns.MaxValue(name), columns.MeanValue(name), columns.StdValue(name))
            for share in (0.25, 0.5, 0.75):
                yield columns.QuantileValue(name, share)
        elif kind == "category":
            yield columns.UniqueValueCount(name)


@dataclass(frozen=True)
class DataSummaryPreset:
    """The table and every column, or those named."""

    columns: Sequence[str] | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`DatasetStats`, and `ValueStats` of each column."""
        yield from DatasetStats().metrics(context)
        for name in self.columns or context.current.names:
            yield from ValueStats(name).metrics(context)


@dataclass(frozen=True)
class DataQualityPreset:
    """What is wrong with the table: missing, empty, constant, double. As `DataSummaryPreset`, without the values."""

    columns: Sequence[str] | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """`DatasetStats`, and `MissingValueCount` of each column."""
        yield from DatasetStats().metrics(context)
        for name in self.columns or context.current.names:
            yield columns.MissingValueCount(name)


@dataclass(frozen=True)
class RecsysPreset:
    """How good recommendations are at k, and what the lists are like; with training data also how novel."""

    k: int = 10
    min_rel_score: float | None = None
    no_feedback_users: bool = False
    ranking_name: str = "default"
    beta: float = 1.0
    normalize_arp: bool = False
    item_features: Sequence[str] | None = None
    """Columns of numbers that describe the items: with them also diversity and, with training data, serendipity."""
    user_bias_columns: Sequence[str] | None = None
    item_bias_columns: Sequence[str] | None = None

    def metrics(self, context: Context) -> Iterable[Metric]:
        """Raises Invalid when the data definition has no such ranking."""
        task = context.definition.task("ranking", self.ranking_name)
        at_k = (self.k, self.min_rel_score, self.no_feedback_users, self.ranking_name)
        yield ranking.PrecisionTopK(*at_k)
        yield ranking.RecallTopK(*at_k)
        yield ranking.FBetaTopK(*at_k, self.beta)
        yield from (kind(*at_k) for kind in (ranking.MAP, ranking.NDCG, ranking.MRR, ranking.HitRate))
        if task.recommendations_type == "score":
            yield ranking.ScoreDistribution(self.k, self.ranking_name)
        yield ranking.Personalization(self.k, self.ranking_name)
        if context.training is not None:
            yield ranking.Novelty(self.k, self.ranking_name)
            for kind in ("arp", "coverage", "gini"):
                yield ranking.PopularityBias(self.k, self.ranking_name, kind, self.normalize_arp)
        yield from self._by_features(context.training is not None)

    def _by_features(self, trained: bool) -> Iterable[Metric]:
        if self.item_features:
            yield biases.Diversity(self.k, self.item_features, self.ranking_name)
            if trained:
                yield biases.Serendipity(self.k, self.item_features, self.ranking_name)
        for distribution in DISTRIBUTIONS if trained else ():
            for name in self.item_bias_columns or ():
                yield biases.ItemBias(self.k, name, distribution, self.ranking_name)
            for name in self.user_bias_columns or ():
                yield biases.UserBias(name, distribution, self.ranking_name)
