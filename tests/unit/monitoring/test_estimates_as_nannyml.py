"""Estimates against what the real NannyML 0.13.1 gave for the same predictions (tests/golden/nannyml, `make nannyml`)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.base.errors import Invalid
from tenfold.evaluation import evaluate
from tenfold.monitoring import explain_drop, fit_cbpe, fit_dle
from tenfold.monitoring.estimating import DEVIATIONS, Estimate

GOLDEN = Path(__file__).parents[2] / "golden" / "nannyml"
SAID = json.loads((GOLDEN / "estimates.json").read_text())
OURS = {"average_precision": "pr_auc"}
TIED = ("few different scores", "average_precision")
"""NannyML counts rows of one score one after the other; ours together, as scikit-learn counts the realised metric."""
OF_SIGN = ("shifted inputs", "mape")
"""NannyML divides by the outcome, not by its size, for the deviation of this one."""


def _samples() -> Any:
    spec = importlib.util.spec_from_file_location("nannyml_samples", GOLDEN / "samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLASSIFIED, REGRESSED = _samples().classified(), _samples().regressed()


def _error(one: Estimate) -> float:
    return (one.high - one.low) / 2 / DEVIATIONS


@pytest.mark.parametrize("name", CLASSIFIED)
def test_what_a_classifier_is_estimated_to_do_is_what_nannyml_estimates(name: str) -> None:
    labels, reference, current = CLASSIFIED[name]
    found = fit_cbpe(reference["truth"], reference["score"], labels=labels)
    metrics = found.estimate(current["score"], current["predicted"]).metrics
    assert metrics.keys() == {OURS.get(metric, metric) for metric in SAID["classified"][name]}
    for metric, said in SAID["classified"][name].items():
        if (name, metric) != TIED:
            assert metrics[OURS.get(metric, metric)].value == pytest.approx(said["value"], abs=1e-7), metric
    accuracy, truth = metrics["accuracy"], current["truth"]
    assert (
        _error(accuracy) == pytest.approx(SAID["classified"][name]["accuracy"]["error"], rel=0.1) or accuracy.high == 1
    )
    known = np.isfinite(current["score"].reshape(len(truth), -1)).all(axis=1)
    assert accuracy.low < (truth == current["predicted"])[known].mean() < accuracy.high


@pytest.mark.parametrize("name", REGRESSED)
def test_the_losses_of_a_regression_are_estimated_within_half_a_standard_error_of_nannyml(name: str) -> None:
    reference, current = REGRESSED[name]
    found = fit_dle(reference["columns"], reference["truth"], reference["predicted"])
    metrics = found.estimate(current["columns"], current["predicted"]).metrics
    assert metrics.keys() == SAID["regressed"][name].keys()
    for metric, said in SAID["regressed"][name].items():
        assert abs(metrics[metric].value - said["value"]) < said["error"] / 2, metric
        if metric in ("mae", "mse", "rmse", "msle", "rmsle"):
            assert metrics[metric].value == pytest.approx(said["value"], rel=0.02), metric
        if (name, metric) != OF_SIGN and metrics[metric].low > 0:
            assert _error(metrics[metric]) == pytest.approx(said["error"], rel=0.02), metric
    off = current["truth"] - current["predicted"]
    assert metrics["mae"].low < np.abs(off).mean() < metrics["mae"].high
    assert metrics["rmse"].low < np.sqrt((off**2).mean()) < metrics["rmse"].high


def test_the_bands_of_an_estimate_are_as_wide_as_realised_metrics_scatter() -> None:
    random = np.random.default_rng(0)

    def draw(rows: int) -> tuple[Any, Any]:
        chance = 1 / (1 + np.exp(-random.normal(0, 1.5, rows)))
        return chance, (random.random(rows) < chance).astype(int)

    model = fit_cbpe(*draw(20_000)[::-1])
    off: dict[str, list[float]] = {}
    for _ in range(60):
        score, truth = draw(1000)
        realised = evaluate(truth, y_score=score, task="binary", bootstrap=0).metrics
        for name, one in model.estimate(score).metrics.items():
            if name in realised:
                off.setdefault(name, []).append((realised[name] - one.value) / _error(one))
    assert {"accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc"} <= off.keys()
    for name, deviations in off.items():
        assert 0.45 < np.std(deviations) < 1.3, name
        assert np.abs(deviations).max() < DEVIATIONS + 0.5, name


def test_errors_by_a_category_are_learned_also_when_every_category_is_as_frequent() -> None:
    random = np.random.default_rng(1)
    word = np.array(["a", "b", "c", "d"] * 1000)
    truth = random.normal(0, np.where(word == "c", 5.0, 0.1))
    model = fit_dle({"word": word.tolist()}, truth, np.zeros(4000))
    metrics = {name: model.estimate({"word": [name] * 300}, np.zeros(300)).metrics["mae"].value for name in ("b", "c")}
    assert metrics["c"] > 20 * metrics["b"]
    unseen = model.estimate({"word": ["never seen", None] * 200}, np.zeros(400)).metrics["mae"]
    assert np.isfinite(unseen.value)


def test_what_cannot_be_estimated_says_why() -> None:
    table, truth = {"x": [1.0] * 60}, np.arange(60.0)
    with pytest.raises(Invalid, match="has 20 rows with outcomes, an estimate needs 50"):
        fit_dle(table, np.where(np.arange(60) < 20, truth, np.nan), truth)
    with pytest.raises(Invalid, match="no column 'x'"):
        fit_dle(table, truth, truth).estimate({"y": [1.0]}, [1.0])
    with pytest.raises(Invalid, match="2 rows and 1 predictions"):
        fit_dle(table, truth, truth).estimate({"x": [1.0, 2.0]}, [1.0])
    assert fit_dle(table, truth, truth).estimate(table, [np.nan] * 60).reason == "no row has a prediction"
    with pytest.raises(Invalid, match="An estimate needs rows of two"):
        fit_cbpe([1] * 60, np.linspace(0, 1, 60))
    with pytest.raises(Invalid, match="no probabilities"):
        fit_cbpe([0, 1] * 30, np.linspace(0, 7, 60))


@pytest.mark.parametrize("cause", ["a value", "a range", "a share", "missing"])
def test_the_column_that_a_drop_was_planted_in_is_named_first(cause: str) -> None:
    random = np.random.default_rng(5)

    def side(rows: int) -> dict[str, Any]:
        return {name: random.normal(0, 1, rows) for name in ("a", "b", "c")} | {
            "word": random.choice(["n", "e", "s", "w"], rows), "other": random.choice(list("uvxyz"), rows)
        }  # fmt: skip

    before, after = side(5000), side(4000)
    chance = [np.full(5000, 0.1), np.full(4000, 0.1)]
    if cause == "a value":
        chance[1][after["word"] == "s"] = 0.5
    elif cause == "a range":
        chance[1][after["b"] > 1.5] = 0.8
    elif cause == "a share":  # the model always was worse at 'w'; now there are more of them
        after["word"] = random.choice(["n", "e", "s", "w"], 4000, p=[0.1, 0.1, 0.1, 0.7])
        for chances, table in zip(chance, (before, after), strict=True):
            chances[table["word"] == "w"] = 0.6
    else:
        gone = random.random(4000) < 0.2
        after["c"] = np.where(gone, np.nan, after["c"])
        chance[1][gone] = 0.7
    losses = [(random.random(one.size) < one).astype(float) for one in chance]
    first, second = explain_drop(before, after, *losses)[:2]
    wanted = {
        "a value": ("word", "s"),
        "a range": ("b", "from 1.3"),
        "a share": ("word", ""),
        "missing": ("c", "missing"),
    }
    column, worst = wanted[cause]
    assert first.column == column
    whole = losses[1].mean() - losses[0].mean()
    assert first.mix + first.within == pytest.approx(whole)
    if cause == "a share":
        assert first.mix > 0.8 * whole
        assert abs(second.mix) < 0.1 * whole
    else:
        assert first.worst is not None
        assert first.worst.name.startswith(worst)
        assert first.concentrated > 2 * second.concentrated
