"""Ranked lists: how high what matters stands (search, recommendation). Beyond accuracy: see recommending.py.

Rows are (query, item) pairs in any order. Ties of the score keep the order of the rows. A query without anything
relevant has no recall; such queries are left out of the means unless they are asked for, as Evidently does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.measures.arrays import Floats, Ints, added, ratio

NAMES = ("precision", "recall", "f1", "map", "ndcg", "mrr", "hit_rate")


@dataclass(frozen=True)
class Ranked:
    """Values of each query (queries, 7) in the order of `NAMES` at a cut-off `k`, and the weight of each query."""

    values: Floats
    k: int
    weights: Floats
    queries: Any
    """The queries' names, sorted (queries,)."""

    @property
    def rows(self) -> int:
        return int(self.values.shape[0])

    def take(self, rows: Any) -> Ranked:
        """These queries only."""
        return Ranked(self.values[rows], self.k, self.weights[rows], self.queries[rows])

    def sums(self, groups: Ints, count: int) -> Floats:
        """(count, 8): the weighted values of each group's queries, then their weight."""
        return added([*(self.values * self.weights[:, None]).T, self.weights], groups, count)

    def finish(self, sums: Floats) -> dict[str, Floats]:
        """Means over queries, named like `ndcg_at_10`."""
        return {f"{name}_at_{self.k}": ratio(sums[:, i], sums[:, -1]) for i, name in enumerate(NAMES)}

    def rest(self) -> dict[str, float]:
        """Nothing: all are means."""
        return {}


def ranked(
    queries: Any, relevance: Any, scores: Any, *, k: int = 10, weights: Any = None, with_empty_queries: bool = False
) -> Ranked:
    """Judge ranked lists, query by query.

    precision: relevant among the first k, by the list's length if that is shorter. recall: of all relevant ones.
    f1: their harmonic mean. map: precision at each relevant place, by all relevant ones (TREC). ndcg: linear gains over
    log2(place + 1), by the best order (Järvelin and Kekäläinen 2002; scikit-learn's `ndcg_score`). mrr: one over the
    first relevant place. hit_rate: whether there is any. With k beyond a list, the whole list counts.

    Args:
        queries: Which query, user or session each row belongs to (rows,).
        relevance: How relevant each row is, 0 for not at all (rows,).
        scores: The higher, the earlier in the list (rows,).
        weights: Of each query, read from its first row (rows,).
        with_empty_queries: Count a query with nothing relevant as 0 everywhere, in place of leaving it out.

    Raises:
        Invalid: k is below 1, a relevance is negative, or no query has anything relevant.
    """
    if k < 1:
        raise Invalid(f"k is {k}. Give a whole number from 1 on", field="k")
    gains, score = np.asarray(relevance, np.float64), np.asarray(scores, np.float64)
    if (gains < 0).any():
        raise Invalid("A relevance is below 0. Give 0 for not relevant and more for better", field="relevance")
    names, first, codes = np.unique(np.asarray(queries), return_index=True, return_inverse=True)
    weight = np.ones(names.size) if weights is None else np.asarray(weights, np.float64)[first]
    found = _values(codes.reshape(-1).astype(np.int64), gains, score, names.size, k)
    keep = np.ones(names.size, bool) if with_empty_queries else np.bincount(codes.reshape(-1), gains > 0) > 0
    if not keep.any():
        raise Invalid("No query has anything relevant, so nothing can be judged. Check the labels", field="relevance")
    return Ranked(found[keep], k, weight[keep], names[keep])


def places(codes: Ints, scores: Floats, count: int) -> tuple[Ints, Ints]:
    """Rows by group and falling score, and the place (from 1) of each of those rows in its list."""
    order = np.lexsort((-scores, codes))
    sizes = np.bincount(codes, minlength=count)
    starts = np.cumsum(sizes) - sizes
    return order, np.arange(codes.size) - np.repeat(starts, sizes) + 1


def _values(codes: Ints, gains: Floats, scores: Floats, count: int, k: int) -> Floats:
    place: Floats
    order, numbers = places(codes, scores, count)
    place = numbers.astype(np.float64)
    sorted_codes, gain = codes[order], gains[order]
    hit, near = gain > 0, place <= k
    sizes, relevant = np.bincount(codes, minlength=count), np.bincount(codes, gains > 0, minlength=count)

    def summed(values: Any) -> Floats:
        return np.asarray(np.bincount(sorted_codes, values * near, minlength=count), np.float64)

    before: Ints = np.cumsum(hit) - hit
    starts = np.cumsum(sizes) - sizes
    running: Ints = np.cumsum(hit) - np.repeat(before[starts], sizes)
    top = summed(hit)
    discount = 1 / np.log2(place + 1)
    ideal = np.lexsort((-gains, codes))  # sorted by query too, so the places of the rows are the same
    best = np.bincount(sorted_codes, gains[ideal] * discount * near, minlength=count)
    first = np.full(count, np.inf)
    np.minimum.at(first, sorted_codes[hit & near], place[hit & near])
    precision, recall = top / np.minimum(sizes, k), ratio(top, relevant)
    columns = [
        precision, recall, ratio(2 * precision * recall, precision + recall), ratio(summed(hit * running / place), relevant),
        ratio(summed(gain * discount), best), 1 / first, top > 0,
    ]  # fmt: skip
    return np.nan_to_num(np.stack(columns, axis=1).astype(np.float64))
