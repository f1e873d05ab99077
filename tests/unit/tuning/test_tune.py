"""Tuning with Optuna: each trial a run."""

from contextlib import contextmanager

import pytest

from tenfold.base.errors import Invalid
from tenfold.tuning import Choice, Float, Int, tune


class Runs:
    """Stands where tracking does: notes what trials log."""

    def __init__(self):
        self.logged, self.errors = {}, []

    @contextmanager
    def start(self, number, params):
        run = Recorder(f"run-{number}")
        self.logged[run.id] = run.points
        try:
            yield run
        except Exception as error:
            self.errors.append(error)
            raise


class Recorder:
    def __init__(self, id):
        self.id, self.points = id, []

    def log(self, metrics, step=None):
        self.points.append((dict(metrics), step))


def test_the_best_parameters_are_found_and_each_trial_is_a_run():
    runs = Runs()
    space = {"x": Float(-5, 5), "n": Int(1, 3), "kind": ["flat", "steep"]}
    tuned = tune(
        lambda t: (t["x"] - 2) ** 2 + t["n"] + (10 if t["kind"] == "steep" else 0),
        space,
        start=runs.start,
        trials=60,
        seed=1,
    )
    assert abs(tuned.best_params["x"] - 2) < 0.5 and tuned.best_params["n"] == 1 and tuned.best_params["kind"] == "flat"
    assert len(runs.logged) == 60 and tuned.best_run_id in runs.logged


def test_the_same_seed_gives_the_same_search():
    def search():
        return tune(lambda t: t["x"] ** 2, {"x": Float(-1, 1)}, start=Runs().start, trials=10, seed=3).best_params

    assert search() == search()


def test_a_failing_trial_does_not_end_the_search():
    runs = Runs()

    def objective(trial):
        if trial.number % 2:
            raise RuntimeError("no luck")
        return trial["x"]

    tuned = tune(objective, {"x": Float(0, 1)}, start=runs.start, trials=10, direction="maximize", seed=1)
    assert tuned.failed == 5 and len(runs.errors) == 5
    assert tuned.best_run_id == f"run-{max((p[-1][0]['objective'], k) for k, p in runs.logged.items() if p)[1][4:]}"


def test_hopeless_trials_are_pruned_on_the_way():
    def objective(trial):
        for step in range(20):
            trial.report(trial["x"] * (step + 1), step)
        return trial["x"]

    tuned = tune(objective, {"x": Float(0, 1)}, start=Runs().start, trials=30, seed=1)
    assert tuned.pruned > 0


@pytest.mark.parametrize(
    "wrong", [lambda: Float(1, 0), lambda: Float(0, 1, log=True), lambda: Int(3, 1), lambda: Choice([])]
)
def test_a_wrong_dimension_is_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


def test_no_value_at_all_is_an_error_that_says_where_to_look():
    with pytest.raises(Invalid, match="runs list --kind trial"):
        tune(lambda t: 1 / 0, {"x": Float(0, 1)}, start=Runs().start, trials=2)
