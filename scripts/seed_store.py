"""Fill a store with something of every noun, for looking at the pages and for the browser tests.

    python scripts/seed_store.py FOLDER            makes FOLDER/tenfold.db and FOLDER/objects

All of it goes through the stores' contracts. Numbers come from a fixed seed; times are counted back from now.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from seed_media import log_media
from seed_pipelines import scoring, training

from tenfold.base import ids
from tenfold.base.errors import StepFailed
from tenfold.contracts import Stores
from tenfold.pipelines import Host, graph
from tenfold.profiles import encode, profile
from tenfold.records import CodeVersion, Draft, Edge, Move, Points, Run, RunChange, RunState, Version
from tenfold.testing.stores import sqlite_stores

MIN = 60_000
DAY = 86_400_000
TRACE = """ValueError: Input contains NaN in column 'dep_delay'
Traceback (most recent call last):
  File "flights/train.py", line 41, in <module>
    model.fit(train[columns], train["late"])
  File "sklearn/utils/validation.py", line 147, in _assert_all_finite
    raise ValueError(msg)
ValueError: Input contains NaN in column 'dep_delay'
"""
CONSOLE = "".join(
    f"epoch {n:3d}  loss {1.2 / (n + 1):.4f}  auc {0.78 - 0.2 / (n + 1):.4f}  {0.41 + n % 3 / 100:.2f} s\n"
    for n in range(120)
)
PATCH = """diff --git a/flights/train.py b/flights/train.py
index 41a0c2e..9b3d5f1 100644
--- a/flights/train.py
+++ b/flights/train.py
@@ -38,7 +38,8 @@ def fit(train, lr):
     columns = [name for name in train.columns if name != "late"]
-    model = LogisticRegression(C=1.0)
+    # a stronger penalty: the airports with few flights were learnt by heart
+    model = LogisticRegression(C=0.3)
     model.fit(train[columns], train["late"])
     return model
