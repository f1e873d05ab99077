"""CatBoost: `fit` of its estimators, a point each round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting
from tenfold.tracking.autolog.boosting import log_booster
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches, arguments_of

NAME = "catboost"


def wrap(patches: Patches) -> None:
    """Wrap `fit` of all estimators."""
    from catboost import CatBoost

    patches.wrap_subclasses(CatBoost, "fit", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of an estimator's fit. A GPU calls nobody back: there the rounds are logged when all are done."""
    given = arguments_of(original, args, kwargs)
    model: Any = args[0] if args else None
    with fitting.logged(NAME, model, type(model).__name__) as fit:
        if fit is None or given is None:
            return original(*args, **kwargs)
        live = False
        with fit.quietly("the parameters"):
            fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): NAME})
            chosen = ("early_stopping_rounds", "use_best_model")
            fit.params(model.get_params() | {key: given.arguments[key] for key in chosen if given.arguments.get(key)})
            live = str(model.get_params().get("task_type", "")).upper() != "GPU"
        if live:
            given.arguments["callbacks"] = [*(given.arguments.get("callbacks") or ()), _Points(fit)]
        fitted = original(*given.args, **given.kwargs)
        _after(fit, model, live=live)
        return fitted


class _Points:
    def __init__(self, fit: Fit) -> None:
        self._fit, self._seen = fit, 0

    def after_iteration(self, info: Any) -> bool:
        """True: CatBoost goes on."""
        with self._fit.quietly("the rounds"):
            known = max((len(values) for told in info.metrics.values() for values in told.values()), default=0)
            if known > self._seen:  # not every round is measured
                self._seen = known
                found = {
                    f"{data}/{name}": values[-1] for data, told in info.metrics.items() for name, values in told.items()
                }
                self._fit.log(found, step=info.iteration - 1)
        return True


def _after(fit: Fit, model: Any, *, live: bool) -> None:
    with fit.quietly("the rounds"):
        if not live:
            for data, told in model.get_evals_result().items():
                for name, values in told.items():
                    for step, value in enumerate(values):
                        fit.log({f"{data}/{name}": value}, step=step)
        if model.get_best_iteration() is not None:
            fit.log({"best_iteration": model.get_best_iteration()}, step=0)
    with fit.quietly("the importances"):
        gains = model.get_feature_importance().tolist()
        log_booster(
            fit, model, {str(name): (gain, 0.0) for name, gain in zip(model.feature_names_, gains, strict=True)}
        )
