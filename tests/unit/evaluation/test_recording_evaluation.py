"""Evaluations in the store: found again, and joined to what they judged."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.evaluation import Rule, evaluate, gate, load_evaluation, record_evaluation
from tenfold.records import Draft, Version
from tenfold.testing.stores import memory_stores


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


def _version(stores: Stores, kind: str) -> Version:
    return stores.versions.publish([Draft(id=new_id(), kind=kind, name="delay", digest="d" * 64)])[0]


def test_a_recorded_evaluation_reads_back_with_edges_to_model_and_data(stores: Stores) -> None:
    evaluation = evaluate([0, 1, 1, 0], y_score=[0.1, 0.8, 0.6, 0.3])
    verdict = gate(evaluation, None, [Rule("roc_auc", at_least=0.9)])
    model, data = _version(stores, "model"), _version(stores, "data")
    version = record_evaluation(
        stores, evaluation, name="delay", model_version=model, data_version=data, project="flights", verdict=verdict
    )
    assert load_evaluation(stores, stores.versions.get([version.id])[0]) == evaluation
    [run] = stores.runs.get([version.run_id or ""])
    assert (run.kind, run.state, run.project) == ("evaluation", "finished", "flights")
    assert run.result["verdict"]["passed"] is True
    edges = {(edge.direction, edge.role, edge.version_id) for edge in stores.lineage.of_runs([run.id])}
    assert edges == {("used", "model", model.id), ("used", "holdout", data.id), ("produced", "evaluation", version.id)}


def test_an_evaluation_with_many_slices_is_kept_as_a_file(stores: Stores) -> None:
    random = np.random.default_rng(0)
    evaluation = evaluate(
        random.integers(0, 2, 10_000),
        y_score=random.random(10_000),
        slices={"airport": random.integers(0, 100, 10_000)},
    )
    version = record_evaluation(stores, evaluation, name="delay")
    assert version.inline is None
    assert load_evaluation(stores, version) == evaluation
