"""What a shared store gives is never run unasked: pickles and estimators with code of others, planted in the store."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tenfold.base.errors import Forbidden, Invalid, StepFailed
from tenfold.pipelines import Host, pipeline, step
from tenfold.pipelines.values import Value, keep, load
from tenfold.testing.stores import memory_stores


class Planted:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@step(allow_pickle=True, cache=False)
def plant(path: str):
    return {"deep": [Planted(Path(path))]}


@step(cache=False)
def careful(thing) -> int:
    return 1


@step(allow_pickle=True, cache=False)
def trusting(thing) -> int:
    return 2


@pipeline
def taken_carefully(path: str):
    return careful(plant(path))


@pipeline
def taken_with_trust(path: str):
    return trusting(plant(path))


@pipeline
def given_back(path: str):
    return plant(path)


def test_a_pickle_is_loaded_only_by_a_step_and_a_reader_that_allow_it(tmp_path):
    host, mark = Host(memory_stores(), tmp_path), tmp_path / "ran"
    with pytest.raises(
        StepFailed, match=r"Argument 'thing' of step 'careful' is a pickle, of .*Planted.*allow_pickle=True"
    ):
        taken_carefully.with_options(host=host).run(str(mark))
    run = given_back.with_options(host=host).run(str(mark))
    with pytest.raises(Forbidden, match=r"'given_back' returned is a pickle.*pass allow_pickle=True"):
        run.outputs()
    with pytest.raises(Forbidden, match=r"output of 'plant' is a pickle"):
        run.output("plant")
    assert not mark.exists()
    assert taken_with_trust.with_options(host=host).run(str(mark)).outputs() == 2
    assert mark.exists()


def doubled(x):
    return 2 * x


class Own(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        return self

    def transform(self, x):
        return x


def test_estimators_with_code_of_the_project_and_of_scikit_learn_go_between_steps():
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    made = make_pipeline(
        Own(), FunctionTransformer(doubled), StandardScaler(), SelectKBest(f_classif, k=2), RandomForestClassifier(5)
    ).fit(x, y)
    stores = memory_stores()
    back = load(keep(made, lambda: stores.blobs).value, lambda: stores.blobs)
    assert np.array_equal(back.predict_proba(x), made.predict_proba(x))


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("ConstructorFromReduceNode", "os", "system"),
        ("ConstructorFromReduceNode", "subprocess", "Popen"),
        ("LossNode", "subprocess", "Popen"),
        ("LossNode", "os", "system"),
        ("FunctionNode", "os", "system"),
        ("FunctionNode", __name__, "os.system"),  # what a module of the project imported is not the project's
        ("ConstructorFromReduceNode", __name__, "plain"),  # the project's functions may stand in it, not be called
        ("FunctionNode", "sklearn.utils._testing", "check_output"),
    ],
)
def test_an_estimator_whose_file_names_code_of_others_is_not_loaded(tmp_path, loader, module, name):
    stores, mark = memory_stores(), tmp_path / "ran"
    given = FunctionTransformer(kw_args={"planted": (f"touch {mark}",)})
    kept = keep(given, lambda: stores.blobs)
    entry = next(one for one in stores.blobs.entries(kept.value.tree) if one.path.endswith(".skops"))
    with zipfile.ZipFile(io.BytesIO(stores.blobs.get_bytes(entry.digest))) as archive:
        schema = msgspec.json.decode(archive.read("schema.json"))
    held = schema["content"]["content"]["kw_args"]["content"]
    arguments = held["planted"]
    held["planted"] = {
        "__loader__": loader, "__class__": name, "__module__": module, "__id__": 99, "content": arguments,
        "__reduce__": {"args": arguments},
    }  # fmt: skip
    if loader == "LossNode":
        held["planted"]["content"] = {**held["planted"]["content"], "content": [], "__id__": 98}
    path = tmp_path / "bad.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", msgspec.json.encode(schema))
    tree = stores.blobs.put_tree({"0/estimator.skops": path.read_bytes()})
    leaf = {**kept.value.skeleton, "notes": {"trusted": [f"{module}.{name}"], "class": "FunctionTransformer"}}
    with pytest.raises(Forbidden, match=r"is an estimator with .*allow_pickle"):
        load(Value(leaf, tree.digest), lambda: stores.blobs)
    assert not mark.exists()


def plain(text: str) -> str:
    return text


def test_an_estimator_with_code_of_another_library_is_kept_only_where_pickles_are():
    stores, given = memory_stores(), FunctionTransformer(pickle._getattribute)
    with pytest.raises(Invalid, match=r"This value is an estimator with pickle._getattribute.*allow_pickle=True"):
        keep(given, lambda: stores.blobs)
    kept = keep(given, lambda: stores.blobs, allow_pickle=True)
    with pytest.raises(Forbidden, match=r"pickle._getattribute"):
        load(kept.value, lambda: stores.blobs)
    assert load(kept.value, lambda: stores.blobs, allow_pickle=True).func is pickle._getattribute