"""
REPORT = """<!doctype html><meta charset="utf-8"><title>Drift</title><style>:root{color-scheme:light dark}
body{font:14px system-ui;margin:24px}</style><h1>Drift of %s</h1><p>3 of 14 columns have drifted: dep_delay, wind_speed,
visib.</p>"""


@dataclass
class Seed:
    """The stores to fill, a random source and the moment all times are counted back from."""

    stores: Stores
    now: int = field(default_factory=lambda: int(time.time() * 1000))
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def run(self, project: str, name: str, *, ago: int, took: int, state: RunState = "finished", **more: object) -> Run:
        """A run that began `ago` ms ago and, unless it still runs, took `took` ms."""
        start = self.now - ago
        error, code = more.pop("error", None), more.pop("code", None)
        id_ = ids.new_id(start)
        more.setdefault("root_id", more.get("parent_id") or id_)
        run = Run(id=id_, project=project, name=name, created_at_ms=start - 40, user="mira", host="fern", **more)  # type: ignore[arg-type]
        self.stores.runs.create([run])
        self.stores.runs.transition(id_, "running", expect=["created"], at_ms=start)
        if state == "running":
            self.stores.runs.heartbeat([id_], at_ms=self.now + 10 * DAY)
            return run
        change = RunChange(error=error) if error else RunChange()  # type: ignore[arg-type]
        if code:
            change = RunChange(error=change.error, code=code)  # type: ignore[arg-type]
        self.stores.runs.transition(id_, state, expect=["running"], at_ms=start + took, change=change)
        return run

    def log(self, run: Run, curves: dict[str, np.ndarray], *, took: int) -> None:
        """Points of a run, evenly over the time it took."""
        start = run.created_at_ms + 40
        points = {}
        for key, values in curves.items():
            times = (start + np.linspace(0, took, len(values))).astype("<i8")
            steps = np.arange(len(values), dtype="<i8")
            points[key] = Points(steps.tobytes(), values.astype("<f8").tobytes(), times.tobytes())
        self.stores.series.append(run.id, points, source=f"seed-{run.id}", offset=1)

    def version(
        self, kind: str, name: str, content: object, *, ago: int, run: Run | None = None, **more: object
    ) -> Version:
        """A version with files (a dict), or inline content (bytes)."""
        at = self.now - ago
        id_ = ids.new_id(at)
        if isinstance(content, bytes):
            content = {"digest": self.stores.blobs.put_bytes(content), "inline": content, "size_bytes": len(content)}
        else:
            tree = self.stores.blobs.put_tree(content)  # type: ignore[arg-type]
            content = {"digest": tree.digest, "size_bytes": tree.size_bytes, "files": tree.files}
        draft = Draft(
            id=id_,
            kind=kind,
            name=name,
            created_at_ms=at,
            run_id=run.id if run else None,
            author="mira",
            **content,
            **more,
        )  # type: ignore[arg-type]
        return self.stores.versions.publish([draft])[0]

    def used(self, run: Run, version: Version, role: str = "input") -> None:
        edge = Edge(run_id=run.id, version_id=version.id, direction="used", role=role, at_ms=run.created_at_ms)
        self.stores.lineage.add([edge])


def fill(stores: Stores, folder: Path) -> None:
    """Something of every noun: finished, failed, killed, lost and running, small and large."""
    seed = Seed(stores)
    data = datasets(seed)
    trainings(seed, data[-1])
    models = pipelines(seed, folder)
    deployments(seed, models)
    monitors(seed, data)


def datasets(seed: Seed) -> list[Version]:
    """`flights`, a version a month, with statistics; and a small folder of images' names."""
    made: list[Version] = []
    for month in range(1, 7):
        rows = 400 + 10 * month
        text = ["year,month,day,carrier,origin,dep_delay,distance,wind_speed,late"]
        for n in range(rows):
            delay = "" if seed.rng.random() < 0.02 else f"{seed.rng.gauss(12, 30):.0f}"
            text.append(
                f"2013,{month},{n % 28 + 1},{seed.rng.choice(['UA', 'B6', 'EV', 'DL', 'AA'])},{seed.rng.choice(['JFK', 'EWR', 'LGA'])},"
                f"{delay},{seed.rng.choice([187, 1089, 2475, 719])},{abs(seed.rng.gauss(10, 5)):.1f},{int(seed.rng.random() < 0.22)}"
            )
        table = "\n".join(text).encode()
        files = {
            f"2013-{month:02d}.csv": table,
            "README.md": b"# Flights from New York, 2013\n",
            f"weather/2013-{month:02d}.json": b'{"stations": 3}',
        }
        if made:
            files |= {f"2013-{month - 1:02d}.csv": b"year,month\n" * month}
        version = seed.version(
            "data", "flights", files, ago=(14 - 2 * month) * DAY, type="table", message=f"Flights of 2013-{month:02d}", parents=[v.id for v in made[-1:]],
            metadata={"rows": rows}, moves=[Move(ref="main", who="mira", why=f"month {month}")] + ([Move(ref="baseline", who="mira", why="what the first model saw")] if month == 3 else []),
        )  # fmt: skip
        made.append(version)
        with tempfile.TemporaryDirectory() as folder:
            csv = Path(folder) / "part.csv"
            csv.write_bytes(table)
            statistics = encode(profile(csv))
        seed.version(
            "profile",
            "flights",
            {"profile.json": b'{"tables":{"flights":' + statistics + b"}}"},
            ago=(14 - 2 * month) * DAY,
            type="json",
            metadata={"of": version.id},
        )
    seed.version("data", "airport-photos", {f"{code}/{n:03d}.txt": f"{code} {n}".encode() for code in ("JFK", "EWR", "LGA") for n in range(90)}, ago=3 * DAY, message="First photos", moves=[Move(ref="main")])  # fmt: skip
    return made


