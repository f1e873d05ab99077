"""Recommendations as metrics: how high what users liked stands, and what the lists are like beyond that.

The value of a metric at k is a list, of the first 1, 2 … k places; conditions are on the last. Ties keep the order of the
rows, and a relevant item counts at its own place whatever the order of the rows (Evidently takes the last row).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.measures.arrays import first_of
from tenfold.measures.ranking import ranked
from tenfold.measures.recommending import recommendation_metrics, top_lists
from tenfold.reports.columns import NEAR
from tenfold.reports.context import Context
from tenfold.reports.dataset import Dataset
from tenfold.reports.metric import Conditions, SingleMetric
from tenfold.reports.record import Value
from tenfold.reports.tasks import Recsys


def ranked_columns(data: Dataset, name: str, context: Context) -> tuple[Recsys, dict[str, Any], Any]:
    """The task, its columns, and scores that fall with the place."""
    task: Recsys = context.definition.task("ranking", name)
    columns = data.complete([task.user_id, task.item_id, task.prediction, task.target])
    scores = columns[task.prediction].astype(np.float64)
    return task, columns, -scores if task.recommendations_type == "rank" else scores


@dataclass(frozen=True)
class _AtK(SingleMetric):
    k: int = 10
    min_rel_score: float | None = None
    no_feedback_users: bool = False
    ranking_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        return [self.of(self._at(k, data, context), k) for k in range(1, self.k + 1)]

    def of(self, found: dict[str, float], k: int) -> float:
        raise NotImplementedError

    def parts(self, value: Value) -> dict[str, Any]:
        return {"": value[-1] if isinstance(value, list) and value else None}

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR,)} if context.reference is not None else {}

    def _at(self, k: int, data: Dataset, context: Context) -> dict[str, float]:
        key = ("ranking", id(data), self.ranking_name, self.min_rel_score, self.no_feedback_users, k)
        if key not in context.kept:
            task, columns, scores = ranked_columns(data, self.ranking_name, context)
            liked = columns[task.target].astype(np.float64)
            if self.min_rel_score is not None:
                liked = (liked >= self.min_rel_score).astype(np.float64)
            lists = ranked(columns[task.user_id], liked, scores, k=k, with_empty_queries=self.no_feedback_users)
            sums = lists.sums(np.zeros(lists.rows, np.int64), 1)
            context.kept[key] = first_of(lists.finish(sums))
        found: dict[str, float] = context.kept[key]
        return found


class PrecisionTopK(_AtK):
    """The share of the first k that users liked."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"precision_at_{k}"]


class RecallTopK(_AtK):
    """The share of what users liked that is among the first k."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"recall_at_{k}"]


@dataclass(frozen=True)
class FBetaTopK(_AtK):
    """The weighted harmonic mean of the mean precision and the mean recall at k."""

    beta: float = 1.0

    def of(self, found: dict[str, float], k: int) -> float:
        precision, recall = found[f"precision_at_{k}"], found[f"recall_at_{k}"]
        below = self.beta**2 * precision + recall
        return (1 + self.beta**2) * precision * recall / below if below else 0.0


class MAP(_AtK):
    """The mean average precision at k."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"map_at_{k}"]


class NDCG(_AtK):
    """The normalized discounted cumulated gain at k."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"ndcg_at_{k}"]


class MRR(_AtK):
    """The mean reciprocal rank of the first item that was liked."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"mrr_at_{k}"]


class HitRate(_AtK):
    """The share of users who liked any of the first k."""

    def of(self, found: dict[str, float], k: int) -> float:
        return found[f"hit_rate_at_{k}"]


@dataclass(frozen=True)
class _OfLists(SingleMetric):
    k: int = 10
    ranking_name: str = "default"

    def measure(self, data: Dataset, context: Context) -> Value:
        found = self._all(data, context).get(self.figure())
        if found is None or not np.isfinite(found):
            raise Invalid(f"{type(self).__name__} is not defined for these lists{self.hint()}", field="ranking")
        return found

    def figure(self) -> str:
        raise NotImplementedError

    def hint(self) -> str:
        return ""

    def defaults(self, context: Context) -> dict[str, Conditions]:
        return {"": (NEAR,)} if context.reference is not None else {}

    def _all(self, data: Dataset, context: Context) -> dict[str, float]:
        key = ("lists", id(data), self.ranking_name, self.k)
        if key not in context.kept:
            task, columns, scores = ranked_columns(data, self.ranking_name, context)
            training = context.training_table()
            past = {} if training is None else training.complete([task.user_id, task.item_id])
            context.kept[key] = recommendation_metrics(
                columns[task.user_id], columns[task.item_id], scores, k=self.k,
                train_users=past.get(task.user_id), train_items=past.get(task.item_id),
            )  # fmt: skip
        found: dict[str, float] = context.kept[key]
        return found


class Personalization(_OfLists):
    """How different the lists of two users are, 0 to 1."""

    def figure(self) -> str:
        return "personalization"


class _AgainstTraining(_OfLists):
    def hint(self) -> str:
        return ': give what was learned from, report.run(…, additional_data={"current_train_data": table})'


class Novelty(_AgainstTraining):
    """How seldom users had met the recommended items, in bits."""

    def figure(self) -> str:
        return "novelty"


@dataclass(frozen=True)
class PopularityBias(_AgainstTraining):
    """How much lists favour popular items: 'arp' the mean popularity, 'coverage' of the known items, 'gini' of the lists."""

    metric: str = "arp"
    normalize_arp: bool = False
    """Popularity as a share of the most popular item's."""

    def figure(self) -> str:
        arp = "normed_popularity" if self.normalize_arp else "popularity"
        found = {"arp": arp, "coverage": "item_coverage", "gini": "gini"}.get(self.metric)
        if found is None:
            raise Invalid(f"There is no popularity bias {self.metric!r}: arp, coverage, gini", field="methods")
        return found

    def hint(self) -> str:
        return "" if self.metric == "gini" else super().hint()


PopularityBiasMetric = PopularityBias
"""Evidently's name of it."""


@dataclass(frozen=True)
class ScoreDistribution(_OfLists):
    """The entropy of the scores of the first k (softmax, nats): low when few stand out."""

    def measure(self, data: Dataset, context: Context) -> Value:
        task, columns, scores = ranked_columns(data, self.ranking_name, context)
        if task.recommendations_type == "rank":
            raise Invalid("ScoreDistribution needs scores, not ranks", field="ranking")
        _, _, rows = top_lists(columns[task.user_id], columns[task.item_id], scores, self.k)
        weights = np.exp(scores[rows] - scores[rows].max())
        shares = weights / weights.sum()
        return float(-(shares * np.log(np.where(shares > 0, shares, 1.0))).sum())
