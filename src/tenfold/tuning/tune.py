"""`tune`: try parameters until the best is found, each trial a run of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.tuning.space import Space, suggest

SAMPLERS = {"tpe": "TPESampler", "random": "RandomSampler", "gp": "GPSampler", "qmc": "QMCSampler"}


class TrialRun(Protocol):
    """The run of one trial, as tracking gives it."""

    @property
    def id(self) -> str: ...
    def log(self, metrics: Mapping[str, Any], step: int | None = None) -> None: ...


class Pruned(Exception):
    """Raised inside a trial that has no hope left; `tune` catches it."""


class Trial:
    """What the objective gets: `params`, the `run`, and `report` for scores on the way."""

    def __init__(self, number: int, params: dict[str, Any], run: TrialRun, study_trial: Any, metric: str) -> None:
        self.number, self.params, self.run = number, params, run
        self._study_trial, self._metric = study_trial, metric

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    def report(self, value: float, step: int) -> None:
        """Log the metric at a step; ends the trial when it is worse than the others were at this step."""
        self.run.log({self._metric: value}, step=step)
        self._study_trial.report(value, step)
        if self._study_trial.should_prune():
            raise Pruned


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it. `best_params` and `best_value` are those of the run `best_run_id`."""

    best_params: dict[str, Any]
    best_value: float
    best_run_id: str
    run_ids: list[str]
    pruned: int
    failed: int


def tune(
    objective: Callable[[Trial], float],
    space: Space,
    *,
    start: Callable[[int, dict[str, Any]], AbstractContextManager[TrialRun]],
    trials: int = 20,
    direction: Literal["minimize", "maximize"] = "minimize",
    metric: str = "objective",
    sampler: str = "tpe",
    seed: int | None = None,
    timeout_s: float | None = None,
) -> Tuned:
    """Try `trials` sets of parameters, one after another.

    A trial whose objective raises is a failed run and the search goes on; NaN counts as failed.

    Args:
        objective: Gives the value to minimise or maximise.
        start: Opens the run of a trial, given its number and parameters.
        sampler: tpe (Bergstra et al. 2011), random, gp or qmc, as Optuna has them.
        seed: Makes the search repeatable.

    Raises:
        Invalid: An unknown sampler, an empty space, or no trial came to a value.
        MissingExtra: Optuna is not installed.
    """
    if sampler not in SAMPLERS:
        raise Invalid(f"No sampler {sampler!r}. Take one of {', '.join(SAMPLERS)}", field="sampler")
    if not space:
        raise Invalid("The search space is empty. Give it at least one parameter", field="space")
    optuna = require("optuna", extra="tuning", why="tune parameters")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction=direction,
        sampler=getattr(optuna.samplers, SAMPLERS[sampler])(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    run_ids: list[str] = []
    params_of: dict[int, dict[str, Any]] = {}

    def attempt(study_trial: Any) -> float:
        params = suggest(space, study_trial)
        params_of[study_trial.number] = params
        pruned = False
        with start(study_trial.number, params) as run:
            run_ids.append(run.id)
            try:
                value = float(objective(Trial(study_trial.number, params, run, study_trial, metric)))
                run.log({metric: value})
            except Pruned:
                pruned = True
        if pruned:
            raise optuna.TrialPruned
        return value

    study.optimize(attempt, n_trials=trials, timeout=timeout_s, catch=(Exception,))
    done = [trial for trial in study.trials if trial.value is not None and not math.isnan(trial.value)]
    complete = [trial for trial in done if trial.state.name == "COMPLETE"]
    if not complete:
        raise Invalid(
            f"None of {len(study.trials)} trials came to a value. Their runs say why: tenfold runs list --kind trial"
        )
    best = study.best_trial
    return Tuned(
        best_params=params_of[best.number],
        best_value=float(best.value),
        best_run_id=run_ids[best.number],
        run_ids=run_ids,
        pruned=sum(trial.state.name == "PRUNED" for trial in study.trials),
        failed=sum(trial.state.name == "FAIL" for trial in study.trials),
    )
