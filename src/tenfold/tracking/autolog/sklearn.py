"""scikit-learn and every estimator of its kind: what a fit was given, how well it fits what it has seen, what it made."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting, scores, searches
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.native import native_of
from tenfold.tracking.autolog.patching import Patches, arguments_of

EXAMPLE_ROWS = 1000
MOST_FEATURES = 1000
NAME = "sklearn"


def wrap(patches: Patches) -> None:
    """Wrap `fit` of all estimators."""
    from sklearn.base import BaseEstimator

    patches.wrap_subclasses(BaseEstimator, "fit", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of an estimator's fit. What only transforms is not logged by itself, nor the estimators inside it."""
    estimator = args[0] if args else None
    given = arguments_of(original, args, kwargs)
    if given is None or not _predicts(estimator):
        with fitting.hidden():
            return original(*args, **kwargs)
    with fitting.logged(NAME, estimator, type(estimator).__name__) as fit:
        if fit is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            _before(fit, estimator)
        fitted = original(*args, **kwargs)
        _after(fit, estimator, _table(given.arguments), _labels(given.arguments))
        return fitted


def _before(fit: Fit, estimator: Any) -> None:
    fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): type(estimator).__module__.partition(".")[0]})
    params = estimator.get_params(deep=True)
    sparse = type(estimator).__module__.startswith(("xgboost", "lightgbm"))  # dozens that were left alone
    fit.params(
        {
            key: value
            for key, value in params.items()
            if not (sparse and value is None) and key.rpartition("__")[2] not in ("steps", "transformers")
        }
    )


def _after(fit: Fit, estimator: Any, table: Any, labels: Any) -> None:
    searched = hasattr(estimator, "cv_results_")
    if searched:
        with fit.quietly("the candidates"):
            searches.log_search(fit, estimator)
    best = getattr(estimator, "best_estimator_", None) if searched else estimator
    if best is None:
        return
    with fit.quietly("the training score"):
        scores.log_scores(fit, estimator, *scores.some_rows(table, labels, fit.options.most_rows))
    with fit.quietly("the importances"):
        _log_importances(fit, best)
    if fit.options.save_model is not None:
        with fit.quietly("the model"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _save(fit, best, table)


def _save(fit: Fit, model: Any, table: Any) -> None:
    """In a format that loads without running code, else in its library's own."""
    assert fit.options.save_model is not None
    native = native_of(model)
    if native is not None:
        fit.keep("model", lambda: native)
        return
    example = scores.first_rows(table, EXAMPLE_ROWS)
    try:
        fit.options.save_model(fit.run, model, example)
    except Exception as error:
        if example is None:
            raise
        try:
            fit.options.save_model(fit.run, model, None)  # rows no signature can be made of, as sparse matrices
        except Exception:
            raise error from None  # the first says more


def _log_importances(fit: Fit, model: Any) -> None:
    last = model[-1] if hasattr(model, "steps") else model
    found = getattr(last, "feature_importances_", None)
    kind, values = ("importance", found) if found is not None else ("coefficient", getattr(last, "coef_", None))
    if values is None:
        return
    import numpy as np

    table = np.atleast_2d(values.toarray() if hasattr(values, "toarray") else np.asarray(values, dtype=float))
    if table.ndim != 2:
        return
    names = _feature_names(model, last, table.shape[1])
    order = np.argsort(-np.abs(table).max(axis=0), kind="stable")[:MOST_FEATURES]
    titles = [kind] if len(table) == 1 else _titles(last, len(table))
    columns: dict[str, Any] = {"feature": [names[i] for i in order]}
    for title, row in zip(titles, table, strict=True):
        columns[title] = row[order].tolist()
    fit.run.log_table(fit.key("feature_importance" if kind == "importance" else "coefficients"), columns)


def _titles(model: Any, count: int) -> list[str]:
    classes = getattr(model, "classes_", ())
    return [str(label) for label in classes] if len(classes) == count else [f"output {i}" for i in range(count)]


def _feature_names(model: Any, last: Any, count: int) -> list[str]:
    ways: tuple[Callable[[], Any], ...] = (
        lambda: model[:-1].get_feature_names_out() if model is not last and len(model) > 1 else (),
        lambda: last.feature_names_in_,
        lambda: last.feature_name_,
    )
    for give in ways:
        try:
            names = [str(name) for name in give()]
        except Exception:  # steps that name no columns
            continue
        if len(names) == count:
            return names
    return [f"x{i}" for i in range(count)]


def _predicts(estimator: Any) -> bool:
    from sklearn.base import is_classifier, is_regressor

    try:  # some have no predict before they are fitted
        predicts = hasattr(estimator, "predict") or is_classifier(estimator) or is_regressor(estimator)
        return predicts and hasattr(estimator, "get_params")
    except Exception:  # a property of a stranger's
        return False


def _table(arguments: dict[str, Any]) -> Any:
    names = list(arguments)
    return arguments["X"] if "X" in arguments else arguments[names[1]] if len(names) > 1 else None


def _labels(arguments: dict[str, Any]) -> Any:
    return next((arguments[name] for name in ("y", "Y") if name in arguments), None)
