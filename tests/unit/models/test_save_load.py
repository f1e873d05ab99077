"""Saving and loading scikit-learn models on a real store."""

from __future__ import annotations

import io
import zipfile

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

import tenfold.models as models
from tenfold.base import skops_file
from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.contracts import Stores
from tenfold.testing.stores import memory_stores


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def flights(rows: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """A small table of the shapes real ones have: text, whole numbers, gaps."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "carrier": rng.choice(["AA", "UA", "B6"], rows),
            "hour": rng.integers(0, 24, rows),
            "distance": rng.uniform(100, 3000, rows),
            "temp": rng.normal(50, 10, rows),
        }
    )
    late = ((table.hour > 15) & (table.distance > 1000) | (table.carrier == "B6") & (rng.random(rows) > 0.5)).to_numpy()
    table.loc[::17, "temp"] = np.nan
    return table, late.astype(int)


def encoded(numbers: object = "passthrough", unseen: str = "ignore") -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown=unseen, sparse_output=False), ["carrier"]),
            ("numbers", numbers, ["hour", "distance", "temp"]),
        ]
    )


filled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
PIPELINES = {
    "logistic": Pipeline([("prepare", encoded(filled)), ("model", LogisticRegression(max_iter=500))]),
    "boosting": Pipeline([("prepare", encoded(filled)), ("model", GradientBoostingClassifier(n_estimators=10))]),
    "histogram": Pipeline([("prepare", encoded()), ("model", HistGradientBoostingClassifier(max_iter=10))]),
    "forest": Pipeline(
        [("prepare", encoded(filled)), ("model", RandomForestClassifier(n_estimators=10, random_state=0))]
    ),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_pipelines_of_everyday_are_saved_without_pickle_and_answer_as_before(kind: str, stores: Stores) -> None:
    table, late = flights()
    trained = PIPELINES[kind].fit(table, late)
    version = models.save(stores, trained, "delay", input_example=table, metrics={"auc": 0.7}, message="first")
    assert version.address == "model:delay@v1"
    assert version.type == "model/sklearn"
    assert version.metadata["formats"] == ["onnx", "skops"]
    assert version.metadata["max_difference"] < 1e-5
    loaded = models.load(stores, "model:delay")
    clear = np.abs(trained.predict_proba(table)[:, 1] - 0.5) > 1e-4
    assert (loaded.predict(table) == trained.predict(table))[clear].all()
    clear = np.abs(trained.predict_proba(table)[:, 1] - 0.5) > 1e-4
    assert (loaded.predict(table) == trained.predict(table))[clear].all()
    np.testing.assert_allclose(loaded.predict_proba(table), trained.predict_proba(table), atol=1e-5)
    assert (loaded.native.predict(table) == trained.predict(table)).all()


def test_the_signature_says_types_order_gaps_and_labels(stores: Stores) -> None:
    table, late = flights()
    models.save(stores, PIPELINES["logistic"].fit(table, late), "delay", input_example=table)
    signature = models.load(stores, "delay").signature
    assert [(c.name, c.type) for c in signature.inputs] == [
        ("carrier", "string"), ("hour", "int"), ("distance", "float"), ("temp", "float"),
    ]  # fmt: skip
    assert {c.name for c in signature.inputs if c.nullable} >= {"distance", "temp"}
    assert signature.classes == [0, 1]
    assert [(c.name, c.type, c.shape) for c in signature.outputs] == [
        ("prediction", "int", []), ("probability", "float", [2]),
    ]  # fmt: skip


def test_every_form_of_table_gives_the_same_answers(stores: Stores) -> None:
    table, late = flights()
    models.save(stores, PIPELINES["boosting"].fit(table, late), "delay", input_example=table)
    loaded = models.load(stores, "delay")
    expected = loaded.predict_proba(table)
    columns = {name: table[name].tolist() for name in reversed(table.columns)}
    records = [
        {k: (None if isinstance(v, float) and np.isnan(v) else v) for k, v in row.items()}
        for row in table.to_dict("records")
    ]
    for same in (columns, columns | {"extra": [0] * len(table)}, records, [list(r.values()) for r in records]):
        np.testing.assert_array_equal(loaded.predict_proba(same), expected)


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"hour": ["3"]}, "hour", "must be int, not '3'"),
        ({"hour": [3.5]}, "hour", "must be int, not 3.5"),
        ({"hour": [None]}, "hour", "is missing in row 0"),
        ({"carrier": [7]}, "carrier", "must be string, not 7"),
        ({"distance": ["far"]}, "distance", "must be float, not 'far'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_column(stores: Stores, change: dict, column: str, words: str) -> None:
    table, late = flights()
    models.save(stores, PIPELINES["logistic"].fit(table, late), "delay", input_example=table)
    good = {"carrier": ["AA"], "hour": [3.0], "distance": [500], "temp": [None]}
    loaded = models.load(stores, "delay")
    assert loaded.predict(good).shape == (1,)
    with pytest.raises(Invalid, match=words) as refused:
        loaded.predict(good | change)
    assert refused.value.field == column
    del good[column]
    with pytest.raises(Invalid, match=f"'{column}' is missing"):
        loaded.predict(good)


def test_a_model_of_plain_arrays_needs_no_names(stores: Stores) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    trained = HistGradientBoostingRegressor(max_iter=10).fit(X, X[:, 0] * 3)
    version = models.save(stores, trained, "plain", input_example=X)
    assert version.metadata["formats"] == ["onnx", "skops"]
    loaded = models.load(stores, "plain")
    np.testing.assert_allclose(loaded.predict(X), trained.predict(X), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(loaded.predict(X.tolist()), loaded.predict(X))
    with pytest.raises(Invalid, match="takes 5"):
        loaded.predict([[1.0, 2.0]])
    with pytest.raises(Invalid, match="gives no probabilities"):
        loaded.predict_proba(X)


def test_labels_that_are_text_or_truth_come_back_as_they_were(stores: Stores) -> None:
    table, late = flights()
    for labels in (np.where(late, "late", "on time"), late.astype(bool)):
        trained = make_pipeline(encoded(filled), LogisticRegression(max_iter=500)).fit(table, labels)
        models.save(stores, trained, "labels", input_example=table)
        answers = models.load(stores, "labels@latest").predict(table)
        assert answers.tolist() == trained.predict(table).tolist()
        assert type(answers.tolist()[0]) is type(labels.tolist()[0])


def test_values_that_equal_a_threshold_fall_to_the_same_side_as_before(stores: Stores) -> None:
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(5000, 4)) * 50, 1)  # many equal values: histogram thresholds fall on them
    X[::13, 0] = np.nan
    late = (np.nan_to_num(X[:, 0]) + X[:, 1] > 20).astype(int)
    for last in (HistGradientBoostingClassifier(max_iter=20), RandomForestClassifier(10, max_depth=8)):
        trained = make_pipeline(SimpleImputer(), StandardScaler(), last).fit(X, late)
        version = models.save(stores, trained, "ties", input_example=X[:500])
        assert version.metadata["served_as"] == "onnx"
        got = models.load(stores, version).predict_proba(X)
        np.testing.assert_allclose(got, trained.predict_proba(X), atol=1e-5)


def test_a_number_beyond_what_the_format_holds_is_refused(stores: Stores) -> None:
    X = np.arange(20.0).reshape(10, 2)
    models.save(stores, LinearRegression().fit(X, X[:, 0]), "plain", input_example=X)
    with pytest.raises(Invalid, match="'x1' holds a number beyond") as refused:
        models.load(stores, "plain").predict([[1.0, 1e300]])
    assert refused.value.field == "x1"


def test_onnx_is_not_kept_where_its_answers_differ(stores: Stores) -> None:
    table, late = flights()
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = ColumnTransformer([("text", codes, ["carrier"])], remainder="passthrough")
    trained = Pipeline(
        [("prepare", prepare), ("model", HistGradientBoostingClassifier(max_iter=10, categorical_features=[0]))]
    )
    version = models.save(stores, trained.fit(table, late), "codes", input_example=table)
    loaded = models.load(stores, "codes")
    if "onnx" not in version.metadata["formats"]:
        assert "onnx" in version.metadata["not_kept"]
    np.testing.assert_allclose(loaded.predict_proba(table), trained.predict_proba(table), atol=1e-4)


def test_without_an_example_a_plain_model_is_kept_as_skops(stores: Stores) -> None:
    X = np.arange(20.0).reshape(10, 2)
    trained = LinearRegression().fit(X, X[:, 0])
    assert models.save(stores, trained, "plain").metadata["formats"] == ["skops"]
    np.testing.assert_allclose(models.load(stores, "plain").predict(X), trained.predict(X))
    table = pd.DataFrame(X, columns=["a", "b"])
    with pytest.raises(Invalid, match="input_example"):
        models.save(stores, LinearRegression().fit(table, X[:, 0]), "named")


def test_pickle_must_be_allowed_by_writer_and_by_reader(stores: Stores) -> None:
    X = np.arange(20.0).reshape(10, 2)
    trained = make_pipeline(FunctionTransformer(lambda x: x * 2), LinearRegression()).fit(X, X[:, 0])
    with pytest.raises(Invalid, match="allow_pickle=True"):
        models.save(stores, trained, "own", input_example=X)
    assert stores.versions.names("model") == []

    module_level = make_pipeline(FunctionTransformer(np.cbrt, check_inverse=False), Doubling())
    module_level.fit(X, X[:, 0])
    version = models.save(stores, module_level, "own", input_example=X, allow_pickle=True)
    assert version.metadata["formats"] == ["pickle"]
    with pytest.raises(Forbidden, match="runs code"):
        models.load(stores, "own")
    np.testing.assert_allclose(models.load(stores, "own", allow_pickle=True).predict(X), module_level.predict(X))


class Doubling(LinearRegression):
    """An estimator of the user's own."""


def test_a_skops_file_that_asks_for_strange_types_is_not_loaded() -> None:
    data = skops_file.dump(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]))
    bad = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                content = content.replace(b'"LinearRegression"', b'"Popen"').replace(
                    b'"sklearn.linear_model._base"', b'"subprocess"'
                )
            new.writestr(name, content)
    with pytest.raises(Forbidden, match="subprocess"):
        skops_file.load(bad.getvalue())


