"""statsmodels: the coefficients, the criteria and the summary of a fitted model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches, arguments_of
from tenfold.tracking.media import Media

NAME = "statsmodels"
CRITERIA = (
    "aic", "bic", "hqic", "llf", "llnull", "rsquared", "rsquared_adj", "prsquared", "fvalue", "f_pvalue", "llr",
    "llr_pvalue", "deviance", "pearson_chi2", "mse_resid", "mse_model", "mse_total", "ess", "ssr", "scale",
    "condition_number", "df_resid", "df_model", "nobs", "sse", "mse", "mae",
)  # fmt: skip
MOST_NAMES = 100
_STYLE = "<style>body{font:13px system-ui,sans-serif}table{border-collapse:collapse}td,th{padding:2px 10px}</style>"


def wrap(patches: Patches) -> None:
    """Wrap `fit` of all models."""
    from statsmodels.base.model import Model

    patches.wrap_subclasses(Model, "fit", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of a model's fit."""
    model = args[0] if args else None
    with fitting.logged(NAME, model, type(model).__name__) as fit:
        if fit is None:
            return original(*args, **kwargs)
        given = arguments_of(original, args, kwargs)
        with fit.quietly("the parameters"):
            _before(fit, model, {} if given is None else given.arguments)
        result = original(*args, **kwargs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _after(fit, result)
        return result


def _before(fit: Fit, model: Any, given: dict[str, Any]) -> None:
    fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): NAME})
    params: dict[str, Any] = {"model": fit.title}
    for name in ("endog_names", "exog_names", "formula"):
        value = getattr(model, name, None)
        if value is not None:
            params[name] = list(value)[:MOST_NAMES] if isinstance(value, list) else str(value)
    for name in ("order", "seasonal_order", "trend", "family"):
        value = getattr(model, name, None)
        if value is not None:
            params[name] = value if isinstance(value, (str, int, float, tuple)) else type(value).__name__
    chosen = {key: value for key, value in list(given.items())[1:] if isinstance(value, (str, bool, int, float))}
    fit.params(params | ({"fit": chosen} if chosen else {}))


def _after(fit: Fit, result: Any) -> None:
    with fit.quietly("the criteria"):
        fit.log(_criteria(result), step=0)
    with fit.quietly("the coefficients"):
        _log_coefficients(fit, result)
    with fit.quietly("the summary"):
        summary = result.summary()
        page = f"<!doctype html><meta charset=utf-8>{_STYLE}{summary.as_html()}".encode()
        fit.keep("summary", lambda: Media("summary.html", page, "html", {}, {"summary.txt": str(summary).encode()}))


def _criteria(result: Any) -> dict[str, float]:
    found = {}
    for name in CRITERIA:
        try:
            value = getattr(result, name)
            found[name] = float(value)
        except Exception:  # not every result has each, and some fail for theirs
            continue
    return found


def _log_coefficients(fit: Fit, result: Any) -> None:
    import numpy as np

    values = np.asarray(getattr(result, "params", ()), dtype=float)
    if values.ndim != 1 or not values.size:
        return
    names = getattr(result.params, "index", None)
    if names is None:
        names = getattr(result.model, "param_names", None) or getattr(result.model, "exog_names", None)
    columns: dict[str, Any] = {
        "name": [str(name) for name in (range(len(values)) if names is None else names)],
        "value": values.tolist(),
    }
    for title, attribute in (("std_error", "bse"), ("statistic", "tvalues"), ("p_value", "pvalues")):
        found = np.asarray(getattr(result, attribute, ()), dtype=float)
        if found.shape == values.shape:
            columns[title] = found.tolist()
    fit.run.log_table(fit.key("coefficients"), columns)
