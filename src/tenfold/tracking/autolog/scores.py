"""How well an estimator fits the rows it was trained on: scikit-learn's metrics, confusion matrix, curves."""

from __future__ import annotations

from typing import Any

from tenfold.tracking.autolog.fitting import Fit

MOST_CLASSES = 50


def log_scores(fit: Fit, estimator: Any, table: Any, labels: Any) -> None:
    """Log `training/…`. `training/rows` says how many rows were looked at."""
    if table is None:
        return
    import numpy as np
    from sklearn.base import is_classifier, is_regressor

    rows = table.shape[0] if hasattr(table, "shape") else len(table)
    actual = None if labels is None else np.asarray(labels)
    if actual is not None and actual.ndim == 2 and actual.shape[1] == 1:
        actual = actual.ravel()
    if actual is None or actual.ndim != 1 or not (is_classifier(estimator) or is_regressor(estimator)):
        found = {name: float(getattr(estimator, name)) for name in ("inertia_",) if hasattr(estimator, name)}
        if hasattr(estimator, "score"):
            found["score"] = float(estimator.score(table) if labels is None else estimator.score(table, labels))
    elif is_classifier(estimator):
        found = _of_classifier(fit, estimator, table, actual)
    else:
        found = _of_regressor(estimator, table, actual)
    fit.log({f"training/{name.rstrip('_')}": value for name, value in found.items()} | {"training/rows": rows}, step=0)


def some_rows(table: Any, labels: Any, most: int) -> tuple[Any, Any]:
    """All rows, or as many as `most` evenly spread over them."""
    rows = _count(table)
    if rows is None or rows <= most:
        return table, labels
    import numpy as np
    from sklearn.utils import _safe_indexing

    chosen = np.linspace(0, rows - 1, most).astype(int)
    return _safe_indexing(table, chosen), None if labels is None else _safe_indexing(labels, chosen)


def first_rows(table: Any, most: int) -> Any:
    """The first rows; None when they cannot be had."""
    if _count(table) is None:
        return None
    return table.head(most) if hasattr(table, "head") else table[:most]


def _of_classifier(fit: Fit, estimator: Any, table: Any, actual: Any) -> dict[str, float]:
    from sklearn import metrics

    predicted = estimator.predict(table)
    found = {"score": metrics.accuracy_score(actual, predicted)}
    found["accuracy"] = found["score"]
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        actual, predicted, average="weighted", zero_division=0
    )
    found |= {"precision": precision, "recall": recall, "f1": f1}
    classes = list(estimator.classes_)
    if len(classes) <= MOST_CLASSES:
        fit.run.log_confusion_matrix(fit.key("training/confusion_matrix"), actual, predicted, labels=classes)
    with fit.quietly("the probabilities"):
        found |= _of_probabilities(fit, estimator, table, actual, classes)
    return {name: float(value) for name, value in found.items()}


def _of_probabilities(fit: Fit, estimator: Any, table: Any, actual: Any, classes: list[Any]) -> dict[str, float]:
    from sklearn import metrics

    found: dict[str, float] = {}
    if hasattr(estimator, "predict_proba"):
        shares = estimator.predict_proba(table)
        found["log_loss"] = metrics.log_loss(actual, shares, labels=classes)
        positive = shares[:, 1] if len(classes) == 2 else None
        if len(classes) > 2 and len(set(actual.tolist())) == len(classes):
            found["roc_auc"] = metrics.roc_auc_score(
                actual, shares, multi_class="ovr", average="weighted", labels=classes
            )
    elif hasattr(estimator, "decision_function") and len(classes) == 2:
        positive = estimator.decision_function(table)
    else:
        return found
    if positive is not None and len(set(actual.tolist())) == 2:
        found["roc_auc"] = metrics.roc_auc_score(actual, positive)
        fit.run.log_curve(fit.key("training/roc"), actual, positive, kind="roc", positive=classes[1])
        fit.run.log_curve(fit.key("training/precision_recall"), actual, positive, kind="pr", positive=classes[1])
    return found


def _of_regressor(estimator: Any, table: Any, actual: Any) -> dict[str, float]:
    from sklearn import metrics

    predicted = estimator.predict(table)
    squared = float(metrics.mean_squared_error(actual, predicted))
    explained = float(metrics.r2_score(actual, predicted)) if len(actual) > 1 else float("nan")
    return {
        "score": explained,
        "r2": explained,
        "mae": float(metrics.mean_absolute_error(actual, predicted)),
        "mse": squared,
        "rmse": squared**0.5,
    }


def _count(table: Any) -> int | None:
    shape = getattr(table, "shape", None)
    if shape:
        return int(shape[0])
    return len(table) if isinstance(table, (list, tuple)) else None
