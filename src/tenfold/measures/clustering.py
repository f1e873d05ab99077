"""Clusters: how they agree with known groups, and how they part the points. Names and numbers are scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenfold.measures.arrays import Floats, Ints

BLOCK_CELLS = 4_000_000
"""Distances kept at once for the silhouette: 32 MB."""
MOST_POINTS = 10_000
"""The silhouette of more points is that of so many drawn ones: it costs the square of them."""


def agreement(true: Any, found: Any) -> dict[str, float]:
    """Against known groups: adjusted_rand, nmi (arithmetic mean), homogeneity, completeness, v_measure, purity."""
    _, a = np.unique(np.asarray(true), return_inverse=True)
    _, b = np.unique(np.asarray(found), return_inverse=True)
    width = int(b.max()) + 1
    cells, counts = np.unique(a.reshape(-1) * width + b.reshape(-1), return_counts=True)
    table = counts.astype(np.float64)
    rows, columns = np.bincount(a.reshape(-1)).astype(np.float64), np.bincount(b.reshape(-1)).astype(np.float64)
    n = table.sum()
    mutual = float((table / n * np.log(table * n / (rows[cells // width] * columns[cells % width]))).sum())
    of_true, of_found = _entropy(rows / n), _entropy(columns / n)
    homogeneity = mutual / of_true if of_true > 0 else 1.0
    completeness = mutual / of_found if of_found > 0 else 1.0
    both = homogeneity + completeness
    most = np.zeros(columns.size)
    np.maximum.at(most, cells % width, table)
    v = 2 * homogeneity * completeness / both if both > 0 else 0.0
    return {
        "adjusted_rand": _adjusted_rand(table, rows, columns, n), "nmi": v, "homogeneity": homogeneity,
        "completeness": completeness, "v_measure": v, "purity": float(most.sum() / n),
    }  # fmt: skip


def separation(points: Any, found: Any, *, seed: int = 0) -> dict[str, float]:
    """Of the points (rows, features) alone: silhouette, davies_bouldin, calinski_harabasz. Nothing for one cluster, or
    for as many clusters as points."""
    x = np.asarray(points, np.float64)
    names, codes = np.unique(np.asarray(found), return_inverse=True)
    labels = codes.reshape(-1).astype(np.int64)
    if not 2 <= names.size < x.shape[0]:
        return {}
    sizes = np.bincount(labels)
    centres = np.stack([np.bincount(labels, column) for column in x.T], axis=1) / sizes[:, None]
    off = x - centres[labels]
    within = float(np.square(off).sum())
    between = float((sizes * np.square(centres - x.mean(0)).sum(1)).sum())
    result = {"davies_bouldin": _davies_bouldin(off, labels, centres, sizes)}
    if within > 0:
        result["calinski_harabasz"] = between * (x.shape[0] - names.size) / (within * (names.size - 1))
    if x.shape[0] > MOST_POINTS:
        rows = np.random.default_rng(seed).choice(x.shape[0], MOST_POINTS, replace=False)
        x, labels = x[rows], np.unique(labels[rows], return_inverse=True)[1].reshape(-1)
    if np.unique(labels).size > 1:
        result["silhouette"] = silhouette(x, labels)
    return result


def silhouette(x: Floats, labels: Ints) -> float:
    """Mean over points of (b - a) / max(a, b): mean distance to the own and to the nearest other cluster (Rousseeuw
    1987); 0 for a point alone. Labels are 0 to clusters - 1. Memory stays flat: distances are made in blocks."""
    count = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=count).astype(np.float64)
    member = np.zeros((labels.size, count))
    member[np.arange(labels.size), labels] = 1
    total = 0.0
    step = max(1, BLOCK_CELLS // max(labels.size, 1))
    for start in range(0, labels.size, step):
        part = slice(start, start + step)
        sums = _distances(x[part], x) @ member
        own = labels[part]
        here = np.arange(own.size)
        a = sums[here, own] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes
        means[here, own] = np.inf
        b = means.min(1)
        largest = np.maximum(a, b)
        value = np.divide(b - a, largest, out=np.zeros(own.size), where=largest > 0)
        total += float(np.where(sizes[own] > 1, value, 0.0).sum())
    return total / labels.size


def _distances(a: Floats, b: Floats) -> Floats:
    """(rows of a, rows of b), Euclidean. Direct differences: the product form is wrong for near points far from 0."""
    squares = np.zeros((a.shape[0], b.shape[0]))
    for i in range(a.shape[1]):
        squares += np.square(a[:, i, None] - b[None, :, i])
    return np.asarray(np.sqrt(squares))


def _adjusted_rand(table: Floats, rows: Floats, columns: Floats, n: float) -> float:
    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, a, b = pairs(table), pairs(rows), pairs(columns)
    everything = n * (n - 1) / 2
    expected = a * b / everything if everything else 0.0
    most = (a + b) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _entropy(shares: Floats) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum()) if positive.size > 1 else 0.0


def _davies_bouldin(off: Floats, labels: Ints, centres: Floats, sizes: Ints) -> float:
    inside = np.bincount(labels, np.sqrt(np.square(off).sum(1))) / sizes
    apart = _distances(centres, centres)
    np.fill_diagonal(apart, np.inf)
    if np.allclose(inside, 0) or np.allclose(apart[np.isfinite(apart)], 0):
        return 0.0
    apart[apart == 0] = np.inf
    return float(((inside[:, None] + inside[None, :]) / apart).max(1).mean())
