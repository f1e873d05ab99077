"""A gate fails closed on every road: an alias passes a bad verdict only with a reason, and the reason is kept."""

from __future__ import annotations

import numpy as np
import pytest
from server_seed import publish

import tenfold
from tenfold.base.errors import CheckFailed
from tenfold.evaluation import record_evaluation, rule
from tenfold.models import set_verdict
from tenfold.models.registry import Registered


@pytest.fixture
def judged(seeded):
    """A model of this test's own whose only version failed a gate for each way of failing closed."""
    version = publish(seeded.stores, "model", "closed", {"m": b"closed"})
    random = np.random.default_rng(0)
    late = random.random(400) < 0.4
    found = tenfold.evaluate(late, y_score=random.random(400), slices={"carrier": np.repeat(["UA", "DL"], 200)})
    rules = ["nothing >= 0", "roc_auc >= 0 on origin", "roc_auc >= 0 on carrier=ZZ", "roc_auc >= baseline - 1"]
    verdict = tenfold.gate(found, None, [rule(one) for one in rules])
    assert not verdict.passed and len(verdict.reasons) == len(rules)
    assert not tenfold.gate(found, None, []).passed  # no threshold is not a pass
    kept = record_evaluation(seeded.stores, found, name="closed", model_version=version, verdict=verdict)
    said = {"passed": verdict.passed, "reasons": verdict.reasons, "evaluation": kept.id}
    set_verdict(seeded.stores, version.id, said)
    yield version, kept
    seeded.stores.versions.set_deleted([version.id, kept.id], at_ms=1)


def test_a_failed_verdict_is_passed_only_with_a_reason_which_is_kept(api, seeded, judged):
    version, kept = judged
    model = Registered(seeded.stores, "closed")
    for reason in (None, "", "   "):
        with pytest.raises(CheckFailed, match=r"nothing was not measured.*--force --why.*force_reason="):
            model.set_alias("champion", version.number, why="better", force_reason=reason)
    assert model.aliases() == {}
    refused = api.put("/models/closed/aliases/champion", json={"version": 1, "why": "better"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "CheckFailed", "force")
    assert api.put("/models/closed/aliases/champion", json={"version": 1, "why": " ", "force": True}).status_code == 400
    assert model.aliases() == {}
    moved = api.put("/models/closed/aliases/champion", json={"version": 1, "why": "the gate is wrong", "force": True})
    assert moved.json()["history"][0]["why"] == "the gate is wrong (forced: the gate is wrong)"
    page = api.get(f"/evaluations/{kept.id}").json()
    assert page["verdict"]["passed"] is False and len(page["verdict"]["reasons"]) == 4
    assert moved.json()["versions"][0]["evaluation_id"] == kept.id
    model.set_alias("champion", None, why="done")
