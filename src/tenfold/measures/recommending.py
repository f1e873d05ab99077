"""What recommendations are like beyond being right: alike, unusual, the same for everyone, or only of what is popular.

Rows are (user, item, score) in any order; only each user's first k count. Formulas as Evidently's, whose names they bear.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tenfold.base.errors import Invalid
from tenfold.measures.arrays import Floats, Ints, ratio
from tenfold.measures.ranking import places


def recommendation_metrics(
    users: Any, items: Any, scores: Any, *, k: int = 10, features: Any = None, train_users: Any = None,
    train_items: Any = None, over: Literal["pairs", "items"] = "pairs",
) -> dict[str, float]:  # fmt: skip
    """Everything that can be said of the lists of at most k; what needs features or training rows is left out without.

    Args:
        features: Numbers that describe the item of each row (rows, features), for diversity.
        train_users, train_items: Interactions the model was trained on (pairs,), for novelty, popularity and coverage.
        over: What the summed distances of a list are divided by; see `diversity`.
    """
    user, item, rows = top_lists(users, items, scores, k)
    found = {"personalization": personalization(user, item, k), "gini": gini(item)}
    if features is not None:
        found["diversity"] = diversity(user, np.asarray(features, np.float64)[rows], over=over)
    if train_items is not None and train_users is not None:
        found |= _against_training(user, item, train_users, train_items)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def top_lists(users: Any, items: Any, scores: Any, k: int) -> tuple[Ints, Any, Ints]:
    """Each user's first k: users as numbers, items, and the rows they came from, by user and falling score."""
    names, codes = np.unique(np.asarray(users), return_inverse=True)
    order, place = places(codes.reshape(-1).astype(np.int64), np.asarray(scores, np.float64), names.size)
    rows = order[place <= k]
    return codes.reshape(-1)[rows], np.asarray(items)[rows], rows


def personalization(user: Ints, item: Any, k: int) -> float:
    """1 less the mean share of k that two users' lists have in common; NaN for fewer than two users."""
    users = np.unique(user).size
    if users < 2:
        return float("nan")
    _, counts = np.unique(item, return_counts=True)
    shared = (counts * (counts - 1)).sum() / (users * (users - 1))
    return float(1 - shared / k)


def gini(item: Any) -> float:
    """How unevenly items are recommended: 0 all alike, 1 only one of many; NaN for fewer than two items."""
    _, counts = np.unique(item, return_counts=True)
    n = counts.size
    if n < 2:
        return float("nan")
    rising = np.sort(counts)
    return float(((2 * np.arange(1, n + 1) - n - 1) * rising).sum() / ((n - 1) * rising.sum()))


def diversity(user: Ints, features: Floats, *, over: Literal["pairs", "items"] = "pairs") -> float:
    """Mean over users of the cosine distances inside a list (Ziegler et al. 2005).

    Args:
        user: Users as numbers, sorted (rows,).
        features: Of the recommended items (rows, features). An item without any (all zero) is at distance 1 to all.
        over: 'pairs' gives the mean distance, as in the paper; 'items' divides by the list's length, as Evidently does.
    """
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, length, out=np.zeros_like(features), where=length > 0)
    starts = np.flatnonzero(np.append(True, np.diff(user) != 0))
    sizes = np.diff(np.append(starts, user.size))
    # the similarities of all pairs of a list are those of its summed vector with itself
    together = np.add.reduceat(unit, starts, axis=0)
    own = np.add.reduceat((unit * unit).sum(1), starts)
    pairs = sizes * (sizes - 1) / 2
    distance = pairs - ((together * together).sum(1) - own) / 2
    below = pairs if over == "pairs" else sizes
    values = ratio(distance, below)
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def serendipity(user: Ints, features: Floats, train_user: Ints, train_features: Floats) -> float:
    """Mean over users of 1 less the mean similarity of what they liked in their list to what they had met before.

    As Evidently has it: the similarities (cosine) of a user's liked items add up, so that it falls below 0 where a list
    is full of what is well known. Users without past interactions, or without a liked item, do not count.

    Args:
        user: Users of the liked items (rows,). features: Of those items (rows, features).
        train_user: Users of the past interactions (pairs,), numbered as `user`. train_features: Of their items.
    """
    count = int(max(user.max(initial=-1), train_user.max(initial=-1))) + 1
    met, liked = np.bincount(train_user, minlength=count), np.bincount(user, minlength=count)
    sums = [_summed_units(who, of, count) for who, of in ((user, features), (train_user, train_features))]
    usable = (met > 0) & (liked > 0)
    if not usable.any():
        return float("nan")
    return float((1 - (sums[0] * sums[1]).sum(1)[usable] / met[usable]).mean())


def _summed_units(user: Ints, features: Floats, count: int) -> Floats:
    """(count, features): the sum of each user's vectors at length 1."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, length, out=np.zeros_like(features), where=length > 0)
    return np.stack([np.bincount(user, column, minlength=count) for column in unit.T], axis=1)


def _against_training(user: Ints, item: Any, train_users: Any, train_items: Any) -> dict[str, float]:
    past = np.asarray(train_items)
    if past.size == 0:
        raise Invalid("There are no training interactions. Leave them out, or give some", field="train_items")
    _, by = np.unique(np.asarray(train_users), return_inverse=True)
    names, of = np.unique(past, return_inverse=True)
    pairs = np.unique(by.reshape(-1) * names.size + of.reshape(-1))
    seen_by = np.bincount(pairs % names.size, minlength=names.size)
    place = np.minimum(np.searchsorted(names, item), names.size - 1)
    known = names[place] == item
    count = int(user.max()) + 1
    rows = np.bincount(user, known, minlength=count)
    share = seen_by[place] / (by.max() + 1)

    def mean(values: Floats) -> float:
        each = ratio(np.bincount(user, np.where(known, values, 0.0), minlength=count), rows)
        return float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")

    return {
        "novelty": mean(-np.log2(share)),
        "popularity": mean(seen_by[place].astype(np.float64)),
        "normed_popularity": mean(seen_by[place] / seen_by.max()),
        "item_coverage": float(np.unique(item[known]).size / names.size),
    }
