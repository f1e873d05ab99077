"""XGBoost: `train`, and the training inside its scikit-learn estimators."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting
from tenfold.tracking.autolog.boosting import log_booster
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches, arguments_of

NAME = "xgboost"


def wrap(patches: Patches) -> None:
    """Wrap `train` and `cv` wherever the library has them."""
    for module in ("xgboost.training", "xgboost", "xgboost.sklearn"):
        if module in sys.modules:
            patches.wrap(sys.modules[module], "train", watch)
            patches.wrap(sys.modules[module], "cv", watch_cv)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `train`. Inside an estimator's fit that is logged, the fit gets the points of each round."""
    import xgboost

    given = arguments_of(original, args, kwargs)
    outer = fitting.current()
    if given is None or NAME not in fitting.options_of:
        return original(*args, **kwargs)
    if outer is not None and isinstance(outer.subject, xgboost.XGBModel):
        return _train(original, given, outer)
    with fitting.logged(NAME, None, "Booster") as fit:
        if fit is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            fit.run.tag({fit.key("estimator"): "Booster", fit.key("library"): NAME})
            rounds = given.arguments.get("num_boost_round", 10)
            fit.params(
                dict(given.arguments.get("params") or {}) | {"num_boost_round": rounds} | _stopping(given.arguments)
            )
        booster = _train(original, given, fit)
        with fit.quietly("the importances"):
            gains, weights = (
                booster.get_score(importance_type="total_gain"),
                booster.get_score(importance_type="weight"),
            )
            log_booster(fit, booster, {name: (gain, weights.get(name, 0)) for name, gain in gains.items()})
        return booster


def watch_cv(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `cv`: of each round the mean over the folds and its spread, as `…_std`."""
    given = arguments_of(original, args, kwargs)
    with fitting.logged(NAME, None, "cv") as fit:
        if fit is None or given is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            fit.run.tag({fit.key("estimator"): "cv", fit.key("library"): NAME})
            chosen = {"num_boost_round": 10, "nfold": 3} | {
                key: value
                for key, value in given.arguments.items()
                if key in ("num_boost_round", "nfold", "stratified", "early_stopping_rounds", "seed")
            }
            fit.params(dict(given.arguments.get("params") or {}) | chosen)
        given.arguments["callbacks"] = [*(given.arguments.get("callbacks") or ()), _points(fit)]
        return original(*given.args, **given.kwargs)


def _train(original: Callable[..., Any], given: Any, fit: Fit) -> Any:
    given.arguments["callbacks"] = [*(given.arguments.get("callbacks") or ()), _points(fit)]
    booster = original(*given.args, **given.kwargs)
    with fit.quietly("the best round"):
        if booster.attr("best_iteration") is not None:
            fit.log({"best_iteration": booster.best_iteration, "best_score": booster.best_score}, step=0)
    return booster


def _points(fit: Fit) -> Any:
    from xgboost.callback import TrainingCallback

    class Points(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, dict[str, list[Any]]]) -> bool:
            found: dict[str, Any] = {}
            with fit.quietly("the rounds"):
                for data, told in evals_log.items():
                    for name, values in told.items():
                        mean, spread = values[-1] if isinstance(values[-1], tuple) else (values[-1], None)
                        found[f"{data}/{name}"] = mean
                        if spread is not None:
                            found[f"{data}/{name}_std"] = spread
                fit.log(found, step=epoch)
            return False

    return Points()


def _stopping(arguments: dict[str, Any]) -> dict[str, Any]:
    rounds = arguments.get("early_stopping_rounds")
    return {} if rounds is None else {"early_stopping_rounds": rounds}
