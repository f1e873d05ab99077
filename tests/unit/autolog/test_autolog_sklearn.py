"""What fits of scikit-learn leave in a run."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import tenfold

CANCER, MALIGN = load_breast_cancer(return_X_y=True, as_frame=True)
IRIS, KIND = load_iris(return_X_y=True, as_frame=True)
DIABETES, COURSE = load_diabetes(return_X_y=True)

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture
def on(kept):
    tenfold.autolog()
    return kept


def forest(**given):
    return RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0, **given)


def test_a_fit_without_a_run_gets_one_of_its_own_that_ends_with_it(on):
    model = forest().fit(CANCER, MALIGN)
    run = on.only()
    assert (run.state, run.tags) == ("finished", {"estimator": "RandomForestClassifier", "library": "sklearn"})
    assert run.params == model.get_params()
    assert tenfold.active_run(required=False) is None


def test_a_classifier_logs_metrics_that_are_scikit_learns_own(on):
    model = forest().fit(CANCER, MALIGN)
    run = on.only()
    assert run.metrics["training/accuracy"].last == pytest.approx(model.score(CANCER, MALIGN))
    assert run.metrics["training/roc_auc"].last == pytest.approx(
        roc_auc_score(MALIGN, model.predict_proba(CANCER)[:, 1])
    )
    assert {key for key in run.metrics if key.startswith("training/")} == {
        f"training/{name}" for name in ("score", "accuracy", "precision", "recall", "f1", "log_loss", "roc_auc", "rows")
    }
    artifacts = on.artifacts(run)
    matrix = json.loads(on.content(artifacts["training/confusion_matrix"], "values.json"))
    assert matrix["counts"] == confusion_matrix(MALIGN, model.predict(CANCER)).tolist()
    assert {"training/roc", "training/precision_recall"} <= artifacts.keys()


def test_importances_are_named_and_ranked(on):
    model = forest().fit(CANCER, MALIGN)
    table = on.table(on.artifacts(on.only())["feature_importance"])
    best = int(np.argmax(model.feature_importances_))
    assert (table["feature"][0], table["importance"][0]) == (CANCER.columns[best], model.feature_importances_[best])


def test_the_model_is_kept_as_a_version_that_loads_without_pickle(on):
    model = forest().fit(CANCER, MALIGN)
    version = on.artifacts(on.only())["model"]
    assert version.address == "model:default.RandomForestClassifier@v1"
    assert "pickle" not in version.metadata["formats"]
    loaded = tenfold.load_model(version.address)
    assert loaded.predict(CANCER.head(20)).tolist() == model.predict(CANCER.head(20)).tolist()


def test_a_regressor_logs_errors_and_coefficients(on):
    model = Ridge().fit(DIABETES, COURSE)
    run = on.only()
    assert run.metrics["training/r2"].last == pytest.approx(model.score(DIABETES, COURSE))
    assert run.metrics["training/rmse"].last == pytest.approx(np.sqrt(np.mean((COURSE - model.predict(DIABETES)) ** 2)))
    table = on.table(on.artifacts(run)["coefficients"])
    assert dict(zip(table["feature"], table["coefficient"], strict=True))["x2"] == pytest.approx(model.coef_[2])


def test_a_pipeline_is_one_fit_with_the_names_its_steps_give(on):
    columns = list(CANCER.columns[:2])
    make_pipeline(make_column_transformer((StandardScaler(), columns)), LogisticRegression(C=0.5)).fit(CANCER, MALIGN)
    run = on.only()
    assert run.params["logisticregression__C"] == 0.5 and "steps" not in run.params
    table = on.table(on.artifacts(run)["coefficients"])
    assert set(table["feature"]) == {f"standardscaler__{name}" for name in columns}


def test_several_classes_have_a_column_of_coefficients_each(on):
    LogisticRegression(max_iter=1000).fit(IRIS, KIND)
    run = on.only()
    assert set(on.table(on.artifacts(run)["coefficients"])) == {"feature", "0", "1", "2"}
    assert 0.9 < run.metrics["training/roc_auc"].last <= 1


def test_a_search_has_a_run_for_each_candidate(on):
    search = GridSearchCV(LogisticRegression(max_iter=5000), {"C": [0.01, 1.0, 100.0]}, cv=3).fit(IRIS, KIND)
    run = on.only()
    trials = on.runs("kind = 'trial'")
    assert run.result["best_params"] == search.best_params_
    assert run.metrics["best_score"].last == pytest.approx(search.best_score_)
    assert {trial.parent_id for trial in trials} == {run.id}
    told = {trial.params["C"]: trial.metrics["mean_test_score"].last for trial in trials}
    means = search.cv_results_["mean_test_score"]
    assert told == pytest.approx(dict(zip([0.01, 1.0, 100.0], means, strict=True)))
    steps, scores = tenfold.Client().series(trials[0].id, "split_test_score")
    assert steps.tolist() == [0, 1, 2] and np.isfinite(scores).all()
    assert len(on.table(on.artifacts(run)["cv_results"])["mean_test_score"]) == 3


def test_of_a_large_search_the_best_become_runs(on):
    tenfold.autolog(most_trials=2, models=False)
    search = GridSearchCV(Ridge(), {"alpha": [0.01, 1.0, 100.0, 1e6]}, cv=2).fit(DIABETES, COURSE)
    ranks = search.cv_results_["rank_test_score"]
    assert sorted(trial.metrics["rank_test_score"].last for trial in on.runs("kind = 'trial'")) == sorted(ranks)[:2]


def test_fits_inside_a_search_that_runs_in_threads_are_part_of_it(on):
    with parallel_config(backend="threading", n_jobs=2):
        GridSearchCV(LogisticRegression(max_iter=5000), {"C": [0.1, 1.0]}, cv=2).fit(IRIS, KIND)
    assert len(on.runs("kind = 'training'")) == 1


def test_fits_in_threads_of_ones_own_are_fits_of_their_own(on):
    tenfold.autolog(models=False)
    together = threading.Barrier(3)

    class Patient(LinearRegression):
        def fit(self, X, y):
            together.wait(timeout=60)  # all three are inside their fits
            return super().fit(X, y)

    threads = [threading.Thread(target=Patient().fit, args=(DIABETES, COURSE)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = on.runs("kind = 'training'")
    assert [(run.parent_id, run.metrics["training/r2"].count) for run in runs] == [(None, 1)] * 3


def test_the_second_fit_of_a_run_does_not_overwrite_the_first(on):
    with tenfold.run("p", params={"seed": 1}):
        Ridge(alpha=1.0).fit(DIABETES, COURSE)
        Ridge(alpha=2.0).fit(DIABETES, COURSE)
    run = on.only()
    assert run.params["seed"] == 1 and run.params["alpha"] == 1.0 and run.params["Ridge_2"]["alpha"] == 2.0
    assert {"training/r2", "Ridge_2/training/r2"} <= run.metrics.keys()
    assert [version.number for version in tenfold.model("p.Ridge").versions()] in ([1, 2], [2, 1])


def test_what_only_transforms_is_no_run_nor_is_the_estimator_in_it(on):
    StandardScaler().fit(CANCER)
    SelectFromModel(Ridge()).fit(DIABETES, COURSE)
    assert on.runs() == []


def test_an_estimator_that_can_predict_only_once_fitted_is_logged(on):
    StackingClassifier([("a", LogisticRegression(max_iter=5000))], cv=2).fit(IRIS, KIND)
    assert on.only().tags["estimator"] == "StackingClassifier"


def test_a_fit_that_fails_fails_its_run_and_raises_as_ever(on):
    with pytest.raises(ValueError, match="NaN"):
        Ridge().fit([[np.nan]], [1.0])
    run = on.only()
    assert run.state == "failed" and run.error is not None and "NaN" in run.error


def test_a_call_that_cannot_be_made_raises_as_ever_and_makes_no_run(on):
    with pytest.raises(TypeError, match="fit"):
        Ridge().fit()
    assert on.runs() == []


def test_metrics_of_a_large_table_look_at_rows_spread_over_it(on):
    tenfold.autolog(most_rows=50, models=False)
    Ridge().fit(DIABETES, COURSE)
    assert on.only().metrics["training/rows"].last == 50


def test_models_are_left_out_when_asked(on):
    tenfold.autolog(models=False)
    Ridge().fit(DIABETES, COURSE)
    assert "model" not in on.artifacts(on.only())


@pytest.mark.parametrize(
    ("model", "table", "labels", "key"),
    [
        (KMeans(2, n_init=1, random_state=0), IRIS, None, "training/inertia"),
        (LinearSVC(), IRIS[:100], KIND[:100], "training/roc_auc"),
        (LinearRegression(), DIABETES.tolist(), COURSE.tolist(), "training/r2"),
        (LinearRegression(), DIABETES, np.stack([COURSE, COURSE], axis=1), "training/score"),
        (
            MultiOutputClassifier(LogisticRegression(max_iter=5000)),
            IRIS,
            np.stack([KIND, KIND], axis=1),
            "training/score",
        ),
        (LogisticRegression(), IRIS[:100], KIND[:100].to_frame().to_numpy().ravel().astype(str), "training/accuracy"),
    ],
    ids=["clusters", "no probabilities", "lists", "two outputs", "two labels", "text labels"],
)
def test_estimators_of_many_kinds_log_what_they_have(on, model, table, labels, key):
    tenfold.autolog(models=False)
    model.fit(table, labels)
    assert np.isfinite(on.only().metrics[key].last)


def test_texts_and_sparse_matrices_are_no_obstacle(on):
    tenfold.autolog(models=False)
    texts = ["good day", "bad day", "good night", "bad night"] * 3
    make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0] * 3)
    run = on.only()
    assert run.metrics["training/accuracy"].last == 1.0
    assert on.table(on.artifacts(run)["coefficients"])["feature"][0] in ("good", "bad")
