"""Tuning: search spaces and samplers from Optuna; each trial is a run, given by whoever calls."""

from tenfold.tuning.space import Choice, Float, Int, Space
from tenfold.tuning.tune import Trial, TrialRun, Tuned, tune

__all__ = ["Choice", "Float", "Int", "Space", "Trial", "TrialRun", "Tuned", "tune"]
