"""Sets of runs, drawings of many curves, importance, pairs and views, through a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from tenfold.base import ids
from tenfold.contracts import Stores
from tenfold.records import CodeVersion, Draft, Edge, Points, Run
from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores

BASE = "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@\n import x\n-lr = 1\n+lr = {}\n fit()\n"


@dataclass
class Compared:
    api: httpx.Client
    stores: Stores
    ids: list[str]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    """Twelve runs: run n logs `loss` n, n+1 … at steps 0, 10 … and one second apart; `epoch` is the step over 100."""
    folder: Path = tmp_path_factory.mktemp("compared")
    stores = sqlite_stores(folder)
    made = []
    for n in range(12):
        patch = stores.blobs.put_bytes(BASE.format(n % 2).encode())
        run = Run(
            id=ids.new_id(), project="sweep", name=f"r{n}", created_at_ms=1_000 + n,
            params={"lr": n / 10, "kind": ["a", "b"][n % 2], "same": 1},
            environment={"python": "3.11", "packages": {"numpy": f"2.{n % 2}", "polars": "1.0"}, "metric/loss": {"goal": "minimize", "summary": "best"}},
            code=CodeVersion(commit="c0ffee", patch=patch),
        )  # fmt: skip
        stores.runs.create([run])
        count = 20 + n
        steps = np.arange(count) * 10
        times = 1_700_000_000_000 + n * 60_000 + np.arange(count) * 1000
        columns = {"loss": n + np.arange(count, dtype="<f8"), "epoch": steps / 100}
        points = {
            key: Points(steps.astype("<i8").tobytes(), np.asarray(ys, "<f8").tobytes(), times.astype("<i8").tobytes())
            for key, ys in columns.items()
        }
        stores.series.append(run.id, points, source=run.id, offset=1)
        made.append(run.id)
    for n in (1, 2):
        tree = stores.blobs.put_tree({"rows.csv": f"a\n{n}\n".encode()})
        version = stores.versions.publish([Draft(id=ids.new_id(), kind="data", name="rows", digest=tree.digest, files=1)])[0]  # fmt: skip
        stores.lineage.add([Edge(run_id=made[n - 1], version_id=version.id, direction="used", role="input")])
    with (
        serving(place_of_stores(stores, name="compared", folder=folder)) as url,
        httpx.Client(base_url=f"{url}/api/v1", timeout=30) as api,
    ):
        yield Compared(api, stores, made)


def test_a_set_is_the_runs_named_in_their_order_or_what_a_search_finds(compared):
    three = [compared.ids[5], compared.ids[0], compared.ids[9]]
    named = compared.api.post("/compare", json={"runs": [*three, "gone"]}).json()
    assert [run["id"] for run in named["items"]] == three and named["total"] == 3
    found = compared.api.post("/compare", json={"filter": {"q": "params.lr >= 0.5", "project": ["sweep"]}, "order": "params.lr", "limit": 4}).json()  # fmt: skip
    assert [run["name"] for run in found["items"]] == ["r5", "r6", "r7", "r8"] and found["total"] == 7
    assert found["metrics"]["loss"] == {"goal": "minimize", "summary": "best", "x": None}


def test_500_runs_may_be_named_and_no_more(compared):
    many = compared.ids + [f"{n:026d}" for n in range(488)]
    assert len(compared.api.post("/compare", json={"runs": many}).json()["items"]) == 12
    refused = compared.api.post("/compare", json={"runs": [*many, "x"]})
    assert refused.status_code == 400 and refused.json()["field"] == "runs"


def test_curves_with_the_same_steps_share_their_axis(compared):
    found = compared.api.post("/compare/draw", json={"runs": compared.ids[:3], "key": "loss"}).json()
    assert [line["id"] for line in found["lines"]] == compared.ids[:3]
    assert len(found["axes"]) == 3  # 20, 21 and 22 points
    assert found["axes"][0][:3] == [0, 10, 20]
    assert found["lines"][1]["ys"][:3] == [1, 2, 3]
    window = compared.api.post("/compare/draw", json={"runs": compared.ids[:3], "key": "loss", "low": 45, "high": 75}).json()  # fmt: skip
    assert window["axes"] == [[50, 60, 70]]


def test_x_may_be_time_or_another_metric_and_windows_are_in_its_units(compared):
    def draw(**more):
        return compared.api.post("/compare/draw", json={"runs": compared.ids[:2], "key": "loss", **more}).json()

    elapsed = draw(x="elapsed", low=3, high=5)
    assert elapsed["axes"][elapsed["lines"][0]["axis"]] == [2, 3, 4, 5, 6]
    assert elapsed["lines"][1]["ys"] == [3, 4, 5, 6, 7]
    clock = draw(x="time")
    assert clock["axes"][1][0] - clock["axes"][0][0] == 60
    epochs = draw(x="metric:epoch", high=0.2)
    assert epochs["axes"][0] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert draw(x="metric:nothing")["lines"] == []
    assert compared.api.post("/compare/draw", json={"runs": [], "key": "loss", "x": "moon"}).status_code == 400


def test_groups_are_drawn_as_mean_with_band(compared):
    groups = {"a": compared.ids[0:3:2], "b": compared.ids[1:4:2]}
    found = compared.api.post("/compare/draw", json={"runs": compared.ids[:4], "key": "loss", "groups": groups}).json()
    a, b = found["lines"]
    assert (a["id"], a["runs"], b["id"]) == ("a", 2, "b")
    assert a["ys"][0] == 1 and (a["low"][0], a["high"][0]) == (0, 2)


def test_many_curves_come_on_one_axis_without_envelopes(compared):
    found = compared.api.post("/compare/draw", json={"runs": compared.ids, "key": "loss", "x": "time", "buckets": 50}).json()  # fmt: skip
    assert len(found["axes"]) == 12  # as many as are let be
    copies = []
    for n in range(60):
        run = Run(id=ids.new_id(), project="many", created_at_ms=n)
        compared.stores.runs.create([run])
        count = 5 + n
        columns = (np.arange(count, dtype="<i8"), np.arange(count, dtype="<f8"), np.arange(count, dtype="<i8") * 1000)
        compared.stores.series.append(run.id, {"loss": Points(*(c.tobytes() for c in columns))}, source=run.id, offset=1)  # fmt: skip
        copies.append(run.id)
    found = compared.api.post("/compare/draw", json={"runs": copies, "key": "loss", "buckets": 32}).json()
    assert len(found["axes"]) == 1 and len(found["axes"][0]) == 32
    assert found["lines"][0]["ys"][-1] is None and found["lines"][-1]["ys"][-1] == 62.5  # of the last two
    assert all(line["low"] is None for line in found["lines"])


def test_a_hundred_runs_of_ten_thousand_points_are_drawn_at_once(compared):
    made = []
    steps, times = np.arange(10_000, dtype="<i8"), np.arange(10_000, dtype="<i8")
    for n in range(100):
        run = Run(id=ids.new_id(), project="long", created_at_ms=n)
        compared.stores.runs.create([run])
        ys = np.sin(steps / 500 + n).astype("<f8")
        compared.stores.series.append(run.id, {"loss": Points(steps.tobytes(), ys.tobytes(), times.tobytes())}, source=run.id, offset=1)  # fmt: skip
        made.append(run.id)
    before = time.process_time()
    answer = compared.api.post("/compare/draw", json={"runs": made, "key": "loss", "buckets": 300})
    spent = time.process_time() - before
    assert len(answer.json()["lines"]) == 100
    assert len(answer.content) < 1_500_000
    assert spent < 4, f"{spent:.2f} CPU seconds"  # about 0.4; reading every point takes 10


def test_importance_names_the_param_that_matters(compared):
    found = compared.api.post("/compare/importance", json={"filter": {"project": ["sweep"]}, "metric": "loss"}).json()
    assert (found["summary"], found["runs"], found["constant"]) == ("best", 12, ["same"])
    assert found["items"][0]["param"] == "lr" and found["items"][0]["correlation"] == pytest.approx(1)
    none = compared.api.post("/compare/importance", json={"filter": {"project": ["sweep"]}, "metric": "gone"}).json()
    assert none["items"] == [] and none["runs"] == 0


def test_a_pair_shows_the_diff_of_code_packages_and_data(compared):
    found = compared.api.get("/compare/pair", params={"a": compared.ids[0], "b": compared.ids[1]}).json()
    assert found["same_base"] is True
    assert "-lr = 0\n+lr = 1\n" in found["patch"]
    assert found["packages"] == [{"name": "numpy", "a": "2.0", "b": "2.1"}] and found["same_packages"] == 1
    (data,) = found["data"]
    assert (data["name"], data["a"]["number"], data["b"]["number"]) == ("rows", 1, 2)
    assert compared.api.get("/compare/pair", params={"a": compared.ids[0], "b": "0" * 26}).status_code == 404


def test_new_files_that_git_did_not_know_are_part_of_the_diff(compared):
    made = []
    for text in (b"one\ntwo\n", b"one\n2\n"):
        run = Run(id=ids.new_id(), project="new", code=CodeVersion(commit="c0ffee", untracked=["lib/new.py"]))
        compared.stores.runs.create([run])
        tree = compared.stores.blobs.put_tree({"untracked/lib/new.py": text})
        compared.stores.versions.publish([Draft(id=ids.new_id(), kind="code", name=run.id, digest=tree.digest, files=1)])  # fmt: skip
        made.append(run.id)
    found = compared.api.get("/compare/pair", params={"a": made[0], "b": made[1]}).json()
    assert found["patch"].endswith("+++ b/lib/new.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n") and found["note"] is None
    against = compared.api.get("/compare/pair", params={"a": compared.ids[0], "b": made[1]}).json()
    assert "+++ b/lib/new.py\n@@ -0,0 +1,2 @@\n+one\n+2\n" in against["patch"]


def test_a_view_is_kept_versioned_and_put_into_the_bin(compared):
    api = compared.api
    body = {"project": "sweep", "page": "charts", "content": {"hidden": ["lr"]}}
    first = api.put("/views/over view", json=body).json()
    assert (first["name"], first["version"], first["address"]) == ("over view", 1, "view:sweep.over view@v1")
    assert api.put("/views/over view", json=body).json()["version"] == 1
    assert api.put("/views/over view", json=body | {"content": {"hidden": []}}).json()["version"] == 2
    api.put("/views/other", json=body | {"project": "sweep.over"})
    api.put("/views/strange", json=body | {"project": "a/b: ü"})
    (kept,) = api.get("/views", params={"project": "sweep"}).json()["items"]
    assert kept["content"] == {"hidden": []}
    assert [v["name"] for v in api.get("/views", params={"project": "a/b: ü"}).json()["items"]] == ["strange"]
    assert api.delete("/views/over view", params={"project": "sweep"}).json() == {"changed": 2}
    assert api.get("/views", params={"project": "sweep"}).json() == {"items": []}
    assert api.delete("/views/over view", params={"project": "sweep"}).status_code == 404
    assert api.put("/views/a.b", json=body).status_code == 400
    assert api.put("/views/big", json=body | {"content": {"x": "y" * 20_000}}).json()["field"] == "content"
