"""Drift of embeddings: vectors of which no single component means anything. The four methods of Evidently, its numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import numpy as np

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.monitoring.distances import wasserstein
from tenfold.monitoring.multivariate import roc_auc
from tenfold.monitoring.pairs import Pair
from tenfold.monitoring.sides import side
from tenfold.profiles import open_table

EmbeddingMethod = Literal["model", "mmd", "distance", "ratio"]
Floats = np.ndarray[Any, np.dtype[np.float64]]
THRESHOLDS: dict[str, float] = {"model": 0.55, "mmd": 0.015, "distance": 0.2, "ratio": 0.2}
COMPONENT_THRESHOLD = 0.1
DRAWS = 100
BLOCK = 1024
WHY = "compare embeddings"


class EmbeddingDrift(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Drift of a set of vectors. The score is above `threshold`, or the quantile of a bootstrap, where there is drift."""

    method: EmbeddingMethod
    score: float
    threshold: float
    drifted: bool
    reference_rows: int
    current_rows: int
    dimensions: int
    left_out_rows: int = 0
    """Vectors with a missing or infinite component."""


def embedding_drift(
    reference: Any,
    current: Any,
    *,
    columns: Iterable[str] | None = None,
    method: EmbeddingMethod = "model",
    threshold: float | None = None,
    distance: Literal["euclidean", "cosine", "cityblock", "chebyshev"] = "euclidean",
    bootstrap: bool | None = None,
    quantile: float | None = None,
    components: int | None = None,
) -> EmbeddingDrift:
    """Compare two sets of vectors.

    Args:
        reference: (rows, dimensions) as an array, or a table with one column a dimension.
        current: The same, to judge.
        columns: Which columns of the tables.
        method: 'model': ROC AUC of a linear classifier that tells the sides apart (above 0.55). 'mmd': squared maximum
            mean discrepancy (above 0.015). 'distance': between the mean vectors (above 0.2). 'ratio': share of
            components whose normed Wasserstein distance is 0.1 or more (above 0.2). The first two and `components`
            need scikit-learn or time that grows with the square of the rows.
        threshold: Instead of the method's own.
        distance: Of the method 'distance'.
        bootstrap: Take as threshold a quantile of 100 draws without drift. When None: of 'model' with fewer than 1,000
            reference rows, as Evidently does.
        quantile: 0.95, of 'mmd' 0.05 (Evidently's own choice, which finds drift easily).
        components: Reduce to so many principal components of the reference first.

    Raises:
        Invalid: The sides have different dimensions, or fewer than two usable rows.
    """
    if method not in THRESHOLDS:
        raise Invalid(
            f"There is no method {method!r} for embeddings. There are: {', '.join(THRESHOLDS)}", field="method"
        )
    wanted = None if columns is None else list(columns)
    (r, missing), (c, more) = _vectors(reference, wanted, "reference"), _vectors(current, wanted, "current data")
    if r.shape[1] != c.shape[1]:
        raise Invalid(f"The reference has {r.shape[1]} dimensions and the current data {c.shape[1]}")
    if components:
        pca = require("sklearn.decomposition", extra="monitoring", why=WHY).PCA(components, random_state=0)
        r, c = pca.fit_transform(r), pca.transform(c)
    drawn = (method == "model" and len(r) < 1000) if bootstrap is None and threshold is None else bool(bootstrap)
    level = quantile if quantile is not None else 0.05 if method == "mmd" else 0.95
    limit = THRESHOLDS[method] if threshold is None else threshold
    if method == "model":
        score, limit = _model(r, c, limit, level if drawn else None)
    elif method == "mmd":
        score, limit = _mmd(r, c, limit, level if drawn else None)
    elif method == "distance":
        score, limit = _distance(r, c, distance, limit, level if drawn else None)
    else:
        score = _ratio(r, c)
    return EmbeddingDrift(
        method=method, score=score, threshold=limit, drifted=score > limit, reference_rows=len(r), current_rows=len(c),
        dimensions=r.shape[1], left_out_rows=missing + more,
    )  # fmt: skip


def _vectors(source: Any, columns: list[str] | None, name: str) -> tuple[Floats, int]:
    if isinstance(source, np.ndarray):
        values = np.asarray(source, np.float64)
    else:
        table = open_table(source)
        if absent := [column for column in columns or [] if column not in table.names]:
            raise Invalid(f"There is no column {absent[0]!r} in the {name}", field="columns")
        try:
            parts = [table.column(column).to_numpy().astype(np.float64) for column in columns or table.names]
        except (TypeError, ValueError) as error:
            raise Invalid(
                f"The {name} have columns that are no numbers: {error}. Name the columns", field="columns"
            ) from error
        values = np.column_stack(parts) if parts else np.empty((0, 0))
    if values.ndim != 2:
        raise Invalid(f"Embeddings are (rows, dimensions), the {name} have {values.ndim} axes")
    usable = np.isfinite(values).all(axis=1)
    kept = values[usable]
    if len(kept) < 2:
        raise Invalid(f"The {name} have {len(kept)} usable vectors, at least two are needed")
    return kept, int((~usable).sum())


