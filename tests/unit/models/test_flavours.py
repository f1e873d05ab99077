"""Models of libraries beside scikit-learn: what is kept of them, that it answers the same, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import lightgbm
import msgspec
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import xgboost
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tenfold.models as models
from tenfold.base.errors import Damaged, Forbidden, Invalid
from tenfold.contracts import Stores
from tenfold.serving import Server, Target
from tenfold.testing.stores import memory_stores

RNG = np.random.default_rng(5)
TABLE = pd.DataFrame(
    {
        "carrier": RNG.choice(["AA", "UA", "B6"], 300),
        "hour": RNG.integers(0, 24, 300),
        "distance": RNG.uniform(0, 1, 300),
    }
)
TYPED = TABLE.astype({"carrier": "category"})
LATE = np.where((TABLE.hour > 12) ^ (TABLE.carrier == "B6"), "late", "on time")
NUMBERS = TABLE[["hour", "distance"]]
DELAY = (TABLE.hour * 2 + TABLE.distance).to_numpy()


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def kept(stores: Stores, model: object, example: object, **options: object) -> models.Model:
    version = models.save(stores, model, "delay", input_example=example, **options)
    return models.load(stores, version, allow_pickle=bool(options.get("allow_pickle")))


def test_an_xgboost_classifier_comes_back_as_one_with_its_categories(stores):
    fitted = xgboost.XGBClassifier(n_estimators=5, enable_categorical=True).fit(TYPED, LATE == "late")
    model = kept(stores, fitted, TYPED)
    assert model.version.type == "model/xgboost"
    assert isinstance(model.native, xgboost.XGBClassifier)
    assert model.manifest.files[0].format == "ubj" and model.manifest.files[0].max_difference == 0.0
    assert np.array_equal(model.predict_proba(TABLE), fitted.predict_proba(TYPED))
    rows = TABLE.iloc[[7]]  # one row knows one category; the model knows them all
    assert np.array_equal(model.predict_proba(rows), fitted.predict_proba(TYPED)[[7]])


def test_a_booster_of_xgboost_needs_no_example_where_it_knows_its_width(stores):
    matrix = NUMBERS.to_numpy(dtype=float)
    booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(matrix, DELAY), 4)
    model = kept(stores, booster, None)
    assert np.array_equal(model.predict(matrix), booster.predict(xgboost.DMatrix(matrix)))
    assert [column.type for column in model.signature.outputs] == ["float"]


def test_a_lightgbm_classifier_keeps_its_labels_beside_its_booster(stores):
    fitted = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(TYPED, LATE)
    model = kept(stores, fitted, TYPED)
    assert isinstance(model.native, lightgbm.Booster)
    assert model.signature.classes == ["late", "on time"]
    assert model.predict(TABLE).tolist() == fitted.predict(TYPED).tolist()
    assert model.predict_proba(TABLE.iloc[[3]]) == pytest.approx(fitted.predict_proba(TYPED)[[3]])
    assert b"tree" in kept_file(stores, model, "model.txt")


def test_a_lightgbm_classifier_of_three_labels(stores):
    labels = TABLE.hour.to_numpy() % 3
    fitted = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(NUMBERS, labels)
    model = kept(stores, fitted, NUMBERS)
    assert np.array_equal(model.predict(NUMBERS), fitted.predict(NUMBERS))
    assert model.predict_proba(NUMBERS).shape == (300, 3)


@pytest.mark.parametrize(
    "booster", [xgboost.XGBRegressor(n_estimators=3), lightgbm.LGBMRegressor(n_estimators=3, verbose=-1)]
)
def test_a_pipeline_that_ends_in_a_booster_is_kept_without_pickle(stores, booster):
    fitted = make_pipeline(StandardScaler().set_output(transform="pandas"), booster).fit(NUMBERS, DELAY)
    model = kept(stores, fitted, NUMBERS)
    assert [file.format for file in model.manifest.files] == ["skops"]
    assert model.predict(NUMBERS) == pytest.approx(fitted.predict(NUMBERS))


@pytest.mark.parametrize("kind", ["OLS", "WLS", "GLM of gamma", "GLM of counts", "Logit", "Poisson"])
def test_linear_models_of_statsmodels_are_their_coefficients(stores, kind):
    rows = sm.add_constant(NUMBERS.astype(float))
    late = (LATE == "late").astype(int)
    fitted = {
        "OLS": lambda: sm.OLS(DELAY, rows).fit(),
        "WLS": lambda: sm.WLS(DELAY, rows, weights=1 + TABLE.hour).fit(),
        "GLM of gamma": lambda: sm.GLM(DELAY + 1, rows, family=sm.families.Gamma(sm.families.links.Log())).fit(),
        "GLM of counts": lambda: sm.GLM(TABLE.hour, rows, family=sm.families.Poisson()).fit(),
        "Logit": lambda: sm.Logit(late, rows).fit(disp=0),
        "Poisson": lambda: sm.Poisson(TABLE.hour, rows).fit(disp=0),
    }[kind]()
    model = kept(stores, fitted, rows)
    assert [file.format for file in model.manifest.files] == ["coefficients"]
    assert model.predict(rows) == pytest.approx(np.asarray(fitted.predict(rows)), rel=1e-9)


def test_what_statsmodels_holds_in_no_safe_form_is_refused_with_the_cure(stores):
    fitted = smf.ols("late ~ hour * C(carrier)", TABLE.assign(late=DELAY)).fit()
    with pytest.raises(Invalid, match=r"formula.*allow_pickle=True"):
        models.save(stores, fitted, "delay", input_example=TABLE)
    model = kept(stores, fitted, TABLE, allow_pickle=True)
    assert model.predict(TABLE) == pytest.approx(np.asarray(fitted.predict(TABLE)))
    with pytest.raises(Forbidden, match="pickle"):
        models.load(stores, "delay")


def test_a_glm_with_an_offset_is_more_than_its_coefficients(stores):
    rows = sm.add_constant(NUMBERS.astype(float))
    fitted = sm.GLM(TABLE.hour, rows, family=sm.families.Poisson(), offset=TABLE.distance).fit()
    with pytest.raises(Invalid, match="more than the coefficients"):
        models.save(stores, fitted, "delay", input_example=rows)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the user's own on the path."""
    package = tmp_path / "own_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "factors.py").write_text("TIMES = 3\n")
    (package / "delays.py").write_text(
        "import numpy as np\n"
        "from own_models.factors import TIMES\n\n"
        "def times(table):\n    return table['hour'] * TIMES\n\n"
        "def brightness(images):\n    return images.mean(axis=(1, 2))\n\n"
        "class Threshold:\n"
        "    def __init__(self):\n        self.limit = 12\n\n"
        "    def predict(self, table):\n        return np.asarray(table['hour']) > self.limit\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_models"]:
        del sys.modules[name]


