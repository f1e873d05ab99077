"""CatBoost's estimators."""

from __future__ import annotations

import catboost
import numpy as np
import pytest

X = np.random.default_rng(0).random((200, 3))
Y = (X[:, 0] + X[:, 1] > 1).astype(int)
QUIET = {"verbose": 0, "allow_writing_files": False, "random_seed": 1}


def test_a_fit_logs_each_round_its_importances_and_its_model(kept):
    model = catboost.CatBoostClassifier(iterations=12, depth=2, eval_metric="AUC", **QUIET)
    model.fit(X[:150], Y[:150], eval_set=(X[150:], Y[150:]))
    run = kept.only()
    assert run.params["depth"] == 2
    told = model.get_evals_result()
    assert list(kept.points(run, "validation/AUC").values()) == pytest.approx(told["validation"]["AUC"])
    assert list(kept.points(run, "learn/Logloss").values()) == pytest.approx(told["learn"]["Logloss"])
    assert run.metrics["best_iteration"].last == model.get_best_iteration()
    made = kept.artifacts(run)
    loaded = catboost.CatBoostClassifier().load_model(blob=kept.content(made["model"], "model.cbm"))
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert made["feature_importance"].metadata["rows"] == 3


def test_callbacks_of_ones_own_still_stop_a_training(kept):
    class Stop:
        def after_iteration(self, info):
            return info.iteration < 4

    model = catboost.CatBoostRegressor(iterations=50, **QUIET).fit(X, X[:, 0], callbacks=[Stop()])
    assert model.tree_count_ == 4
    assert sorted(kept.points(kept.only(), "learn/RMSE")) == [0, 1, 2]


def test_rounds_that_are_not_measured_leave_no_point(kept):
    catboost.CatBoostRegressor(iterations=10, metric_period=5, **QUIET).fit(X, X[:, 0])
    assert len(kept.points(kept.only(), "learn/RMSE")) <= 4
