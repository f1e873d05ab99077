"""What fits of statsmodels leave in a run."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.datasets import load_diabetes
from statsmodels.tsa.arima.model import ARIMA

import tenfold

FRAME = load_diabetes(as_frame=True).frame

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture
def on(kept):
    tenfold.autolog(frameworks=["statsmodels"])
    return kept


def test_a_regression_keeps_criteria_coefficients_and_its_summary(on):
    result = smf.ols("target ~ bmi + bp", FRAME).fit()
    run = on.only()
    assert run.params["formula"] == "target ~ bmi + bp" and run.params["exog_names"] == ["Intercept", "bmi", "bp"]
    assert run.metrics["rsquared"].last == result.rsquared and run.metrics["aic"].last == result.aic
    artifacts = on.artifacts(run)
    table = on.table(artifacts["coefficients"])
    assert table["name"] == ["Intercept", "bmi", "bp"]
    assert table["p_value"] == pytest.approx(result.pvalues.tolist())
    assert "OLS Regression Results" in on.content(artifacts["summary"], "summary.txt").decode()
    assert on.content(artifacts["summary"], "summary.html").startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("name", "model", "given"),
    [
        ("Logit", sm.Logit((FRAME.target > 140).astype(int), sm.add_constant(FRAME[["bmi"]])), {"disp": 0}),
        ("GLM", sm.GLM(FRAME.target, sm.add_constant(FRAME[["bmi"]]), family=sm.families.Poisson()), {}),
        ("ARIMA", ARIMA(np.cumsum(np.random.default_rng(0).normal(size=80)), order=(1, 0, 0)), {}),
    ],
)
def test_models_whose_fits_call_one_another_are_logged_once(on, name, model, given):
    result = model.fit(**given)
    run = on.only()
    assert (run.tags["estimator"], run.tags["library"]) == (name, "statsmodels")
    assert run.metrics["aic"].last == pytest.approx(result.aic)
    assert len(on.table(on.artifacts(run)["coefficients"])["name"]) == len(result.params)
