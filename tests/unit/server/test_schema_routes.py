"""Schemas over a real socket: listed, read, changed by what a check found, never over somebody else's change."""

from __future__ import annotations

from tenfold.monitoring import Monitor, check, infer_schema, record_check, validate
from tenfold.workspace import schemas


def test_a_schema_is_reviewed_and_its_anomalies_accepted(api, seeded):
    schema = infer_schema({"carrier": ["UA", "DL"], "seats": [100, 120]}, ranges=True)
    kept = schemas.save(seeded.stores, "wire flights", schema, message="inferred")
    found = validate({"carrier": ["UA", "ZZ"], "seats": [100, 999]}, schema)
    schemas.record(seeded.stores, kept, found, rows=2, data="april.csv", environment="serving")
    row = next(row for row in api.get("/schemas").json()["items"] if row["name"] == "wire flights")
    assert (row["columns"], row["anomalies"], row["version"]) == (2, 2, 1)
    one = api.get("/schemas/wire%20flights").json()
    assert [(column["presence"], column["values"]) for column in one["columns"]] == [
        ("always", "DL, UA"),
        ("always", "100 … 120"),
    ]
    [check] = one["checks"]
    assert check["anomalies"][0]["examples"] == [{"row": 1, "value": "ZZ"}]
    body = {"expect": 1, "changes": [check["anomalies"][0]["change"]], "remove": ["seats"], "message": "both"}
    after = api.post("/schemas/wire%20flights/changes", json=body).json()
    assert (after["version"], [column["values"] for column in after["columns"]]) == (2, ["DL, UA, ZZ"])
    assert api.get("/schemas/wire%20flights?version=1").json()["columns"][0]["values"] == "DL, UA"
    assert api.post("/schemas/wire%20flights/changes", json=body).status_code == 409  # version 2 is the newest now


def test_scores_of_a_monitor_begin_with_the_columns_that_drifted_most(api, seeded):
    calm = {f"c{i}": list(range(200)) for i in range(4)}
    moved = {name: [value + 100 * (3 - i) for value in values] for i, (name, values) in enumerate(calm.items())}
    monitor = Monitor(name="ordered", target="data:x", project="wire")
    record_check(seeded.stores, monitor, check(monitor, calm, {**moved, "c0": calm["c0"]}))
    keys = api.get("/monitors/ordered").json()["keys"]
    assert [key for key in keys if key.startswith("drift.")] == ["drift.c1", "drift.c2", "drift.c0", "drift.c3"]


def test_a_change_that_cannot_be_is_refused_and_keeps_nothing(api, seeded):
    schemas.save(seeded.stores, "refusing", infer_schema({"a": [1]}))
    for change in (
        {"column": "b", "fields": {}},
        {"column": "a", "fields": {"colour": 1}},
        {"column": "a", "fields": {"min": "x"}},
    ):
        answer = api.post("/schemas/refusing/changes", json={"expect": 1, "changes": [{**change, "is_new": False}]})
        assert answer.status_code == 400, change
    assert api.get("/schemas/refusing").json()["newest"] == 1
    assert api.get("/schemas/nothing").status_code == 404
