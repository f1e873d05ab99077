"""What was in production on a day, also after versions were deleted; and versions of a model side by side."""

import pytest

from tenfold.base import ids
from tenfold.base.clock import span_of
from tenfold.base.errors import Invalid
from tenfold.records import Draft, Edge, Move, Run
from tenfold.testing.stores import memory_stores
from tenfold.workspace.model_list import Models
from tenfold.workspace.registered import RegisteredModel

DAY = 24 * 3_600_000
MARCH_3, _ = span_of("2026-03-03")


@pytest.fixture
def stores():
    return memory_stores()


def publish(stores, kind="model", name="delay", **fields):
    tree = stores.blobs.put_tree({"file": f"{kind}{name}{ids.new_id()}".encode()})
    draft = Draft(
        **{"id": ids.new_id(), "kind": kind, "name": name, "digest": tree.digest, "created_at_ms": 1, **fields}
    )
    return stores.versions.publish([draft])[0]


def move(stores, ref, version, at_ms, **fields):
    stores.refs.move("model", "delay", Move(ref=ref, to=version and version.id, **fields), at_ms=at_ms)


def test_a_day_shows_what_stood_at_any_time_of_it(stores):
    one, two, three = (publish(stores) for _ in range(3))
    move(stores, "champion", one, MARCH_3 - 5 * DAY, who="ada", why="first")
    move(stores, "champion", two, MARCH_3 + 3_600_000, who="bob", why="better")
    move(stores, "champion", three, MARCH_3 + 2 * DAY)
    move(stores, "Staging", three, MARCH_3 - DAY)
    move(stores, "Staging", None, MARCH_3 - 1)
    found = Models(stores).at("2026-03-03")
    assert [(s.alias, s.version, s.until_ms) for s in found.aliases] == [
        ("champion", 1, MARCH_3 + 3_600_000), ("champion", 2, MARCH_3 + 2 * DAY)
    ]  # fmt: skip
    assert (found.aliases[1].who, found.aliases[1].why) == ("bob", "better")
    moment = Models(stores).at("2026-03-03T00:30", alias="champion")
    assert [s.version for s in moment.aliases] == [1]
    assert [s.version for s in Models(stores).at(MARCH_3 + 9 * DAY).aliases] == [3]
    assert Models(stores).at("2020-01-01").aliases == []
    assert Models(stores).at("2026-03-03", model="other").aliases == []
    with pytest.raises(Invalid, match="2026-03-03"):
        Models(stores).at("the third of March")


def test_what_was_deleted_or_purged_since_is_still_named(stores):
    one, two = (publish(stores) for _ in range(2))
    move(stores, "champion", one, MARCH_3)
    move(stores, "champion", two, MARCH_3 + 1000)
    move(stores, "champion", None, MARCH_3 + 2000)
    stores.versions.set_deleted([one.id, two.id], at_ms=5)
    stores.versions.purge([one.id])
    found = Models(stores).at("2026-03-03").aliases
    assert [(s.version, s.fate) for s in found] == [(1, "purged"), (2, "in the bin")]


def test_deployments_say_what_they_served_as_their_alias_moved(stores):
    one, two = (publish(stores) for _ in range(2))
    move(stores, "champion", one, MARCH_3 - DAY)
    move(stores, "champion", two, MARCH_3 + 1000)
    targets = [
        {"address": "model:delay@champion", "weight": 0.9},
        {"address": "model:delay@1", "weight": 0.1, "shadow": True},
    ]
    stores.runs.create(
        [
            Run(id=ids.new_id(), project="p", kind="deployment", name="delay-api", state="finished", params={"targets": targets},
                created_at_ms=MARCH_3 - 1000, started_at_ms=MARCH_3 - 1000, ended_at_ms=MARCH_3 + 5000),
            Run(id=ids.new_id(), project="p", kind="deployment", name="gone", state="finished", params={"targets": targets},
                created_at_ms=1, started_at_ms=1, ended_at_ms=2),
        ]
    )  # fmt: skip
    found = Models(stores).at("2026-03-03").deployments
    assert [(d.deployment, d.address, d.version, d.from_ms, d.until_ms) for d in found] == [
        ("delay-api", "model:delay@champion", 1, MARCH_3 - 1000, MARCH_3 + 1000),
        ("delay-api", "model:delay@v1", 1, MARCH_3 - 1000, MARCH_3 + 5000),
        ("delay-api", "model:delay@champion", 2, MARCH_3 + 1000, MARCH_3 + 5000),
    ]
    assert [d.weight for d in found if not d.is_shadow] == [0.9, 0.9]
    assert [d.version for d in Models(stores).at(MARCH_3 + 2000, alias="champion").deployments] == [2]


def test_versions_side_by_side_show_params_data_signature_and_requirements(stores):
    made = []
    for depth, error in ((3, 0.2), (5, 0.1), (5, 0.15)):
        data = publish(stores, "data", "flights")
        trainer, registrar = (
            Run(id=ids.new_id(), project="p", params={"tree": {"depth": depth}, "seed": 1}) for _ in range(2)
        )
        stores.runs.create([trainer, registrar])
        stores.lineage.add([Edge(run_id=trainer.id, version_id=data.id, direction="used", role="train", at_ms=1)])
        metadata = {
            "metrics": {"rmse": error}, "requirements": [f"scikit-learn==1.{depth}", "numpy==2.0"],
            "signature": {"inputs": [{"name": "hour", "type": "long" if depth == 3 else "double"}]},
        }  # fmt: skip
        candidate = publish(stores, name="candidate", run_id=trainer.id, metadata=metadata)
        stores.lineage.add(
            [Edge(run_id=registrar.id, version_id=candidate.id, direction="used", role="candidate", at_ms=2)]
        )
        made.append(publish(stores, run_id=registrar.id, metadata=metadata, size_bytes=depth))
    delay = RegisteredModel(stores, "delay")
    told = delay.compare(1, 2, 3)
    assert told["metrics"] == {"rmse": [0.2, 0.1, 0.15]}
    assert told["params"] == {"tree.depth": [3, 5, 5]}
    assert told["signature"] == {"inputs.hour": ["long", "double", "double"]}
    assert told["requirements"] == {"scikit-learn": ["1.3", "1.5", "1.5"]}
    assert told["data"] == {"data:flights": ["v1", "v2", "v3"]}
    assert told["facts"]["size_bytes"] == [3, 5, 5]
    assert delay.compare(1, 2, all_keys=True)["params"]["seed"] == [1, 1]
    assert delay.compare(2, 2)["params"] == {}


def test_purging_versions_of_a_model_takes_only_its_bin(stores):
    one, two = (publish(stores) for _ in range(2))
    move(stores, "champion", two, 5)
    delay = RegisteredModel(stores, "delay")
    delay.delete(1)
    with pytest.raises(LookupError, match="No version 2 of model:delay is in the bin"):
        delay.purge(2)
    assert delay.purge(preview=True, grace_ms=0).versions == 1
    assert delay.purge(grace_ms=0).freed_bytes > 0
    assert delay.versions(deleted=True) == []
    assert stores.blobs.has([one.digest, two.digest]) == {two.digest}
