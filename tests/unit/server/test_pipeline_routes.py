"""What the pages of pipelines ask for: small answers, a run started and cleared from a page, schedules, pools."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from tenfold.base.clock import now_ms
from tenfold.pipelines import Host, pipeline, step
from tenfold.pipelines.driving.pools import set_pool
from tenfold.pipelines.starting.schedules import Schedule, activate, find, save
from tenfold.pipelines.work import Target
from tenfold.records import Run, RunQuery, Task
from tenfold.server import place_of, serving
from tenfold.workspace import Workspace
from tenfold.workspace.location import Location

FLOW = """
from pathlib import Path
import tenfold

@tenfold.step
def numbers(n: int) -> list[int]:
    with open("ran", "a") as file:
        file.write("n")
    return list(range(n))

@tenfold.step
def double(x: int) -> int:
    if Path("broken").exists() and x == 1:
        raise ValueError("x is one")
    return 2 * x

@tenfold.step(pool="gpu")
def total(xs: list[int]) -> int:
    return sum(xs)

@tenfold.pipeline
def adding(n: int = 3):
    return total(double.map(numbers(n)))
"""


@step(retries=1, retry_delay_s=0)
def odd(x: int) -> int:
    if x == 7:
        raise ValueError(f"{x} is odd\nand more")
    return x


@step
def link(x: int) -> int:
    return x + 1


@pipeline
def wide(n: int = 300):
    return odd.map(list(range(n)))


@pipeline
def deep(n: int = 40):
    x = 0
    for _ in range(n):
        x = link(x)
    return x


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(Location("folder", str(tmp_path / ".tenfold"), tmp_path / ".tenfold"))


@pytest.fixture
def api(place: Workspace) -> Iterator[httpx.Client]:
    with serving(place_of(place)) as url, httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
        yield client


def ended(api: httpx.Client, run_id: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = api.get(f"/pipelines/runs/{run_id}").json()
        if found["run"]["state"] not in ("created", "running"):
            return found  # type: ignore[no-any-return]
        time.sleep(0.1)
    raise TimeoutError(found)


def test_a_wide_run_and_a_deep_one_are_small_and_their_places_come_by_pages(
    place: Workspace, api: httpx.Client
) -> None:
    host = Host(place.stores, place.folder)
    run = wide.with_options(host=host, executor="inline", raises=False).run()
    answer = api.get(f"/pipelines/runs/{run.id}")
    assert len(answer.content) < 2000
    found = answer.json()
    assert found["items"] == {"odd": {"finished": 299, "failed": 1}}
    assert found["counts"] == {"finished": 299, "failed": 1}
    failed = api.get(f"/pipelines/runs/{run.id}/places", params={"step": "odd", "state": "failed"}).json()
    assert (failed["items"]["keys"], failed["errors"]) == (["odd[7]"], ["ValueError: 7 is odd"])
    page = api.get(f"/pipelines/runs/{run.id}/places", params={"order": "-attempts", "limit": 2}).json()
    assert (page["items"]["keys"][0], page["total"], page["next"]) == ("odd[7]", 300, 2)
    one = api.get(f"/pipelines/runs/{run.id}/step", params={"key": "odd[7]"}).json()
    assert [attempt["state"] for attempt in one["attempts"]] == ["failed", "failed"]
    assert one["options"] == {"retries": 1, "retry_delay_s": 0.0}
    assert "and more" in one["error"]
    assert api.get(f"/pipelines/runs/{run.id}/step", params={"key": "even"}).status_code == 404
    chain = deep.with_options(host=host, executor="inline").run()
    found = api.get(f"/pipelines/runs/{chain.id}").json()
    assert found["edges"][:2] == [[0, 1, "x"], [1, 2, "x"]]
    assert all(ready <= start for ready, start in zip(found["steps"]["ready"], found["steps"]["start"], strict=True))
    grid = api.get("/grids/deep").json()
    assert (len(grid["steps"]), grid["next"], grid["cells"][0][0][0]) == (40, None, "finished")
    rows = {row["name"]: row for row in api.get("/pipelines").json()["items"]}
    assert (rows["wide"]["succeeded"], rows["wide"]["failed"]["id"]) == (0.0, run.id)
    assert api.get("/pipelines/deep").json()["schema"]["properties"]["n"]["type"] == "integer"


def test_a_page_starts_a_run_again_with_other_params_and_clears_a_step(
    place: Workspace, api: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    environment = {**os.environ, "TENFOLD_STORE": place.location.store}
    command = [sys.executable, "-m", "tenfold", "run", "flow.py:adding"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    [first] = place.stores.runs.search(RunQuery(kinds=["pipeline"])).items
    wrong = api.post("/pipelines/adding", json={"params": {"m": 3}})
    assert (wrong.status_code, "no param 'm'" in wrong.json()["detail"]) == (400, True)
    asked = api.post("/pipelines/adding", json={"params": {"n": 4}, "why": "one more"}).json()["run_id"]
    again = ended(api, asked)
    assert (again["run"]["state"], again["run"]["params"]) == ("finished", {"n": 4})  # type: ignore[index]
    assert again["run"]["tags"]["trigger"] == "one more"  # type: ignore[index]
    plan = api.post(f"/pipelines/runs/{first.id}/clear", json={"keys": ["numbers"], "preview": True}).json()
    assert plan["cleared"] == 6
    (tmp_path / "broken").touch()
    api.post(f"/pipelines/runs/{first.id}/clear", json={"keys": ["numbers"]}).raise_for_status()
    found = ended(api, first.id)
    assert found["counts"] == {"finished": 3, "failed": 1, "skipped": 1}
    assert (tmp_path / "ran").read_text() == "nnn"
    one = api.get(f"/pipelines/runs/{first.id}/step", params={"key": "numbers"}).json()
    assert (one["why"], one["state"]) == ("it was cleared", "finished")


def test_schedules_are_paused_and_backfilled_after_a_look_and_pools_say_who_waits(
    place: Workspace, api: httpx.Client
) -> None:
    stores, day = place.stores, 86_400_000
    save(stores, Schedule(name="nightly", pipeline="adding", target=Target("flow"), cron="0 2 * * *"))
    [row] = api.get("/schedules", params={"pipeline": "adding"}).json()["items"]
    assert (row["active"], len(row["next_ms"]), row["says"]) == (True, 5, "0 2 * * * UTC")
    assert api.get("/pipelines/adding").json()["row"]["next_ms"] == row["next_ms"][0]
    assert api.patch("/schedules/nightly", json={"active": False, "why": "rest"}).json() == {"changed": 1}
    assert api.get("/pipelines").json()["items"][0]["paused"] == ["nightly"]
    span = {"from_ms": 1_700_006_400_000, "to_ms": 1_700_006_400_000 + 3 * day - 1}
    plan = api.post("/schedules/nightly/backfill", json={**span, "preview": True}).json()
    assert (plan["asked"], [one["state"] for one in plan["moments"]]) == (3, [None, None, None])
    assert api.post("/schedules/nightly/backfill", json=span).json()["asked"] == 3
    later = api.post("/schedules/nightly/backfill", json={**span, "to_ms": span["to_ms"] + day, "preview": True}).json()
    assert (later["asked"], later["there"], later["moments"][0]["state"]) == (1, 3, "created")
    set_pool(stores, "gpu", 2)
    root = later["moments"][0]["run_id"]
    tasks = [
        Task(id=f"task{n}", root_id=root, key=f"train[{n}]", state="ready", pool="gpu", payload={}) for n in range(3)
    ]
    stores.tasks.add(tasks, [])
    stores.tasks.claim("me", limit=2, lease_ms=60_000, at_ms=1, limits={"gpu": 2}, root_ids=[root])
    [pool] = api.get("/pools").json()["items"]
    assert (pool["held"], pool["waiting"], [one["key"] for one in pool["line"]]) == (2, 1, ["train[2]"])
    assert pool["line"][0]["pipeline"] == "adding"
    assert api.put("/pools/gpu", json={"slots": 5}).json() == {"changed": 1}
    assert api.get("/notices").json() == {"notifiers": [], "notices": []}
    assert api.get("/secrets").json() == {"items": []}


def test_a_schedule_is_made_edited_and_removed_over_http_for_code_that_has_run(
    place: Workspace, api: httpx.Client
) -> None:
    stores = place.stores
    made = {
        "pipeline": "training",
        "cron": "0 2 * * *",
        "timezone": "Europe/Zurich",
        "params": {"lr": 0.1},
        "is_new": True,
    }
    assert "Run it once" in api.put("/schedules/nightly", json=made).json()["detail"]
    target = {"module": "train", "file": "/code/train.py", "name": "training"}
    run = Run(id="9" * 26, project="p", kind="pipeline", name="training", created_at_ms=1, result={"target": target})
    stores.runs.create([run])
    shown = api.put("/schedules/nightly", json={**made, "preview": True}).json()
    assert shown["says"] == "0 2 * * * Europe/Zurich" and len(shown["next_ms"]) == 10
    assert {datetime.fromtimestamp(at / 1000, ZoneInfo("Europe/Zurich")).hour for at in shown["next_ms"]} == {2}
    assert api.get("/schedules").json()["items"] == []
    assert api.put("/schedules/nightly", json=made).json() == shown
    assert api.put("/schedules/nightly", json=made).status_code == 409
    known, active = find(stores, "nightly")
    assert (known.target.file, known.project, active is not None) == ("/code/train.py", "p", True)
    assert "there is" in api.put("/schedules/nightly", json={**made, "preview": True}).json()["problem"].lower()
    assert api.put("/schedules/bad", json={**made, "cron": "61 * * * *"}).json()["field"] == "cron"
    api.patch("/schedules/nightly", json={"active": False})
    edited = {"pipeline": "training", "every": "1s", "late_after": "1s"}
    assert api.put("/schedules/nightly", json=edited).json()["says"] == "every 1s"
    [row] = api.get("/schedules").json()["items"]
    assert (row["active"], row["every"], row["cron"], row["late_ms"]) == (False, "1s", "", [])
    activate(stores, "nightly", clock=lambda: now_ms() - 10_000)
    [row] = api.get("/schedules").json()["items"]
    assert len(row["late_ms"]) >= 8  # nobody has run them
    assert api.delete("/schedules/nightly").json() == {"changed": 1}
    assert api.get("/schedules").json()["items"] == [] and api.delete("/schedules/nightly").status_code == 404
