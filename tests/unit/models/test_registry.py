"""Aliases, verdicts, the bin, comparing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import tenfold.models as models
from tenfold.base import ids
from tenfold.base.errors import CheckFailed, Invalid, InvalidAddress, RefMoved, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import Run, RunQuery
from tenfold.testing.stores import memory_stores

X = np.arange(20.0).reshape(10, 2)


@pytest.fixture
def stores() -> Stores:
    stores = memory_stores()
    for target, error in ((X[:, 0], 0.2), (X[:, 1], 0.1)):
        models.save(stores, LinearRegression().fit(X, target), "delay", metrics={"rmse": error})
    return stores


def test_an_alias_moves_and_its_history_says_who_and_why(stores: Stores) -> None:
    delay = models.Registered(stores, "delay")
    delay.set_alias("champion", 1, who="ada", why="first")
    moved = delay.set_alias("champion", 2, who="bob", why="better")
    assert moved is not None
    assert moved.number == 2
    assert delay.aliases()["champion"].number == 2
    assert [(m.who, m.why) for m in delay.history("champion")] == [("bob", "better"), ("ada", "first")]
    assert delay.at("champion", moved.moved_at_ms).number == 2
    assert delay.at("champion", 1) is None
    assert models.load(stores, "model:delay").version.number == 2
    delay.set_alias("Staging", "champion")
    assert delay.aliases()["Staging"].number == 2


def test_champion_does_not_take_a_failed_version_without_a_reason(stores: Stores) -> None:
    delay = models.Registered(stores, "delay")
    failed = models.set_verdict(stores, delay.version(2).id, {"passed": False, "reasons": ["auc 0.51 < 0.6"]})
    assert failed.tags["blessing"] == "failed"
    with pytest.raises(CheckFailed, match=r"auc 0.51 < 0.6"):
        delay.set_alias("champion", 2)
    assert delay.aliases() == {}
    delay.set_alias("challenger", 2)
    delay.set_alias("champion", 2, who="ada", why="hotfix", force_reason="the old one is broken")
    assert delay.history("champion")[0].why == "hotfix (forced: the old one is broken)"
    models.set_verdict(stores, delay.version(2).id, {"passed": True})
    assert "verdict" not in delay.version(2).tags


def test_an_alias_expected_elsewhere_does_not_move(stores: Stores) -> None:
    delay = models.Registered(stores, "delay")
    delay.set_alias("champion", 1)
    with pytest.raises(RefMoved):
        delay.set_alias("champion", 2, expect=delay.version(2).id)
    with pytest.raises(InvalidAddress):
        delay.set_alias("latest", 1)


def test_a_version_in_use_is_not_deleted_and_a_deleted_one_comes_back(stores: Stores) -> None:
    delay = models.Registered(stores, "delay")
    delay.set_alias("champion", 1)
    with pytest.raises(Invalid, match="champion"):
        delay.delete(1)
    delay.delete(2)
    assert [v.number for v in delay.versions()] == [1]
    with pytest.raises(VersionNotFound):
        models.load(stores, "model:delay@2")
    delay.restore(2)
    assert [v.number for v in delay.versions()] == [2, 1]


def test_a_registered_candidate_keeps_the_way_back_to_its_training(stores: Stores) -> None:
    stores.runs.create([Run(id=ids.new_id(), project="p", kind="step")])
    run = stores.runs.search(RunQuery()).items[0]
    verdict = {"passed": True, "reasons": ["better"], "evaluation": "e"}
    made = models.register(stores, "best", "model:delay@2", run_id=run.id, message="winner", verdict=verdict)
    assert (made.address, made.digest) == ("model:best@v1", models.Registered(stores, "delay").version(2).digest)
    assert (made.tags["blessing"], made.tags["evaluation"]) == ("passed", "e")
    edges = {(edge.direction, edge.role) for edge in stores.lineage.of_runs([run.id])}
    assert edges == {("used", "candidate"), ("produced", "model")}
    assert models.load(stores, "model:best").predict(X).shape == (10,)
