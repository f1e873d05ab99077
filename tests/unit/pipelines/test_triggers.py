"""What starts a schedule besides times and refs: ends, alarms, files, requests; each thing one run, whoever looks."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import Forbidden, Invalid
from tenfold.pipelines.starting import happenings
from tenfold.pipelines.starting.firing import waiting
from tenfold.pipelines.starting.requests import hook_of, start_by_request
from tenfold.pipelines.starting.schedules import Schedule, activate, pause, save
from tenfold.pipelines.work import Target
from tenfold.records import Draft, Move, Run
from tenfold.server.listen import serving
from tenfold.server.place import place_of
from tenfold.workspace import Workspace, open_workspace
from tenfold.workspace.timekeeper import Timekeeper

TOKEN = "a token that nobody guesses"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return open_workspace(str(tmp_path / ".tenfold"))


def keep(place: Workspace, name: str, **fields: object) -> None:
    nowhere = Target("flow", name="flow", folder="/nowhere")  # so that no keeper begins what it fired
    save(place.stores, Schedule(name=name, pipeline="flow", target=nowhere, **fields))  # type: ignore[arg-type]


def end(place: Workspace, name: str, state: str = "finished", kind: str = "pipeline", **fields: object) -> str:
    now = now_ms()
    run = Run(id=ids.new_id(), project="p", kind=kind, name=name, created_at_ms=now, **fields)  # type: ignore[arg-type]
    place.stores.runs.create([run])
    place.stores.runs.transition(run.id, "running", expect=["created"], at_ms=now)
    place.stores.runs.transition(run.id, state, expect=["running"], at_ms=now)  # type: ignore[arg-type]
    return run.id


def move(place: Workspace, name: str) -> None:
    place.stores.versions.publish(
        [
            Draft(
                id=ids.new_id(),
                kind="data",
                name=name,
                digest=ids.new_id(),
                created_at_ms=now_ms(),
                moves=[Move(ref="main")],
            )
        ]
    )


def said(place: Workspace, name: str) -> list[str]:
    return [run.tags["trigger"] for run in waiting(place.stores) if run.tags["schedule"] == name]


def until(condition: Callable[[], object], *keepers: Timekeeper) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        for keeper in keepers:
            keeper.tend()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_each_end_and_each_alarm_starts_one_run_whoever_looks_and_after_a_downtime(place: Workspace) -> None:
    keep(place, "after", on=["pipeline:train", "monitor:drift"], params={"source": "{run}"})
    keep(place, "rescue", on=["pipeline:train@failed"], params={"state": "{state} {run}"})
    first, second = Timekeeper(place), Timekeeper(place)
    for keeper in (first, second):
        keeper.tend()
    ended = [end(place, "train"), end(place, "train")]
    failed = end(place, "train", "failed")
    end(place, "train", "killed"), end(place, "other"), end(place, "drift", kind="check", result={"status": "ok"})
    for keeper in (first, second, first, second):
        keeper.tend()
    alarmed = end(place, "drift", kind="check", result={"status": "alarm"})  # nobody is there
    third = Timekeeper(place)
    for keeper in (third, first, second, third):
        keeper.tend()
    runs = waiting(place.stores)
    assert sorted(run.params["source"] for run in runs if run.tags["schedule"] == "after") == sorted([*ended, alarmed])
    assert [run.params for run in runs if run.tags["schedule"] == "rescue"] == [{"state": f"failed {failed}"}]
    assert said(place, "after")[-1] == f"monitor drift raised an alarm (run:{alarmed})"


def test_all_of_several_are_waited_for_and_taken_together_once(place: Workspace) -> None:
    keep(place, "join", on=["pipeline:train", "data:prices@main", "monitor:drift"], wait_for_all=True)
    first, second = Timekeeper(place), Timekeeper(place)
    first.tend(), second.tend()

    def all_but_the_alarm() -> None:
        end(place, "train"), end(place, "train"), move(place, "prices")

    all_but_the_alarm()
    first.tend(), second.tend()
    assert said(place, "join") == []
    end(place, "drift", kind="check", result={"status": "alarm"})
    first.tend()
    move(place, "prices")  # the second keeper sees another state than the first did
    second.tend(), first.tend(), Timekeeper(place).tend()
    assert len(said(place, "join")) == 1 and said(place, "join")[0].count("train") == 1
    time.sleep(0.002)  # ends are told apart by the millisecond
    end(place, "train"), end(place, "drift", kind="check", result={"status": "alarm"})
    first.tend(), second.tend(), first.tend(), Timekeeper(place).tend()
    assert len(said(place, "join")) == 2


def test_a_file_starts_one_run_once_it_has_stopped_to_grow(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happenings, "SETTLE_S", 0.2)
    monkeypatch.setattr(happenings, "FOLDER_EVERY_S", 0.05)
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "early.csv").write_text("was there")
    keep(place, "files", on=[f"file:{tmp_path}/in/**/*.csv"], params={"path": "{file}", "name": "{name}"})
    keeper = Timekeeper(place)
    until(lambda: len(said(place, "files")) == 1, keeper)
    growing = (folder / "slow.csv").open("w")
    (folder / "other.txt").write_text("not one")
    (folder / "quick {x}.csv").write_text("done")
    written = time.monotonic()
    while len(said(place, "files")) < 2:
        growing.write("more")
        growing.flush()
        keeper.tend()
        assert time.monotonic() - written < 20
        time.sleep(0.02)
    growing.close()
    until(lambda: len(said(place, "files")) == 3, keeper)
    for again in (Timekeeper(place), keeper):
        begun = time.monotonic()
        until(lambda begun=begun: time.monotonic() - begun > 0.4, again)
    (folder / "early.csv").chmod(0o600)  # is no new file
    shutil.copy(folder / "early.csv", folder / "late.csv")
    until(lambda: len(said(place, "files")) == 4, keeper)
    params = [run.params for run in waiting(place.stores)]
    assert sorted(one["name"] for one in params) == ["early.csv", "late.csv", "quick {x}.csv", "slow.csv"]
    assert all(Path(one["path"]).is_file() for one in params)


def test_a_request_with_the_token_starts_one_run_and_its_body_gives_the_params(place: Workspace) -> None:
    hook = hook_of(TOKEN, {"sha": "head.id", "first": "items.0.name"})
    keep(place, "deploy", hook=hook, params={"sha": "none", "day": "{due:%Y}"})
    body = {"head": {"id": "abc {due}"}, "items": [{"name": 7}]}
    with serving(place_of(place), token="the server's own token") as url:

        def post(**headers: str) -> httpx.Response:
            content = headers.pop("content", json.dumps(body))
            return httpx.post(f"{url}/hooks/{headers.pop('name', 'deploy')}", content=content, headers=headers)

        bearer = f"Bearer {TOKEN}"
        assert post().status_code == post(authorization="Bearer wrong").status_code == 403
        assert post(authorization=bearer, name="nobody").status_code == 403
        assert post(authorization=bearer, content="{").status_code == 400
        missing = post(authorization=bearer, content='{"items": [{"name": 1}], "head": {}}')
        assert missing.status_code == 400 and "head.id" in missing.json()["detail"]
        taken = [post(**{"authorization": bearer, "idempotency-key": "one"}) for _ in range(3)]
        assert [answer.status_code for answer in taken] == [202, 200, 200]
        assert len({answer.json()["run_id"] for answer in taken}) == 1
        as_form = {"x-tenfold-token": TOKEN, "content-type": "application/x-www-form-urlencoded"}  # curl -d says so
        assert post(**as_form).json()["new"]
        keep(place, "deploy", hook=hook, params={"sha": "edited"})
        assert post(**{"authorization": bearer, "x-github-delivery": "one"}).status_code == 200
    runs = waiting(place.stores)
    assert [run.tags["schedule.by"] for run in runs] == ["request"] * 2
    assert runs[0].params | {"day": ""} == {"sha": "abc {due}", "first": 7, "day": ""}
    pause(place.stores, "deploy")
    with pytest.raises(Forbidden):
        start_by_request(place.stores, "deploy", token=TOKEN, body=body)
    activate(place.stores, "deploy")
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())


def test_what_cannot_start_anything_is_refused(place: Workspace) -> None:
    for on in ("pipeline:", "pipeline:train@sometimes", "monitor:drift@ok", "file:"):
        with pytest.raises(Invalid):
            keep(place, "x", on=[on])
    with pytest.raises(Invalid, match="16 characters"):
        hook_of("short", {})
    with pytest.raises(Invalid, match="late_after"):
        keep(place, "x", on=["pipeline:train"], late_after="1h")