def _model(r: Floats, c: Floats, limit: float, level: float | None) -> tuple[float, float]:
    linear = require("sklearn.linear_model", extra="monitoring", why=WHY)
    selection = require("sklearn.model_selection", extra="monitoring", why=WHY)
    every, side_of = np.vstack([r, c]), np.repeat([1, 0], [len(r), len(c)])
    train, held_out, known, true = selection.train_test_split(
        every, side_of, test_size=0.5, random_state=42, shuffle=True
    )
    classifier = linear.SGDClassifier(loss="log_loss", random_state=42)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of passes that did not converge: the AUC is measured, whatever was reached
        classifier.fit(train, known)
    score = roc_auc(true, classifier.predict_proba(held_out)[:, 1])
    if level is None:
        return score, limit
    by_chance = [roc_auc(true, np.random.RandomState(i).rand(true.size)) for i in range(DRAWS)]
    return score, float(np.percentile(by_chance, 100 * level))


def _distance(r: Floats, c: Floats, name: str, limit: float, level: float | None) -> tuple[float, float]:
    score = _between(r.mean(axis=0), c.mean(axis=0), name)
    if level is None:
        return score, limit
    n, m = len(r), len(c)
    drawn = []
    for i in range(DRAWS):
        random = np.random.RandomState(i)
        first, second = random.choice(n, n * n // (n + m)), random.choice(n, n * m // (n + m))
        drawn.append(_between(r[first].mean(axis=0), r[second].mean(axis=0), name))
    return score, float(np.percentile(drawn, 100 * level))


def _between(a: Floats, b: Floats, name: str) -> float:
    if name == "euclidean":
        return float(np.linalg.norm(a - b))
    if name == "cityblock":
        return float(np.abs(a - b).sum())
    if name == "chebyshev":
        return float(np.abs(a - b).max())
    if name == "cosine":
        return float(1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    raise Invalid(
        f"There is no distance {name!r}. There are: euclidean, cosine, cityblock, chebyshev", field="distance"
    )


def _ratio(r: Floats, c: Floats) -> float:
    import polars as pl

    drifted = 0
    for place in range(r.shape[1]):
        pair = Pair(side(pl.Series(r[:, place])), side(pl.Series(c[:, place])), "number")
        drifted += wasserstein(pair) >= COMPONENT_THRESHOLD
    return float(drifted / r.shape[1])


def _mmd(r: Floats, c: Floats, limit: float, level: float | None) -> tuple[float, float]:
    x, y = _some(r), _some(c)
    gamma = 1 / float(np.median(np.sqrt(_squared(x, y)))) ** 2
    n, m = len(r), len(c)
    score: float = _discrepancy(
        _kernel_sum(r, r, gamma) - n, _kernel_sum(c, c, gamma) - m, _kernel_sum(r, c, gamma), n, m
    )
    if level is None:
        return max(score, 0.0), limit
    gamma = 1 / float(np.median(np.sqrt(_squared(x, x)))) ** 2
    first_size, second_size = max(n * n // (n + m), 1), max(n * m // (n + m), 1)
    first, second = np.zeros((n, DRAWS)), np.zeros((n, DRAWS))  # how often each row was drawn
    for i in range(DRAWS):
        random = np.random.RandomState(i)
        first[:, i] = np.bincount(random.choice(n, first_size), minlength=n)
        second[:, i] = np.bincount(random.choice(n, second_size), minlength=n)
    within, other, between = np.zeros(DRAWS), np.zeros(DRAWS), np.zeros(DRAWS)
    for start in range(0, n, BLOCK):
        strip = np.exp(-gamma * _squared(r[start : start + BLOCK], r))
        rows = slice(start, start + BLOCK)
        of_second = strip @ second
        within += (first[rows] * (strip @ first)).sum(axis=0)
        other += (second[rows] * of_second).sum(axis=0)
        between += (first[rows] * of_second).sum(axis=0)
    with np.errstate(all="ignore"):
        drawn = _discrepancy(within - first_size, other - second_size, between, first_size, second_size)
    return max(score, 0.0), float(np.percentile(drawn, 100 * level))


def _some(rows: Floats) -> Floats:
    return rows[np.random.RandomState(0).choice(len(rows), min(len(rows), 1000), replace=False)]


def _discrepancy(within: Any, other: Any, between: Any, n: int, m: int) -> Any:
    return within / (n * (n - 1)) + other / (m * (m - 1)) - 2 * between / (n * m)


def _kernel_sum(a: Floats, b: Floats, gamma: float) -> float:
    """Sum of the Gaussian kernel over all pairs, in strips: memory grows with the rows, not with their square."""
    return sum(float(np.exp(-gamma * _squared(a[start : start + BLOCK], b)).sum()) for start in range(0, len(a), BLOCK))


def _squared(a: Floats, b: Floats) -> Floats:
    found = np.square(a).sum(axis=1)[:, None] - 2 * (a @ b.T) + np.square(b).sum(axis=1)[None, :]
    return np.asarray(np.maximum(found, 0.0))
