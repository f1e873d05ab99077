"""What trainings of XGBoost and LightGBM leave in a run: a point each round, importances, a file the library reads."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV

import tenfold

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.rename(columns=lambda name: name.replace(" ", "_"))
TRAIN, TEST = slice(0, 400), slice(400, None)

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture
def on(kept):
    tenfold.autolog()
    return kept


def points(run, key):
    steps, values = tenfold.Client().series(run.id, key)
    assert steps.tolist() == list(range(len(values)))
    return values.tolist()


def test_xgboost_train_logs_each_round(on):
    told = {}
    data, test = xgboost.DMatrix(X[TRAIN], Y[TRAIN]), xgboost.DMatrix(X[TEST], Y[TEST])
    params = {"eta": 0.3, "objective": "binary:logistic", "max_depth": 2}
    booster = xgboost.train(
        params, data, 8, evals=[(data, "train"), (test, "test")], evals_result=told, verbose_eval=False
    )
    run = on.only()
    assert run.params == {**params, "num_boost_round": 8}
    assert points(run, "test/logloss") == told["test"]["logloss"]
    assert points(run, "train/logloss") == told["train"]["logloss"]
    artifacts = on.artifacts(run)
    gains = booster.get_score(importance_type="total_gain")
    table = on.table(artifacts["feature_importance"])
    assert dict(zip(table["feature"], table["gain"], strict=True)) == gains
    assert table["gain"] == sorted(table["gain"], reverse=True)
    loaded = xgboost.Booster(model_file=bytearray(on.content(artifacts["model"], "model.ubj")))
    assert np.array_equal(loaded.predict(test), booster.predict(test))


def test_xgboost_stopped_early_says_its_best_round(on):
    data, test = xgboost.DMatrix(X[TRAIN], Y[TRAIN]), xgboost.DMatrix(X[TEST], Y[TEST])
    booster = xgboost.train(
        {"eta": 1, "objective": "binary:logistic"}, data, 200, evals=[(test, "test")], early_stopping_rounds=3,
        verbose_eval=False,
    )  # fmt: skip
    run = on.only()
    assert run.params["early_stopping_rounds"] == 3
    assert run.metrics["best_iteration"].last == booster.best_iteration < 199
    assert run.metrics["test/logloss"].count == booster.best_iteration + 4


def test_an_estimator_of_xgboost_has_both_its_rounds_and_its_scores(on):
    model = xgboost.XGBClassifier(n_estimators=6, max_depth=2, eval_metric=["logloss", "auc"])
    model.fit(X[TRAIN], Y[TRAIN], eval_set=[(X[TEST], Y[TEST])], verbose=False)
    run = on.only()
    assert run.params["max_depth"] == 2 and "gamma" not in run.params, "what was left alone is left out"
    assert points(run, "validation_0/auc") == model.evals_result()["validation_0"]["auc"]
    assert run.metrics["training/accuracy"].last == model.score(X[TRAIN], Y[TRAIN])
    assert {"model", "feature_importance", "training/confusion_matrix"} <= on.artifacts(run).keys()


def test_callbacks_of_ones_own_are_kept_and_the_list_is_not_changed(on):
    class Count(xgboost.callback.TrainingCallback):
        rounds = 0

        def after_iteration(self, model, epoch, evals_log):
            Count.rounds += 1
            return False

    mine = [Count()]
    xgboost.train({}, xgboost.DMatrix(X, Y), 4, callbacks=mine)
    assert (Count.rounds, len(mine)) == (4, 1)


def test_lightgbm_train_logs_each_round(on):
    told = {}
    data = lightgbm.Dataset(X[TRAIN], Y[TRAIN])
    test = lightgbm.Dataset(X[TEST], Y[TEST], reference=data)
    params = {"objective": "binary", "num_leaves": 4, "verbose": -1}
    booster = lightgbm.train(
        params, data, 8, valid_sets=[test], valid_names=["test"], callbacks=[lightgbm.record_evaluation(told)]
    )
    run = on.only()
    assert run.params == {**params, "num_boost_round": 8}
    assert points(run, "test/binary_logloss") == told["test"]["binary_logloss"]
    artifacts = on.artifacts(run)
    table = on.table(artifacts["feature_importance"])
    gains = dict(zip(booster.feature_name(), booster.feature_importance("gain"), strict=True))
    assert dict(zip(table["feature"], table["gain"], strict=True)) == gains
    loaded = lightgbm.Booster(model_str=on.content(artifacts["model"], "model.txt").decode())
    assert np.array_equal(loaded.predict(X[TEST]), booster.predict(X[TEST]))


def test_lightgbm_stopped_early_has_all_its_rounds(on):
    data = lightgbm.Dataset(X[TRAIN], Y[TRAIN])
    test = lightgbm.Dataset(X[TEST], Y[TEST], reference=data)
    booster = lightgbm.train(
        {"objective": "binary", "learning_rate": 1.0, "verbose": -1}, data, 100, valid_sets=[test],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )  # fmt: skip
    run = on.only()
    assert run.metrics["best_iteration"].last == booster.best_iteration
    assert run.metrics["valid_0/binary_logloss"].count == booster.best_iteration + 3


def test_an_estimator_of_lightgbm_has_both_its_rounds_and_its_scores(on):
    model = lightgbm.LGBMRegressor(n_estimators=5, num_leaves=4, verbose=-1)
    model.fit(X[TRAIN], Y[TRAIN], eval_X=X[TEST], eval_y=Y[TEST])
    run = on.only()
    assert points(run, "valid_0/l2") == model.evals_result_["valid_0"]["l2"]
    assert run.metrics["training/r2"].last == pytest.approx(model.score(X[TRAIN], Y[TRAIN]))
    table = on.table(on.artifacts(run)["feature_importance"])
    assert set(table["feature"]) == set(X.columns)


def test_boosters_inside_a_search_are_part_of_it(on):
    search = GridSearchCV(xgboost.XGBClassifier(n_estimators=2), {"max_depth": [1, 2]}, cv=2)
    search.fit(X, Y)
    assert len(on.runs("kind = 'training'")) == 1 and len(on.runs("kind = 'trial'")) == 2


def test_with_xgboost_alone_its_estimators_log_as_boosters(on):
    tenfold.autolog(disable=True)
    tenfold.autolog(frameworks=["xgboost"])
    xgboost.XGBRegressor(n_estimators=3).fit(X, Y)
    assert on.only().tags["estimator"] == "Booster"


def test_xgboost_cv_logs_mean_and_spread_of_each_round(on):
    params = {"objective": "binary:logistic", "max_depth": 2}
    told = xgboost.cv(params, xgboost.DMatrix(X, Y), 6, nfold=4, metrics=["auc"], seed=3)
    run = on.only()
    assert run.params == {**params, "num_boost_round": 6, "nfold": 4, "seed": 3}
    assert points(run, "test/auc") == pytest.approx(told["test-auc-mean"].tolist(), abs=1e-12)
    assert points(run, "train/auc_std") == pytest.approx(told["train-auc-std"].tolist(), abs=1e-12)


def test_lightgbm_cv_logs_mean_and_spread_of_each_round(on):
    params = {"objective": "binary", "verbose": -1, "metric": "auc"}
    told = lightgbm.cv(params, lightgbm.Dataset(X, Y), 5, nfold=3, seed=3)
    run = on.only()
    assert run.params == {**params, "num_boost_round": 5, "nfold": 3, "seed": 3}
    assert points(run, "valid/auc") == told["valid auc-mean"]
    assert points(run, "valid/auc_std") == told["valid auc-stdv"]
