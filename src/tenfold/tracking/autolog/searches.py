"""A search over parameters (GridSearchCV and its kind): its best, its table, a run for each candidate."""

from __future__ import annotations

import re
from typing import Any

from tenfold.tracking.autolog.fitting import Fit, short

_SPLIT = re.compile(r"split(\d+)_(test|train)_(.+)")


def log_search(fit: Fit, search: Any) -> None:
    """Log what a fitted search found; the best `most_trials` candidates become runs of kind 'trial' inside its run."""
    results = search.cv_results_
    columns = {key: _plain(values) for key, values in results.items() if key != "params"}
    fit.run.log_table(fit.key("cv_results"), columns)
    if hasattr(search, "best_params_"):
        best = {key: short(value) for key, value in search.best_params_.items()}
        score = getattr(search, "best_score_", None)
        fit.run.result({fit.key("best_params"): best, fit.key("best_score"): score})
        if score is not None:
            fit.log({"best_score": score}, step=0)
    ranks = next((columns[key] for key in columns if key.startswith("rank_test_")), range(len(results["params"])))
    order = sorted(range(len(results["params"])), key=lambda index: (ranks[index], index))
    for index in order[: fit.options.most_trials]:
        _log_candidate(fit, index, results["params"][index], {key: values[index] for key, values in columns.items()})


def _log_candidate(fit: Fit, index: int, params: dict[str, Any], row: dict[str, Any]) -> None:
    given = {key: short(value) for key, value in params.items()}
    with fit.options.start(name=f"candidate {index}", params=given, kind="trial", capture=()) as trial:
        splits: dict[int, dict[str, Any]] = {}
        for key, value in row.items():
            split = _SPLIT.fullmatch(key)
            if value is None or isinstance(value, str) or key.startswith("param_"):
                continue
            if split is not None:
                splits.setdefault(int(split[1]), {})[f"split_{split[2]}_{split[3]}"] = value
            else:
                trial.log({key: value}, step=0)
        for number, values in sorted(splits.items()):
            trial.log(values, step=number)


def _plain(values: Any) -> list[Any]:
    """A column of the table; what a masked array leaves out is None."""
    given = values.tolist() if hasattr(values, "tolist") else list(values)
    return [short(value) for value in given]
