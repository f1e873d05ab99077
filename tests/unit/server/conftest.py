"""A store with a little of everything, and a real server on it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import polars as pl
import pytest

from tenfold.base.clock import now_ms
from tenfold.base.hashing import digest
from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.records import CodeVersion, Draft, Edge, Move, Points, Run, RunChange, Task, Version
from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import sqlite_stores

CONSOLE = "epoch 1 — überall\n" * 200


@dataclass
class Seeded:
    stores: Stores
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)


def points(values: list[float], *, start: int = 0) -> Points:
    count = len(values)
    return Points(
        struct.pack(f"<{count}q", *range(start, start + count)),
        struct.pack(f"<{count}d", *values),
        struct.pack(f"<{count}q", *(1_700_000_000_000 + i for i in range(count))),
    )


def publish(stores: Stores, kind: str, name: str, files: dict[str, bytes] | bytes, **fields: object) -> Version:
    if isinstance(files, bytes):
        kept: dict[str, object] = {"digest": digest(files), "inline": files, "size_bytes": len(files)}
    else:
        tree = stores.blobs.put_tree(files)
        kept = {"digest": tree.digest, "size_bytes": tree.size_bytes, "files": tree.files}
    draft = Draft(id=new_id(), kind=kind, name=name, created_at_ms=now_ms(), **kept, **fields)  # type: ignore[arg-type]
    return stores.versions.publish([draft])[0]


def started(stores: Stores, **fields: object) -> str:
    run = Run(id=new_id(), created_at_ms=now_ms(), **fields)  # type: ignore[arg-type]
    stores.runs.create([run])
    stores.runs.transition(run.id, "running", expect=["created"], at_ms=now_ms())
    return run.id


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    folder = tmp_path_factory.mktemp("seeded")
    found = Seeded(sqlite_stores(folder), folder)
    seed_training(found)
    seed_data(found)
    seed_models(found)
    seed_operations(found)
    seed_pipeline(found)
    return found


def seed_training(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    patch = stores.blobs.put_bytes(b"diff --git a/x b/x\n+new line\n")
    code = CodeVersion(commit="c0ffee", branch="main", dirty=True, patch=patch, entry_point="train.py")
    ids["run"] = started(
        stores,
        project="flights",
        name="first",
        params={"model": {"depth": 3}, "lr": 0.1},
        code=code,
        tags={"team": "a"},
    )
    values = [1 / (1 + i) for i in range(5000)] + [float("nan"), float("inf")]
    stores.series.append(ids["run"], {"loss": points(values), "acc": points([0.5, 0.75])}, source="seed", offset=1)
    publish(stores, "log", f"console.{ids['run']}", CONSOLE.encode(), run_id=ids["run"], role="console", type="text")
    ids["failed"] = started(stores, project="flights", name="second")
    change = RunChange(error="ValueError: boom\nTraceback (most recent call last)\n  …")
    stores.runs.transition(ids["failed"], "failed", expect=["running"], at_ms=now_ms(), change=change)
    ids["binned"] = started(stores, project="other", name="third")
    stores.runs.set_deleted([ids["binned"]], at_ms=now_ms())


def seed_data(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    table = pl.DataFrame({"n": [1, 2, 3], "day": [None, "a", "b" * 1000]})
    out = io.BytesIO()
    table.write_parquet(out)
    files = {
        "months/01.parquet": out.getvalue(),
        "months/02.csv": b"a,b\n1,x\n2,y\n",
        "months/broken.parquet": b"not a table",
        "notes.md": "# Flüge\n".encode(),
        "page.html": b"<h1>hi</h1><script>1</script>",
        "pixel.png": b"\x89PNG\r\n\x1a\n\0\0",
        "raw.bin": bytes(range(256)) * 40,
    }
    first = publish(
        stores, "data", "flights", files, message="January", moves=[Move(ref="main", who="me", why="first")]
    )
    files |= {"months/03.csv": b"a,b\n3,z\n"}
    del files["raw.bin"]
    second = publish(
        stores, "data", "flights", files, message="March", parents=[first.id], moves=[Move(ref="main", who="me")]
    )
    publish(stores, "profile", "flights", b'{"rows": 3}', metadata={"of": second.id}, type="json")
    stores.lineage.add([Edge(run_id=ids["run"], version_id=second.id, direction="used", role="input", at_ms=now_ms())])
    ids |= {"data1": first.id, "data2": second.id}


def seed_models(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    good = publish(
        stores, "model", "delay", {"model.json": b"{}"}, run_id=ids["run"], role="model", type="model/sklearn",
        metadata={"signature": {"inputs": []}}, moves=[Move(ref="champion", why="the first")],
    )  # fmt: skip
    bad = publish(stores, "model", "delay", {"model.json": b"{ }"}, metadata={"metrics": {"auc": 0.5}})
    metrics = {"metrics": {"roc_auc": 0.8}}
    evaluation = publish(stores, "evaluation", "delay", b'{"task": "binary"}', type="json", metadata=metrics)
    stores.versions.describe(good.id, tags={"blessing": "passed", "evaluation": evaluation.id, "verdict": "a; b"})
    stores.versions.describe(bad.id, tags={"blessing": "failed", "verdict": "roc_auc is too low"})
    ids |= {"model1": good.id, "model2": bad.id}


def seed_operations(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    ids["deployment"] = started(stores, project="flights", kind="deployment", name="delay")
    targets = [{"name": "delay", "address": "model:delay@champion", "weight": 1.0}]
    result = RunChange(result={"url": "http://127.0.0.1:9", "targets": targets})
    stores.runs.update(ids["deployment"], result)
    stores.runs.heartbeat([ids["deployment"]], at_ms=now_ms())
    edge = Edge(run_id=ids["deployment"], version_id=ids["model1"], direction="used", role="model", at_ms=now_ms())
    stores.lineage.add([edge])
    publish(stores, "predictions", "delay", {"p.arrow": b"x"}, run_id=ids["deployment"], metadata={"rows": 7})
    for window, alarms in (
        ("2013-04", []),
        ("2013-05", [{"kind": "drift", "severity": "error", "text": "temp drifted"}]),
    ):
        check = started(stores, project="flights", kind="check", name="delay-drift")
        change = RunChange(result={"window": window, "scores": {"drift.share": 0.25, "bad": None}, "alarms": alarms})
        stores.runs.transition(check, "finished", expect=["running"], at_ms=now_ms(), change=change)
        report = {"report.html": b"<h1>drift</h1>", "report.json": b"{}"}
        ids["report"] = publish(stores, "report", "delay-drift", report, run_id=check, role="report").id


def seed_pipeline(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    ids["pipeline"] = started(stores, project="flights", kind="pipeline", name="training")
    now = now_ms()
    tasks = [Task(id=new_id(), root_id=ids["pipeline"], key=key) for key in ("prepare", "train[0]", "train[1]")]
    runs = [
        Run(id=t.id, project="flights", kind="step", name=t.key, parent_id=ids["pipeline"], created_at_ms=now)
        for t in tasks
    ]
    stores.tasks.add(tasks, runs)
    made = publish(stores, "output", "training.prepare.result", b"1", run_id=tasks[0].id, role="result", type="json")
    used = [Edge(run_id=t.id, version_id=made.id, direction="used", role="table", at_ms=now) for t in tasks[1:]]
    stores.lineage.add(used)
    ids |= {"step": tasks[0].id, "output": made.id}


@pytest.fixture(scope="session")
def server(seeded: Seeded) -> Iterator[str]:
    with serving(place_of_stores(seeded.stores, name="seeded", folder=seeded.folder)) as url:
        yield url


@pytest.fixture(scope="session")
def api(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/api/v1", timeout=10) as client:
        yield client


def got(response: httpx.Response, kind: type) -> object:
    """The answer decoded as the Struct it is declared to be."""
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=kind)