def test_a_tree_that_points_outside_itself_is_refused() -> None:
    X = np.random.default_rng(0).normal(size=(100, 3))
    trained = HistGradientBoostingRegressor(max_iter=2).fit(X, X[:, 0])
    skops_file.check_trees(trained)
    trained._predictors[0][0].nodes["left"][0] = 10_000
    with pytest.raises(Damaged, match="not below it"):
        skops_file.check_trees(trained)
    forest = RandomForestClassifier(n_estimators=2).fit(X, X[:, 0] > 0)
    skops_file.check_trees(forest)
    forest.estimators_[0].tree_.children_left[0] = 0
    with pytest.raises(Damaged, match="not below it"):
        skops_file.check_trees(forest)


def test_the_manifest_and_the_example_lie_beside_the_model(stores: Stores) -> None:
    table, late = flights()
    version = models.save(stores, PIPELINES["logistic"].fit(table, late), "delay", input_example=table)
    entries = {entry.path: entry.digest for entry in stores.blobs.entries(version.digest)}
    assert sorted(entries) == ["example.json", "model.json", "model.onnx", "model.skops", "requirements.txt"]
    said = msgspec.json.decode(stores.blobs.get_bytes(entries["model.json"]))
    assert said["task"] == "classifier"
    example = models.load(stores, "delay").example()
    assert example is not None
    assert len(example["data"]) == 5
    assert models.load(stores, "delay").predict(
        [dict(zip(example["columns"], example["data"][0], strict=True))]
    ).shape == (1,)
