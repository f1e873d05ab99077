"""LightGBM: `train`, and the training inside its scikit-learn estimators."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting
from tenfold.tracking.autolog.boosting import log_booster
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches, arguments_of

NAME = "lightgbm"
BEFORE_STOPPING = 15
"""Among LightGBM's callbacks ours comes before the one that stops early by raising (30)."""


def wrap(patches: Patches) -> None:
    """Wrap `train` and `cv` wherever the library has them."""
    for module in ("lightgbm.engine", "lightgbm", "lightgbm.sklearn"):
        if module in sys.modules:
            patches.wrap(sys.modules[module], "train", watch)
            patches.wrap(sys.modules[module], "cv", watch_cv)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `train`. Inside an estimator's fit that is logged, the fit gets the points of each round."""
    import lightgbm

    given = arguments_of(original, args, kwargs)
    outer = fitting.current()
    if given is None or NAME not in fitting.options_of:
        return original(*args, **kwargs)
    if outer is not None and isinstance(outer.subject, lightgbm.LGBMModel):
        return _train(original, given, outer)
    with fitting.logged(NAME, None, "Booster") as fit:
        if fit is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            fit.run.tag({fit.key("estimator"): "Booster", fit.key("library"): NAME})
            rounds = given.arguments.get("num_boost_round", 100)
            fit.params({"num_boost_round": rounds} | dict(given.arguments.get("params") or {}))
        booster = _train(original, given, fit)
        with fit.quietly("the importances"):
            gains, weights = booster.feature_importance("gain").tolist(), booster.feature_importance("split").tolist()
            log_booster(fit, booster, dict(zip(booster.feature_name(), zip(gains, weights, strict=True), strict=True)))
        return booster


def watch_cv(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `cv`: of each round the mean over the folds and its spread, as `…_std`."""
    given = arguments_of(original, args, kwargs)
    with fitting.logged(NAME, None, "cv") as fit:
        if fit is None or given is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            fit.run.tag({fit.key("estimator"): "cv", fit.key("library"): NAME})
            chosen = {"num_boost_round": 100, "nfold": 5} | {
                key: value
                for key, value in given.arguments.items()
                if key in ("num_boost_round", "nfold", "stratified", "shuffle", "seed")
            }
            fit.params(dict(given.arguments.get("params") or {}) | chosen)
        given.arguments["callbacks"] = [*(given.arguments.get("callbacks") or ()), _points(fit)]
        return original(*given.args, **given.kwargs)


def _train(original: Callable[..., Any], given: Any, fit: Fit) -> Any:
    given.arguments["callbacks"] = [*(given.arguments.get("callbacks") or ()), _points(fit)]
    booster = original(*given.args, **given.kwargs)
    with fit.quietly("the best round"):
        if booster.best_iteration > 0:
            fit.log({"best_iteration": booster.best_iteration}, step=0)
    return booster


def _points(fit: Fit) -> Callable[[Any], None]:
    def points(env: Any) -> None:
        with fit.quietly("the rounds"):
            found = {}
            for data, name, value, _, *spread in env.evaluation_result_list or ():
                if data == "cv_agg":  # before LightGBM 4.7 both stand in one text
                    data, _, name = name.partition(" ")
                found[f"{data}/{name}"] = value
                if spread and spread[0] is not None:
                    found[f"{data}/{name}_std"] = spread[0]
            fit.log(found, step=env.iteration)

    points.__dict__["order"] = BEFORE_STOPPING
    return points
