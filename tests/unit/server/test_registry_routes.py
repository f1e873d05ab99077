"""The registry over HTTP: approvals, comparing, the bin, and what was in production."""

import pytest
from server_seed import publish

from tenfold.records import Move


@pytest.fixture
def name(seeded, request):
    """A model of this test's own, with two versions; the first is champion."""
    name = request.node.name.replace("_", "-")[:60]
    moves = [Move(ref="champion", who="ada", why="first")]
    publish(seeded.stores, "model", name, {"m": name.encode()}, moves=moves, metadata={"metrics": {"auc": 0.7}})
    publish(seeded.stores, "model", name, {"m": name.encode() * 9}, metadata={"metrics": {"auc": 0.8}})
    yield name
    seeded.stores.refs.move("model", name, Move(ref="champion"), at_ms=1)
    seeded.stores.versions.set_deleted(
        [version.id for version in seeded.stores.versions.search("model", name)], at_ms=1
    )


def test_an_alias_is_asked_for_and_moves_with_the_yes(api, name):
    detail = api.patch(f"/models/{name}", json={"needs_approval": ["champion"], "description": "late?"}).json()
    assert (detail["needs_approval"], detail["description"]) == (["champion"], "late?")
    move = {"version": 2, "why": "better"}
    refused = api.put(f"/models/{name}/aliases/champion", json=move)
    assert (refused.status_code, refused.json()["field"]) == (422, "force")
    asked = api.post(f"/models/{name}/requests", json={"alias": "champion", "version": 2, "who": "ada"}).json()
    assert [(one["number"], one["by"], one["state"]) for one in asked["requests"]] == [(1, "ada", "open")]
    again = api.post(f"/models/{name}/requests", json={"alias": "champion", "version": 2})
    assert again.status_code == 409
    said = api.post(f"/models/{name}/requests/1", json={"approved": True, "who": "bob", "comment": "yes"}).json()
    assert said["aliases"][0]["number"] == 2
    assert (said["history"][0]["who"], said["history"][0]["why"]) == ("bob", "yes (request 1, approved by bob)")
    late = api.post(f"/models/{name}/requests/1", json={"approved": False, "comment": "no"})
    assert late.status_code == 409
    forced = api.put(
        f"/models/{name}/aliases/champion", json={"version": 1, "why": "hotfix", "force": True, "who": "cleo"}
    )
    assert forced.json()["history"][0] | {"at_ms": 0} == {
        "ref": "champion", "before": 2, "after": 1, "at_ms": 0, "who": "cleo", "why": "hotfix (forced: hotfix)"
    }  # fmt: skip


def test_a_version_is_described_and_compared(api, name):
    detail = api.patch(f"/models/{name}", json={"version": 2, "tags": {"checked": "yes"}}).json()
    assert detail["versions"][0]["version"]["tags"] == {"checked": "yes"}
    told = api.get(f"/models/{name}/compare", params={"versions": "champion,2"}).json()
    assert told["addresses"] == [f"model:{name}@v1", f"model:{name}@v2"]
    assert (told["metrics"], told["tags"]) == ({"auc": [0.7, 0.8]}, {"checked": [None, "yes"]})
    assert api.get(f"/models/{name}/compare", params={"versions": "1,9"}).status_code == 404
    assert api.patch(f"/models/{name}", json={"version": 2, "needs_approval": []}).status_code == 400
    assert api.patch("/models/nobody", json={"description": "x"}).status_code == 404


def test_a_version_goes_to_the_bin_and_is_purged(api, name, seeded):
    kept = api.post(f"/models/{name}/bin", json={"action": "delete", "numbers": [1]})
    assert (kept.status_code, "champion" in kept.json()["detail"]) == (400, True)
    assert api.post(f"/models/{name}/bin", json={"action": "delete", "numbers": [2]}).json()["changed"] == 1
    assert [row["number"] for row in api.get(f"/models/{name}").json()["binned"]] == [2]
    assert api.post(f"/models/{name}/bin", json={"action": "restore", "numbers": [2]}).json()["changed"] == 1
    assert api.post(f"/models/{name}/bin", json={"action": "purge", "numbers": [2]}).status_code == 404
    api.post(f"/models/{name}/bin", json={"action": "delete", "numbers": [2]})
    would = api.post(f"/models/{name}/bin", json={"action": "purge", "numbers": [2], "preview": True}).json()
    assert (would["purged"]["versions"], would["purged"]["waiting_bytes"] > 0) == (1, True)
    assert api.post(f"/models/{name}/bin", json={"action": "purge", "numbers": [2]}).json()["changed"] == 1
    assert api.get(f"/models/{name}").json()["binned"] == []
    gone = seeded.stores.versions.find("model", name, 2)
    files = api.get(f"/versions/{gone.id}/files")
    assert (files.status_code, "purged" in files.json()["detail"]) == (404, True)
    assert api.get(f"/versions/{gone.id}").status_code == 200


def test_what_was_in_production_is_told_for_a_day(api, name):
    now = api.get("/production", params={"at": "2100-01-01", "model": name}).json()
    assert [(one["alias"], one["version"], one["until_ms"]) for one in now["aliases"]] == [("champion", 1, None)]
    assert api.get("/production", params={"at": "2001-01-01", "model": name}).json()["aliases"] == []
    assert api.get("/production", params={"at": "soon"}).status_code == 400
