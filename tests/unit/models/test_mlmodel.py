"""Models in the folders MLflow writes, written here by MLflow itself: safe formats load, pickles only on trust."""

from __future__ import annotations

from pathlib import Path

import httpx
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import tenfold.models as models
from tenfold.base import ids
from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.contracts import Stores
from tenfold.records import Draft, Version
from tenfold.serving import Server, Target
from tenfold.testing.stores import memory_stores

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own

RNG = np.random.default_rng(5)
TABLE = pd.DataFrame(RNG.random((100, 3)), columns=list("abc"))
LATE = (TABLE.a > 0.5).astype(int)
PINS = {"pip_requirements": ["xgboost==3.2.0"]}  # else MLflow starts a process that imports the model


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def imported(stores: Stores, folder: Path) -> Version:
    """The folder as a version, as `tenfold import mlflow` and the MLflow door keep one."""
    tree = stores.blobs.put_tree({str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()})
    draft = Draft(
        id=ids.new_id(), kind="model", name="delay", digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files,
        type="model/mlflow", created_at_ms=1,
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def signature(inputs=TABLE):
    from mlflow.models import infer_signature

    return infer_signature(inputs, LATE)


@pytest.mark.parametrize("model_format", ["ubj", "json"])
def test_boosters_of_xgboost_load_by_their_own_format(stores, tmp_path, model_format):
    import mlflow.xgboost

    booster = xgboost.train({}, xgboost.DMatrix(TABLE, LATE), 3)
    mlflow.xgboost.save_model(booster, tmp_path / "m", model_format=model_format, **PINS)
    model = models.load(stores, imported(stores, tmp_path / "m"))
    assert isinstance(model.native, xgboost.Booster)
    assert np.array_equal(model.predict(TABLE), booster.predict(xgboost.DMatrix(TABLE)))
    assert "xgboost==3.2.0" in model.manifest.requirements


def test_a_classifier_of_xgboost_is_served_with_its_signature(stores, tmp_path):
    import mlflow.xgboost

    fitted = xgboost.XGBClassifier(n_estimators=3).fit(TABLE, LATE)
    mlflow.xgboost.save_model(fitted, tmp_path / "m", signature=signature(), input_example=TABLE[:2], **PINS)
    version = imported(stores, tmp_path / "m")
    model = models.load(stores, version)
    assert model.signature.classes == [0, 1]
    assert model.example()["columns"] == ["a", "b", "c"]
    target = Target("delay", version.address)
    with Server(
        stores, [target], load=lambda version: models.load(stores, version), log_folder=tmp_path / "log"
    ) as server:
        rows = TABLE[:5].to_dict("split", index=False)
        answer = httpx.post(f"{server.url}/invocations", json={"dataframe_split": rows})
        assert answer.json()["predictions"] == fitted.predict(TABLE[:5]).tolist()
        refused = httpx.post(f"{server.url}/invocations", json={"dataframe_records": [{"a": 1.0, "b": "x", "c": 1.0}]})
        assert refused.status_code == 400 and refused.json()["field"] == "b"


def test_models_of_lightgbm_load_as_text_and_as_skops(stores, tmp_path):
    import mlflow.lightgbm

    fitted = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(TABLE, LATE)
    mlflow.lightgbm.save_model(fitted, tmp_path / "a", signature=signature(), **PINS)
    mlflow.lightgbm.save_model(fitted.booster_, tmp_path / "b", signature=signature(TABLE.to_numpy()), **PINS)
    estimator, booster = (models.load(stores, imported(stores, tmp_path / name)) for name in "ab")
    assert (estimator.manifest.files[0].format, booster.manifest.files[0].format) == ("skops", "txt")
    assert np.array_equal(estimator.predict(TABLE), fitted.predict(TABLE))
    assert booster.predict(TABLE.to_numpy()) == pytest.approx(fitted.predict_proba(TABLE)[:, 1])
    assert booster.signature.positional


def test_a_graph_of_onnx_is_run_by_onnx_runtime(stores, tmp_path):
    import mlflow.onnx
    from skl2onnx import to_onnx

    fitted = LogisticRegression().fit(TABLE.to_numpy(), LATE)
    graph = to_onnx(fitted, TABLE.to_numpy(dtype="float32")[:1], options={"zipmap": False})
    mlflow.onnx.save_model(graph, tmp_path / "m", signature=signature(), **PINS)
    model = models.load(stores, imported(stores, tmp_path / "m"))
    assert np.array_equal(model.predict(TABLE), fitted.predict(TABLE.to_numpy()))
    assert model.predict_proba(TABLE) == pytest.approx(fitted.predict_proba(TABLE.to_numpy()), abs=1e-5)


def test_estimators_as_skops_load_by_the_readers_own_list(stores, tmp_path):
    import mlflow.sklearn

    fitted = LogisticRegression().fit(TABLE, LATE)
    mlflow.sklearn.save_model(fitted, tmp_path / "m", serialization_format="skops", signature=signature(), **PINS)
    model = models.load(stores, imported(stores, tmp_path / "m"))
    assert np.array_equal(model.predict(TABLE), fitted.predict(TABLE))


def test_the_files_own_list_of_trusted_types_opens_nothing(stores, tmp_path):
    import mlflow.sklearn
    import skops.io

    fitted = LogisticRegression().fit(TABLE, LATE)
    mlflow.sklearn.save_model(fitted, tmp_path / "m", serialization_format="skops", signature=signature(), **PINS)
    (tmp_path / "m" / "model.skops").write_bytes(skops.io.dumps(OfTheAuthor()))
    said = (tmp_path / "m" / "MLmodel").read_text()
    name = f"{OfTheAuthor.__module__}.OfTheAuthor"
    assert "skops_trusted_types: null" in said
    (tmp_path / "m" / "MLmodel").write_text(
        said.replace("skops_trusted_types: null", f"skops_trusted_types: ['{name}']")
    )
    with pytest.raises(Forbidden, match="OfTheAuthor"):
        models.load(stores, imported(stores, tmp_path / "m"), allow_pickle=True)


class OfTheAuthor:
    def predict(self, table):
        return [0] * len(table)


def test_a_pickled_estimator_loads_only_on_trust(stores, tmp_path):
    import mlflow.sklearn

    fitted = RandomForestClassifier(5).fit(TABLE, LATE)
    mlflow.sklearn.save_model(fitted, tmp_path / "m", serialization_format="cloudpickle", signature=signature(), **PINS)
    version = imported(stores, tmp_path / "m")
    with pytest.raises(Forbidden, match="allow_pickle=True"):
        models.load(stores, version)
    model = models.load(stores, version, allow_pickle=True)
    assert np.array_equal(model.predict(TABLE), fitted.predict(TABLE))


def test_a_model_of_python_loads_through_mlflow_on_trust(stores, tmp_path):
    import mlflow.pyfunc

    class Twice(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["a"] * 2

    mlflow.pyfunc.save_model(tmp_path / "m", python_model=Twice(), signature=signature(), **PINS)
    version = imported(stores, tmp_path / "m")
    with pytest.raises(Forbidden, match="MLflow"):
        models.load(stores, version)
    model = models.load(stores, version, allow_pickle=True)
    assert model.predict(TABLE) == pytest.approx(TABLE.a * 2)


def test_a_model_without_signature_says_what_it_lacks(stores, tmp_path):
    import mlflow.sklearn

    fitted = LogisticRegression().fit(TABLE, LATE)
    mlflow.sklearn.save_model(fitted, tmp_path / "m", serialization_format="skops", **PINS)
    model = models.load(stores, imported(stores, tmp_path / "m"))
    assert np.array_equal(model.native.predict(TABLE), fitted.predict(TABLE))
    with pytest.raises(Invalid, match=r"does not say what it takes.*signature="):
        model.predict(TABLE)


@pytest.mark.parametrize("said", ["", "[]", "flavors: 3", "flavors: {xgboost: {data: ../../etc/passwd}}", "{: :"])
def test_an_mlmodel_that_cannot_be_read_is_damaged(stores, tmp_path, said):
    (tmp_path / "MLmodel").write_text(said)
    with pytest.raises((Damaged, Forbidden)):
        models.load(stores, imported(stores, tmp_path))


def test_a_column_that_no_signature_of_ours_says_is_named(stores, tmp_path):
    (tmp_path / "MLmodel").write_text(
        "flavors: {xgboost: {data: model.ubj}}\n"
        'signature: {inputs: \'[{"type": "datetime", "name": "when", "required": true}]\'}\n'
    )
    with pytest.raises(Invalid, match=r"'when'.*datetime"):
        models.load(stores, imported(stores, tmp_path))
