"""Recommendations by what describes items and users, as metrics: lists full of alike, known or favoured things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.measures.recommending import diversity, serendipity, top_lists
from tenfold.reports.columns import MOST_LABELS, NEAR
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, LabelMetric, SingleMetric
from tenfold.reports.ranking import ranked_columns
from tenfold.reports.record import Value


@dataclass(frozen=True)
class _ByFeatures(SingleMetric):
    k: int = 10
    item_features: Sequence[str] = ()
    ranking_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        if not self.item_features:
            name = type(self).__name__
            raise Invalid(f"{name} needs numbers of the items: {name}(k=10, item_features=['price'])", field="ranking")
        found = self.of(data, context)
        if not np.isfinite(found):
            raise Invalid(f"{type(self).__name__} is not defined for these lists", field="ranking")
        return found

    def of(self, data: Dataset, context: Context) -> float:
        raise NotImplementedError

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR,)} if context.reference is not None else {}

    def _lists(self, data: Dataset, context: Context) -> tuple[Any, Any, dict[str, Any], Any]:
        """The users of the first k, as numbers and as they are, the columns of those rows, and their features."""
        task, columns, scores = ranked_columns(data, self.ranking_name, context)
        columns |= data.complete([task.user_id, task.item_id, task.prediction, task.target, *self.item_features])
        if columns[task.user_id].size != scores.size:
            raise Invalid("every recommended item needs all of its features", field=self.item_features[0])
        user, _, rows = top_lists(columns[task.user_id], columns[task.item_id], scores, self.k)
        chosen = {name: values[rows] for name, values in columns.items()}
        return user, chosen[task.user_id], chosen, _features(chosen, self.item_features)


class Diversity(_ByFeatures):
    """How different the items of a list are: cosine distances of their features, as Evidently sums them."""

    def of(self, data: Dataset, context: Context) -> float:
        user, _, _, features = self._lists(data, context)
        return diversity(user, features, over="items")


@dataclass(frozen=True)
class Serendipity(_ByFeatures):
    """How unlike what users had met before the recommended items are that they liked."""

    min_rel_score: float | None = None

    def of(self, data: Dataset, context: Context) -> float:
        _, users, chosen, features = self._lists(data, context)
        task = context.definition.task("ranking", self.ranking_name)
        liked = chosen[task.target].astype(np.float64)
        usable = liked > 0 if self.min_rel_score is None else liked >= self.min_rel_score
        past = _training(context).complete([task.user_id, *self.item_features])
        _, codes = np.unique(np.concatenate([users[usable], past[task.user_id]]), return_inverse=True)
        first, rest = np.split(codes.reshape(-1).astype(np.int64), [int(usable.sum())])
        return serendipity(first, features[usable], rest, _features(past, self.item_features))


@dataclass(frozen=True)
class _Bias(LabelMetric):
    def counted(self, data: Dataset, context: Context, name: str, distribution: str, rows: Any, key: str) -> Value:
        """Rows of each value of a column in the lists, or of what was learned from, each item or user once there."""
        training = _training(context)
        past = training.column(name).to_numpy()[_last(training.column(key).to_numpy())]
        now = data.column(name).to_numpy()[rows]
        if distribution not in ("default", "train"):
            raise Invalid(f"There is no distribution {distribution!r}: default, train", field="methods")
        shown = past if distribution == "train" else now
        if context.column(data, name).kind == "number":
            return _histogram(shown.astype(np.float64), np.concatenate([now, past]).astype(np.float64))
        labels, counts = np.unique(shown[[value is not None for value in shown]].astype(str), return_counts=True)
        order = np.argsort(-counts, kind="stable")[:MOST_LABELS]
        return {str(labels[i]): int(counts[i]) for i in order}


@dataclass(frozen=True)
class ItemBias(_Bias):
    """What the recommended items are like: rows by the value of a column; `distribution="train"` of the items learned from.

    Of numbers the rows of each bin (Doane's, of both together), by its middle.
    """

    k: int
    column_name: str
    distribution: Literal["default", "train"] = "default"
    ranking_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        task, columns, scores = ranked_columns(data, self.ranking_name, context)
        if scores.size != data.rows:
            raise Invalid("every row needs a user, an item, a prediction and a target", field="ranking")
        _, _, rows = top_lists(columns[task.user_id], columns[task.item_id], scores, self.k)
        return self.counted(data, context, self.column_name, self.distribution, np.sort(rows), task.item_id)


@dataclass(frozen=True)
class UserBias(_Bias):
    """Who gets recommendations: users by the value of a column; `distribution="train"` of the users learned from."""

    column_name: str
    distribution: Literal["default", "train"] = "default"
    ranking_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        task = context.definition.task("ranking", self.ranking_name)
        rows = _last(data.column(task.user_id).to_numpy())
        return self.counted(data, context, self.column_name, self.distribution, rows, task.user_id)


def _training(context: Context) -> Dataset:
    found = context.training_table()
    if found is None:
        raise Invalid(
            'it needs what was learned from: report.run(…, additional_data={"current_train_data": table})',
            field="ranking",
        )
    return found


def _features(columns: dict[str, Any], names: Sequence[str]) -> Any:
    try:
        return np.column_stack([columns[name].astype(np.float64) for name in names])
    except (TypeError, ValueError) as error:
        raise Invalid(f"Features of items are numbers: {error}", field="item_features") from error


def _last(values: Any) -> Any:
    """The last row of each different value, in the order of the rows."""
    _, first = np.unique(values[::-1], return_index=True)
    return np.sort(values.size - 1 - first)


def _histogram(values: Any, together: Any) -> dict[str, int]:
    edges = np.histogram_bin_edges(together[np.isfinite(together)], bins="doane")
    counts, _ = np.histogram(values[np.isfinite(values)], bins=edges)
    return {f"{middle:.6g}": int(rows) for middle, rows in zip((edges[:-1] + edges[1:]) / 2, counts, strict=True)}
