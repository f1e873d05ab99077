"""A store with a little of everything, for the tests of the server."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tenfold.base.clock import now_ms
from tenfold.base.hashing import digest
from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.monitoring import Alarm, CheckResult, Monitor, record_check
from tenfold.pipelines import Host, pipeline, step
from tenfold.records import CodeVersion, Draft, Edge, Move, Points, Run, RunChange, Version
from tenfold.testing.stores import sqlite_stores
from tenfold.workspace.reports import save as save_report

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


def seed(folder: Path) -> Seeded:
    """A new store in a folder with runs, data, models, a deployment, checks and a pipeline run."""
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
    save_report(stores, "flights", "# Flights\n\n~~~tenfold\n{}\n~~~\n")
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
    publish(stores, "profile", "flights", {"profile.json": b'{"rows": 1}'}, metadata={"of": first.id}, type="json")
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
    evaluation = publish(
        stores,
        "evaluation",
        "delay",
        b'{"task": "binary", "rows": 9, "metrics": {"f1": 0.5}}',
        type="json",
        metadata=metrics,
    )
    stores.versions.describe(good.id, tags={"blessing": "passed", "evaluation": evaluation.id, "verdict": "a; b"})
    stores.versions.describe(bad.id, tags={"blessing": "failed", "verdict": "roc_auc is too low"})
    ids |= {"model1": good.id, "model2": bad.id, "evaluation": evaluation.id}


def seed_operations(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    ids["deployment"] = started(stores, project="flights", kind="deployment", name="delay")
    target = {"model": "delay", "address": "model:delay@champion", "model_version_id": ids["model1"], "weight": 1.0}
    figures = {"url": "http://127.0.0.1:9", "targets": [target], "requests": 9, "p99_ms": None, "predictions": 7}
    stores.runs.update(ids["deployment"], RunChange(result=figures))
    stores.runs.heartbeat([ids["deployment"]], at_ms=now_ms())
    edge = Edge(run_id=ids["deployment"], version_id=ids["model1"], direction="used", role="model", at_ms=now_ms())
    stores.lineage.add([edge])
    publish(stores, "predictions", "delay", {"p.arrow": b"x"}, run_id=ids["deployment"], metadata={"rows": 7})
    monitor = Monitor(name="delay-drift", project="flights")
    for number, window in enumerate(("2013-04", "2013-05")):
        alarms = [Alarm("drift", "error", "temp drifted", "temp", 0.3, 0.1)] if number else []
        scores = {"rows": 100.0, "drift_share": number / 4}
        status = "alarm" if alarms else "ok"
        result = CheckResult(monitor=monitor.name, status=status, alarms=alarms, scores=scores, window=window)
        check = record_check(stores, monitor, result, at_ms=now_ms() + number)
    [ids["report"]] = [v.id for v in stores.versions.search("report", run_id=check.id)]
    hand = started(stores, project="flights", kind="check", name="by hand")
    stores.runs.transition(hand, "finished", expect=["running"], at_ms=now_ms())


@step
def prepare(rows: int) -> list[int]:
    print(f"prepared {rows}")  # noqa: T201 - its log is what is tested
    return list(range(rows))


@step
def train(item: int, rate: float) -> float:
    return item * rate


@step
def choose(scores: list[float]) -> float:
    return max(scores)


@pipeline
def training(rows: int = 2, rate: float = 0.5):
    return choose(train.map(prepare(rows), rate=rate))


def seed_pipeline(seeded: Seeded) -> None:
    stores, ids = seeded.stores, seeded.ids
    host = Host(stores=stores, folder=seeded.folder, project="flights")
    run = training.with_options(host=host, executor="inline").run()
    made = run.steps["choose"].outputs
    ids |= {"pipeline": run.id, "step": run.steps["prepare"].run_id, "output": next(iter(made.values()))}