def trainings(seed: Seed, data: Version) -> None:
    """Fifty runs in two projects; one with 200,000 points, some that ended badly, one that still runs."""
    patch = seed.stores.blobs.put_bytes(PATCH.encode())
    code = CodeVersion(commit="41a0c2e9b3d5f1aa07c1d2e3f4a5b6c7d8e9f001", branch="main", remote="git@example.org:flights.git", dirty=True, patch=patch, entry_point="train.py", arguments=["--lr", "0.1"])  # fmt: skip
    environment = {
        "python": "3.11.9",
        "platform": "Linux-6.8",
        "cpus": 8,
        "memory_gib": 32,
        "packages": {"numpy": "2.1.0", "polars": "1.20.0", "scikit-learn": "1.5.2", "tenfold": "0.1.0"},
    }
    for n in range(50):
        project = "flights" if n < 32 else "churn"
        state: RunState = (
            "failed"
            if n % 11 == 5
            else "killed"
            if n == 9
            else "lost"
            if n == 14
            else "running"
            if n == 49
            else "finished"
        )
        lr = [0.3, 0.1, 0.03, 0.01][n % 4]
        took = seed.rng.randint(20, 3000) * 1000
        run = seed.run(
            project, f"{['logistic', 'tree', 'boosting'][n % 3]}-{n:02d}", ago=(60 - n) * 2 * 3_600_000 if n != 49 else 4 * MIN, took=took, state=state,
            params={"lr": lr, "depth": n % 7 + 2, "kind": ["logistic", "tree", "boosting"][n % 3], "optimizer": {"name": "adam", "momentum": 0.9, "decay": {"every": 10, "by": 0.5}}},
            tags={"team": "delays" if n % 2 else "ground", **({"sweep": "march"} if n % 5 == 0 else {})}, environment=environment, group=f"g{n % 3}",
            notes="Tried after the March report: the penalty is three times as strong." if n == 31 else "", error=TRACE if state == "failed" else None, code=code,
        )  # fmt: skip
        steps = 200_000 if n == 31 else 300 if n < 40 else 80
        walk = np.random.default_rng(n)
        x = np.arange(steps)
        noise = walk.normal(0, 0.03, steps)
        curves = {
            "loss": np.exp(-x / steps * 4 * lr * 10) + 0.2 + noise,
            "val/loss": np.exp(-x / steps * 3 * lr * 10) + 0.28 + noise * 2,
            "val/auc": 0.82 - 0.25 * np.exp(-x / steps * 5) + noise / 4 - n % 5 / 100,
            "lr": np.full(steps, lr) * 0.5 ** (x // max(1, steps // 4)),
        }
        ticks = np.arange(90)
        curves |= {"system/cpu_percent": 50 + 30 * np.sin(ticks / 9 + n), "system/memory_mib": 900 + ticks * 3.5}
        if n == 31:
            curves |= {
                f"layer{i}/{kind}": walk.normal(i, 0.1, 100).cumsum()
                for i in range(4)
                for kind in ("grad_norm", "weight_norm")
            }
        seed.log(run, curves, took=took)
        if project == "flights":
            seed.used(run, data, "training")
        if n % 3 == 1 or n == 31:
            seed.version("log", f"console-{run.id}", {"console.log": CONSOLE.encode()}, ago=0, run=run)
        if 29 <= n <= 31:
            log_media(seed.version, run, [0, 100, 200, 299][: 2 + n % 3], n)


def pipelines(seed: Seed, folder: Path) -> list[Version]:
    """Five runs of one pipeline (one all cached, one refused by its gate), some registering a model; a wide fan-out."""
    host = Host(stores=seed.stores, folder=folder, project="flights", user="mira")
    scoring.with_options(host=host, executor="inline").run()
    models: list[Version] = []
    for n, floor in enumerate([0.65, 0.66, 0.65, 0.67, 0.75]):
        month = 3 + n - (n > 1)
        try:
            run = training.with_options(host=host, executor="inline").run(
                data=f"data:flights@v{month}", month=month, floor=floor
            )
        except StepFailed:
            continue
        made = next(node for node in graph(seed.stores, run.id).nodes if node.key == "register")
        if made.state in ("finished", "cached"):
            models.append(model(seed, seed.stores.runs.get([made.run_id])[0], len(models), (5 - n) * 3000))
    return models


def model(seed: Seed, step: Run, n: int, at: int) -> Version:
    """A version of the model `delay`: judged, and the champion when it passed."""
    passed = n != 3
    auc = [0.701, 0.714, 0.0, 0.708][n]
    columns = [
        {"name": name, "type": kind}
        for name, kind in (("carrier", "string"), ("origin", "string"), ("distance", "float64"), ("dep_hour", "int64"))
    ]
    moves = (
        [Move(ref="champion", who="gate", why=f"roc_auc {auc} is above the champion's")]
        if passed
        else [Move(ref="challenger", who="gate", why="kept for comparison")]
    )
    version = seed.version(
        "model", "delay", {"model.json": b'{"format": "skops"}', "model.skops": bytes(seed.rng.randbytes(60_000)), "input_example.json": b'[{"carrier": "UA", "distance": 1089}]'}, ago=at, run=step, role="model",
        type="model/skops", message=f"Trained on January to {['March', 'April', 'May', 'June'][n]}", moves=moves,
        metadata={"metrics": {"roc_auc": auc, "f1": auc - 0.2, "log_loss": 1.2 - auc, "accuracy": auc + 0.1}, "signature": {"inputs": columns, "outputs": [{"name": "late", "type": "float64"}]}},
    )  # fmt: skip
    verdict = f"roc_auc {auc} {'>=' if passed else 'is not above'} 0.714 of the champion; slice carrier=EV: f1 {auc - 0.24:.3f}"
    return seed.stores.versions.describe(
        version.id, tags={"blessing": "passed" if passed else "failed", "verdict": verdict}
    )


def deployments(seed: Seed, models: list[Version]) -> None:
    """One live deployment with a prediction log, one that was stopped."""
    live = seed.run("flights", "delay", kind="deployment", ago=5 * 3_600_000, took=0, state="running")
    old = seed.run("flights", "delay", kind="deployment", ago=4 * DAY, took=2 * DAY)
    for run, version, port in ((live, models[1], 8080), (old, models[0], 8081)):
        seed.stores.runs.update(run.id, RunChange(result={"url": f"http://127.0.0.1:{port}", "targets": [{"name": "delay", "address": "model:delay@champion", "weight": 1.0, "shadow": False, "version_id": version.id}]}))  # fmt: skip
        seed.used(run, version, "model")
        x = np.arange(400)
        seed.log(
            run,
            {
                "requests_per_s": 40 + 20 * np.sin(x / 30),
                "latency_p99_ms": 4 + np.abs(np.sin(x / 11)),
                "errors_per_s": np.zeros(400),
            },
            took=5 * 3_600_000,
        )
        for part in range(3):
            first = ids.new_id(seed.now - part * 100_000)
            seed.version(
                "predictions",
                "delay",
                {"predictions.csv": f"prediction_id,p\n{first},0.31\n".encode()},
                ago=part * 3_600_000,
                run=run,
                metadata={"rows": 25_000 + part, "first_id": first, "last_id": first},
            )


def monitors(seed: Seed, data: list[Version]) -> None:
    """A monitor with nine windows that drift away, and one at rest."""
    for n in range(9):
        month = f"2013-{n + 4:02d}"
        drift = 0.06 + 0.05 * n
        alarms = [{"kind": "drift", "severity": "error", "text": f"{drift:.0%} of the columns have drifted, more than 30 %", "column": None}, {"kind": "column", "severity": "warning", "text": f"Wasserstein distance {0.1 + n / 30:.3f} of 'wind_speed' is above 0.1", "column": "wind_speed"}] if n >= 6 else []  # fmt: skip
        scores = {
            "drift_share": drift,
            "roc_auc": 0.71 - n * 0.008,
            "f1": 0.5 - n * 0.01,
            "rows": 27_000 + n * 113,
            **{
                f"drift.{c}": abs(math.sin(i + n)) * 0.1 + n * 0.012
                for i, c in enumerate(("dep_hour", "wind_speed", "visib", "distance", "carrier"))
            },
        }
        check = seed.run("flights", "delay-drift", kind="check", ago=(9 - n) * 3_600_000, took=900, tags={"monitor": "delay-drift", "window": month})  # fmt: skip
        seed.stores.runs.update(
            check.id,
            RunChange(
                result={
                    "window": month,
                    "scores": scores,
                    "alarms": alarms,
                    "reasons": [f"{n // 2} of 14 columns drifted"],
                }
            ),
        )
        seed.used(check, data[0], "reference")
        seed.version(
            "report",
            "delay-drift",
            {"report.html": (REPORT % month).encode(), "report.json": json.dumps(scores).encode()},
            ago=(9 - n) * 3_600_000,
            run=check,
            role="report",
            type="html",
        )
    calm = seed.run("churn", "churn-schema", kind="check", ago=DAY, took=500, tags={"monitor": "churn-schema"})
    seed.stores.runs.update(
        calm.id,
        RunChange(result={"window": "week 12", "scores": {"anomalies": 0.0}, "alarms": [], "reasons": ["no anomaly"]}),
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".tenfold")
    fill(sqlite_stores(folder), folder)
    print(f"Seeded {folder}")