def test_a_function_is_kept_as_its_source_and_runs_as_it_was(stores, written):
    from own_models.delays import times

    version = models.save(stores, times, "delay", input_example=TABLE)
    assert version.type == "model/python"
    (written / "factors.py").write_text("TIMES = 4\n")
    model = models.load(stores, version, allow_pickle=True)
    assert model.predict(TABLE).tolist() == (TABLE.hour * 3).tolist()
    assert times(TABLE).tolist() == (TABLE.hour * 3).tolist(), "the one that is imported here is untouched"


def test_a_function_loads_only_for_who_trusts_it(stores, written):
    from own_models.delays import times

    version = models.save(stores, times, "delay", input_example=TABLE)
    with pytest.raises(Forbidden, match=r"source.*allow_pickle=True"):
        models.load(stores, version)


def test_a_class_that_predicts_is_a_model(stores, written):
    from own_models.delays import Threshold

    model = kept(stores, Threshold, TABLE, allow_pickle=True)
    assert model.predict(TABLE).tolist() == (TABLE.hour > 12).tolist()
    assert model.signature.outputs[0].type == "bool"


def test_source_that_changed_since_it_was_imported_is_not_kept(stores, written):
    from own_models.delays import times

    (written / "factors.py").write_text("TIMES = 4\n")
    with pytest.raises(Invalid, match="its answers differ"):
        models.save(stores, times, "delay", input_example=TABLE)


def test_a_function_inside_another_is_refused_with_the_cure(stores):
    with pytest.raises(Invalid, match="at the top of a module"):
        models.save(stores, lambda table: table["hour"], "delay", input_example=TABLE)


def test_a_model_may_take_an_array_in_each_row_and_be_served(stores, written, tmp_path):
    from own_models.delays import brightness

    images = RNG.random((4, 2, 3))
    model = kept(stores, brightness, images, allow_pickle=True)
    assert model.signature.inputs[0].shape == [2, 3]
    assert model.predict(images) == pytest.approx(images.mean(axis=(1, 2)))
    with pytest.raises(Invalid, match=r"array of float \(2, 3\)"):
        model.predict(images[:, :1])
    load = lambda version: models.load(stores, version, allow_pickle=True)  # noqa: E731
    with Server(stores, [Target("light", "model:delay@1")], load=load, log_folder=tmp_path / "log") as server:
        bodies = {
            "/invocations": {"instances": images.tolist()},
            "/v1/models/light:predict": {"instances": [{"x": image} for image in images.tolist()]},
        }
        for path, body in bodies.items():
            answer = httpx.post(server.url + path, json=body)
            assert answer.json()["predictions"] == pytest.approx(images.mean(axis=(1, 2))), path
        tensor = {"name": "pixels", "shape": [4, 2, 3], "datatype": "FP64", "data": images.ravel().tolist()}
        answer = httpx.post(f"{server.url}/v2/models/light/infer", json={"inputs": [tensor]})
        assert answer.json()["outputs"][0]["data"] == pytest.approx(images.mean(axis=(1, 2)))
        refused = httpx.post(f"{server.url}/v2/models/light/infer", json={"inputs": [tensor | {"shape": [4, 3, 2]}]})
        assert refused.status_code == 400 and "[rows, 2, 3]" in refused.json()["error"]
    logged = stores.versions.search("predictions", "light", limit=10)
    assert sum(version.metadata["rows"] for version in logged) == 12
    assert "x" not in logged[0].metadata["columns"], "arrays are not logged"


def test_coefficients_that_were_changed_are_damaged(stores):
    rows = sm.add_constant(NUMBERS.astype(float))
    version = models.save(stores, sm.OLS(DELAY, rows).fit(), "delay", input_example=rows)
    entries = {entry.path: stores.blobs.get_bytes(entry.digest) for entry in stores.blobs.entries(version.digest)}
    tree = stores.blobs.put_tree(entries | {"coefficients.json": b'{"model": 1}'})
    changed = msgspec.structs.replace(version, digest=tree.digest)
    with pytest.raises(Damaged, match=r"coefficients\.json"):
        models.load(stores, changed)


def test_what_predicts_nothing_is_refused(stores):
    with pytest.raises(Invalid, match="no predict"):
        models.save(stores, object(), "delay")


def kept_file(stores: Stores, model: models.Model, path: str) -> bytes:
    entry = stores.blobs.find_entry(model.version.digest, path)
    assert entry is not None
    return stores.blobs.get_bytes(entry.digest)
