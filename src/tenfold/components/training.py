"""`train` a model that has the transform in it, `tune` its parameters, `predict` many rows with a kept one."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.components.frames import as_served, column_of
from tenfold.components.within import within_run
from tenfold.pipelines import step


@step
def train(
    estimator: Any,
    table: Any,
    label: str,
    transform: Any = None,
    name: str = "model",
    params: Mapping[str, Any] | None = None,
    eval: Any = None,
    message: str = "",
) -> str:
    """Fit an estimator and keep it with its transform as the next version of `model:<name>`; gives its address.

    What is kept takes raw rows: whoever serves it applies the very transform that it was trained with.

    Args:
        estimator: An unfitted estimator of scikit-learn or of its kind (XGBoost, LightGBM); or a function at the top
            of a module, `fit(features, labels, **params)`, that gives a fitted one.
        transform: What `transform` gave; without it the raw columns are the features.
        params: Parameters of the estimator, or of the function; `tune` gives some.
        eval: Rows to log metrics of, besides those of training.
    """
    model = _fit(estimator, table, label, transform, params)
    with within_run(f"train {name}") as run:
        if params:
            for key, value in params.items():
                run.param(key, value)
        metrics: dict[str, float] = {}
        for prefix, rows in (("train", table), ("eval", eval)):
            if rows is not None:
                found = judge(model, rows, label).metrics
                run.log({f"{prefix}_{key}": value for key, value in found.items()})
                metrics = found
        example = as_served(table, _features(model, table, label)).head(500)
        version = run.save_model(model, name, input_example=example, message=message, metrics=metrics)
    return str(version.address)


@step
def tune(
    estimator: Any,
    space: Mapping[str, Any],
    table: Any,
    label: str,
    eval: Any,
    transform: Any = None,
    metric: str = "",
    trials: int = 20,
    direction: Literal["minimize", "maximize"] | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The parameters of the best of so many trials, each a run of its own, judged on `eval`.

    Args:
        space: {parameter: tenfold.Float(…), Int(…) or Choice(…)}.
        metric: As `tenfold.evaluate` names it; 'roc_auc', or of a regression 'rmse', when not given.
        direction: Known for the metrics of `tenfold.evaluate`.
    """
    from tenfold.evaluation.record import HIGHER_IS_BETTER
    from tenfold.tuning import tune as search
    from tenfold.workspace import current
    from tenfold.workspace.runs import start_run

    if not metric:
        from sklearn.base import is_regressor

        metric = "rmse" if is_regressor(estimator) else "roc_auc"
    if direction is None and metric not in HIGHER_IS_BETTER:
        raise Invalid(f"Whether a higher {metric} is better is not known. Give direction", field="direction")
    wanted: Any = direction or ("maximize" if HIGHER_IS_BETTER[metric] else "minimize")

    def objective(trial: Any) -> float:
        return float(judge(_fit(estimator, table, label, transform, trial.params), eval, label).metrics[metric])

    with within_run("tune", kind="tuning") as run:
        found = search(
            objective, dict(space), trials=trials, direction=wanted, metric=metric, seed=seed,
            start=lambda number, params: start_run(current(), None, name=f"trial {number}", kind="trial", params=params, capture=()),
        )  # fmt: skip
        run.log({f"best_{metric}": found.best_value})
    return found.best_params


@step
def predict(model: str, table: Any) -> Any:
    """A kept model's answers to the rows of a table, as that table with the columns `prediction` and, of a classifier,
    `probability` of each class."""
    polars = require("polars", extra="tables", why="give predictions as a table")
    from tenfold.components.frames import as_polars

    loaded = load_used(model)
    frame = as_polars(table)
    answers = loaded.run(loaded.check_data(frame.select([c.name for c in loaded.signature.inputs])))
    added = [polars.Series("prediction", answers.prediction)]
    if answers.probability is not None:
        labels = loaded.signature.classes or range(answers.probability.shape[1])
        added += [polars.Series(f"probability_{one}", answers.probability[:, at]) for at, one in enumerate(labels)]
    return frame.with_columns(added)


def load_used(address: str) -> Any:
    """A model, which the active run is noted to use."""
    from tenfold.models import load
    from tenfold.workspace import current
    from tenfold.workspace.runs import active_run

    active = active_run(required=False)
    version = active.use(address, role="model").version if active is not None else address
    return load(current().stores, version)


def judge(model: Any, table: Any, label: str, **options: Any) -> Any:
    """An evaluation of a model at hand, fitted or loaded, on the rows of a table."""
    from tenfold.evaluation import evaluate

    rows = as_served(table, _features(model, table, label))
    truth = column_of(table, label)
    predicted, scores, classes = _answers(model, rows)
    if classes is None:
        return evaluate(truth, predicted, task="regression", **options)
    if scores is None:
        return evaluate(truth, predicted, **options)
    if len(classes) == 2:
        return evaluate(truth, y_score=scores[:, 1], task="binary", positive=classes[1], **options)
    return evaluate(truth, y_score=scores, task="multiclass", labels=classes, **options)


def _answers(model: Any, rows: Any) -> tuple[Any, Any, list[Any] | None]:
    """Predictions (rows,), scores (rows, classes) if it gives any, and the classes of a classifier."""
    signature = getattr(model, "signature", None)
    if signature is not None:
        answers = model.run(model.check_data(rows))
        return answers.prediction, answers.probability, signature.classes
    classes = getattr(model, "classes_", None)
    scores = model.predict_proba(rows) if hasattr(model, "predict_proba") else None
    return model.predict(rows), scores, None if classes is None else list(classes)


def _fit(estimator: Any, table: Any, label: str, transform: Any, params: Mapping[str, Any] | None) -> Any:
    """A fitted estimator, after its transform when there is one."""
    require("sklearn", extra="models", why="train a model")
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    truth = column_of(table, label)
    if transform is None:
        features = as_served(table, leave_out=[label])
    else:
        features = transform.transform(as_served(table, list(transform.feature_names_in_)))
    if isinstance(estimator, types.FunctionType):
        fitted = estimator(features, truth, **(params or {}))
    else:
        fitted = clone(estimator).set_params(**(params or {})).fit(features, truth)
    if not hasattr(fitted, "predict"):
        raise Invalid(
            f"The training function gave a {type(fitted).__name__}, which has no predict. Give a fitted estimator"
        )
    return fitted if transform is None else Pipeline([("transform", transform), ("model", fitted)])


def _features(model: Any, table: Any, label: str) -> list[str]:
    from tenfold.components.frames import columns_in

    signature = getattr(model, "signature", None)
    if signature is not None:
        return [column.name for column in signature.inputs]
    named = getattr(model, "feature_names_in_", None)
    return [str(n) for n in named] if named is not None else [n for n in columns_in(table) if n != label]
