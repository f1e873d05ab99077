"""autolog comes and goes: what is wrapped, when, and that nothing is left of it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap

import cloudpickle
import lightgbm
import numpy as np
import pytest
import statsmodels.regression.linear_model as linear_model
import xgboost
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression

import tenfold
from tenfold.base.errors import Invalid
from tenfold.testing.stores import memory_stores
from tenfold.tracking.autolog import FRAMEWORKS

X, Y = np.arange(20.0).reshape(10, 2), np.array([0, 1] * 5)


def functions():
    return [
        LogisticRegression.__dict__["fit"], linear_model.RegressionModel.__dict__["fit"], xgboost.train, xgboost.sklearn.train,
        lightgbm.train, lightgbm.engine.train, xgboost.cv, lightgbm.cv, BaseEstimator.__dict__.get("__init_subclass__"),
        sys.modules["statsmodels.base.model"].Model.__dict__.get("__init_subclass__"),
    ]  # fmt: skip


def test_turned_off_the_libraries_have_their_own_functions_again(kept):
    before = functions()
    assert tenfold.autolog() == sorted(FRAMEWORKS)
    changed = functions()
    assert all(now is not then for now, then in zip(changed, before, strict=True))
    assert tenfold.autolog(most_rows=10) == sorted(FRAMEWORKS)
    assert functions() == changed, "turned on again, nothing is wrapped twice"
    assert tenfold.autolog(disable=True) == []
    assert all(now is then for now, then in zip(functions(), before, strict=True))
    LogisticRegression().fit(X, Y)
    assert kept.runs() == []


def test_one_library_can_be_turned_off(kept):
    tenfold.autolog()
    assert tenfold.autolog(frameworks=["sklearn"], disable=True) == sorted(FRAMEWORKS.keys() - {"sklearn"})
    LogisticRegression().fit(X, Y)
    assert kept.runs() == []


def test_a_library_that_is_not_known_is_named(kept):
    with pytest.raises(Invalid, match=r"knows no 'skleam'\. There are: sklearn"):
        tenfold.autolog(frameworks=["skleam"])


def test_no_library_is_imported_and_one_imported_later_logs_itself(tmp_path):
    code = """
        import sys, tenfold
        tenfold.use(".tenfold")
        tenfold.autolog(models=False)
        wanted = ("sklearn", "xgboost", "lightgbm", "statsmodels", "numpy")
        assert not [name for name in wanted if name in sys.modules]
        from sklearn.linear_model import LinearRegression
        LinearRegression().fit([[0], [1]], [0, 1])
        import lightgbm
        import numpy
        data = lightgbm.Dataset(numpy.arange(40.0).reshape(40, 1), [0, 1] * 20)
        lightgbm.train({"verbose": -1}, data, 2, valid_sets=[data])
        runs = tenfold.Client().runs("", order="created").items
        print([run.tags["estimator"] for run in runs], tenfold.autolog(disable=True))
        assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("tenfold")]
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['LinearRegression', 'Booster'] []", done.stderr


def test_a_class_made_while_it_is_on_logs_itself_and_is_itself_afterwards(kept):
    tenfold.autolog(models=False)

    class Mean(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            self.mean_ = float(np.mean(y))
            return self

        def predict(self, X):
            return np.full(len(X), self.mean_)

    Mean().fit(X, Y)
    run = kept.only()
    assert (run.tags["estimator"], run.metrics["training/mse"].last) == ("Mean", 0.25)
    tenfold.autolog(disable=True)
    assert not hasattr(Mean.fit, "__tenfold__")


def test_wrapped_estimators_are_pickled_and_loaded_without_it(kept):
    tenfold.autolog(models=False)

    class Own(LinearRegression):
        def fit(self, X, y):
            return super().fit(X, y)

    fitted = LogisticRegression().fit(X, Y)
    assert pickle.loads(pickle.dumps(fitted)).predict(X).tolist() == fitted.predict(X).tolist()
    own = cloudpickle.dumps(Own().fit(X, Y))
    code = (
        "import sys, pickle; m = pickle.loads(sys.stdin.buffer.read()); print(type(m.fit([[0], [1]], [0, 1])).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=own, capture_output=True)
    assert done.stdout.strip() == b"Own", done.stderr.decode()


def test_a_function_wrapped_by_somebody_else_since_still_works_and_logs_no_more(kept, monkeypatch):
    tenfold.autolog()
    ours = xgboost.train
    monkeypatch.setattr(xgboost, "train", lambda *args, **kwargs: ours(*args, **kwargs))
    tenfold.autolog(disable=True)
    xgboost.train({}, xgboost.DMatrix(X, Y), 1)
    assert kept.runs() == []
    monkeypatch.undo()


def test_a_training_goes_on_when_nothing_can_be_logged(kept, monkeypatch, caplog):
    class Broken:
        def __getattr__(self, name):
            raise ConnectionError("the disk is gone")

    tenfold.autolog()
    place = tenfold.current()
    monkeypatch.setattr("tenfold.workspace.automatic.current", lambda: Broken())
    assert LogisticRegression().fit(X, Y).score(X, Y) >= 0.5
    LogisticRegression().fit(X, Y)
    assert [record.getMessage() for record in caplog.records] == [
        "autolog did not log LogisticRegression: ConnectionError: the disk is gone"
    ]
    assert place.stores is not memory_stores()


def test_a_model_that_no_safe_format_holds_is_said_with_the_reason(kept, caplog):
    tenfold.autolog()

    class Unknown(LogisticRegression):
        pass

    Unknown().fit(X, Y)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("autolog did not log the model of Unknown: Invalid: ") and "safe format" in said
    assert "model" not in kept.artifacts(kept.only())


def test_each_thing_that_fails_is_said_once_and_the_rest_is_logged(kept, monkeypatch, caplog):
    def explode(*_):
        raise RuntimeError("no metrics today")

    monkeypatch.setattr("tenfold.tracking.autolog.scores.log_scores", explode)
    tenfold.autolog(models=False)
    with tenfold.run("p") as run:
        LogisticRegression().fit(X, Y)
        LogisticRegression().fit(X, Y)
    assert [record.getMessage() for record in caplog.records] == [
        "autolog did not log the training score of LogisticRegression: RuntimeError: no metrics today"
    ]
    assert "coefficients" in kept.artifacts(tenfold.Client().run(run.id))
