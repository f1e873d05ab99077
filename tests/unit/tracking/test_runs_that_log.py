"""A run from start to end on real stores: what it keeps, what it captures, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tenfold.base import ids
from tenfold.base.errors import AlreadyExists, Invalid, RunNotFound, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import Run
from tenfold.stores.series import blocks
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.tracking import ActiveRun, attach, console_text, current, start, sync
from tenfold.tracking.background import background


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return memory_stores()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    yield
    assert background.runs() == []


def values(stores: Stores, run_id: str, key: str) -> list[float]:
    return list(blocks.columns(stores.series.read(run_id, key)).values.tolist())


def begin(stores: Stores, tmp_path: Path, **given: object) -> ActiveRun:
    given.setdefault("capture", False)
    return start(stores, tmp_path / "journals", "flights", **given)  # type: ignore[arg-type]


def test_a_run_ends_finished_with_everything_in_the_store(stores: Stores, tmp_path: Path) -> None:
    with begin(stores, tmp_path, params={"lr": np.float32(0.5), "model": {"depth": 3}}, tags={"team": "a"}) as run:
        assert current() is run
        for step in range(100):
            run.log({"loss": 1 / (step + 1)}, step=step)
        run.param("seed", 7)
        run.tag("team", None)
        run.tag({"best": "yes"})
        run.note("# good")
        run.result({"verdict": "ok"})
    kept = stores.runs.get([run.id])[0]
    assert (kept.state, kept.project, kept.name, kept.error) == ("finished", "flights", run.name, None)
    assert kept.params == {"lr": 0.5, "model": {"depth": 3}, "seed": 7}
    assert kept.tags == {"best": "yes"}
    assert kept.notes == "# good"
    assert kept.result == {"verdict": "ok"}
    assert kept.metrics["loss"].count == 100
    assert kept.ended_at_ms is not None
    assert values(stores, run.id, "loss")[:2] == [1.0, 0.5]
    assert list((tmp_path / "journals").iterdir()) == [], "nothing is left on disk"
    assert current() is None


def test_points_arrive_while_the_run_goes_on(stores: Stores, tmp_path: Path) -> None:
    with begin(stores, tmp_path) as run:
        run.log({"loss": 1.0})
        arrived = threading.Event()
        for _ in range(200):
            if stores.series.infos([run.id])[run.id]:
                break
            arrived.wait(0.02)
        assert stores.series.infos([run.id])[run.id][0].count == 1


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (ValueError("bad batch"), "failed", "ValueError: bad batch"),
        (KeyboardInterrupt(), "killed", "KeyboardInterrupt"),
    ],
)
def test_an_exception_ends_the_run_with_its_cause(
    stores: Stores, tmp_path: Path, error: BaseException, state: str, said: str
) -> None:
    with pytest.raises(type(error)), begin(stores, tmp_path) as run:
        run.log({"loss": 1.0})
        raise error
    kept = stores.runs.get([run.id])[0]
    assert kept.state == state
    assert kept.error is not None
    assert kept.error.splitlines()[0] == said
    assert values(stores, run.id, "loss") == [1.0]


def test_nested_runs_know_their_parent(stores: Stores, tmp_path: Path) -> None:
    with begin(stores, tmp_path) as outer:
        with begin(stores, tmp_path) as inner:
            assert current() is inner
        with begin(stores, tmp_path, parent_id="") as alone:
            pass
        assert current() is outer
    parents = [run.parent_id for run in stores.runs.get([outer.id, inner.id, alone.id])]
    assert parents == [None, outer.id, None]


def test_a_thread_without_a_run_logs_to_the_newest(stores: Stores, tmp_path: Path) -> None:
    with begin(stores, tmp_path) as run:
        seen: list[object] = []
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
        assert seen == [run]


def test_resuming_goes_on_where_the_run_stopped(stores: Stores, tmp_path: Path) -> None:
    with begin(stores, tmp_path) as run:
        run.log({"loss": 1.0})
        run.log({"loss": 2.0})
    with begin(stores, tmp_path, run_id=run.id, resume="must", params={"more": 1}) as again:
        assert again.name == run.name
        assert stores.runs.get([run.id])[0].state == "running"
        again.log({"loss": 3.0})
    assert values(stores, run.id, "loss") == [1.0, 2.0, 3.0]
    assert stores.series.infos([run.id])[run.id][0].last_step == 2
    assert stores.runs.get([run.id])[0].params == {"more": 1}
    with pytest.raises(AlreadyExists):
        begin(stores, tmp_path, run_id=run.id)
    with pytest.raises(RunNotFound):
        begin(stores, tmp_path, run_id=ids.new_id(), resume="must")
    with pytest.raises(Invalid):
        begin(stores, tmp_path, run_id="mine", resume="allow")
    with begin(stores, tmp_path, run_id=ids.new_id(), resume="allow"):
        pass


def test_attach_leaves_the_run_s_state_alone_and_its_disk_clean(stores: Stores, tmp_path: Path) -> None:
    run_id = ids.new_id()
    stores.runs.create([Run(id=run_id, project="p", kind="step", state="running")])
    with attach(stores, tmp_path / "journals", run_id) as run:
        assert not (tmp_path / "journals").exists(), "it costs nothing until something is logged"
        run.log({"rows": 10})
    assert stores.runs.get([run_id])[0].state == "running"
    assert values(stores, run_id, "rows") == [10.0]
    assert list((tmp_path / "journals").iterdir()) == []


def test_media_are_versions_the_run_produced(tmp_path: Path) -> None:
    stores = sqlite_stores(tmp_path / "store")
    (tmp_path / "plot.svg").write_text("<svg/>")
    with begin(stores, tmp_path) as run:
        text = run.log_text("notes/first", "hello", step=3)
        image = run.log_image("sample", np.zeros((4, 5, 3)), step=0)
        run.log_image("plot", tmp_path / "plot.svg")
        table = run.log_table("errors", [{"row": 1, "p": 0.5}, {"row": 2, "p": float("nan")}])
        histogram = run.log_histogram("weights", [1.0, 2.0, float("nan")], bins=2)
        run.log_image("wrong", "no such file")
        file = run.save({"a.bin": b"\0\1"}, "features", type="binary")
    assert text is not None
    assert text.kind == "media"
    assert text.metadata == {"key": "notes/first", "step": 3}
    assert image is not None
    (entry,) = stores.blobs.entries(image.digest)
    assert stores.blobs.get_bytes(entry.digest).startswith(b"\x89PNG")
    assert table is not None
    kept = json.loads(stores.blobs.get_bytes(stores.blobs.entries(table.digest)[0].digest))
    assert kept == {"columns": ["row", "p"], "rows": [[1, 0.5], [2, None]]}
    assert histogram is not None
    counted = json.loads(stores.blobs.get_bytes(stores.blobs.entries(histogram.digest)[0].digest))
    assert counted == {"counts": [1, 1], "edges": [1.0, 1.5, 2.0], "not_finite": 1}
    assert file.address == "data:features@v1"
    edges = stores.lineage.of_runs([run.id])
    assert len(edges) == 6
    assert {edge.direction for edge in edges} == {"produced"}
    with begin(stores, tmp_path) as reader:
        assert reader.use("features@v1", role="training").id == file.id
        with pytest.raises(VersionNotFound):
            reader.use("data:nothing")
    (edge,) = stores.lineage.of_runs([reader.id])
    assert (edge.direction, edge.role, edge.version_id) == ("used", "training", file.id)


SCRIPT = """
import sys
from pathlib import Path
from tenfold.testing.stores import sqlite_stores
from tenfold.tracking import start
stores = sqlite_stores(Path(sys.argv[1]) / "store")
run = start(stores, Path(sys.argv[1]) / "journals", "p")
print("id", run.id)
print("progress 1\\rprogress 2\\rprogress 3")
print("my token=abcdef123456", file=sys.stderr)
run.log({"loss": 0.25})
if sys.argv[2] == "fail":
    raise RuntimeError("out of fuel")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    (folder / "lib.py").write_text("x = 1\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)
    (folder / "lib.py").write_text("x = 2\n")
    return folder


def run_script(repository: Path, tmp_path: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "train.py", str(tmp_path), how, "--api-key", "s3cr3tvalue99"],
        cwd=repository, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_script_is_captured_without_being_asked(repository: Path, tmp_path: Path) -> None:
    done = run_script(repository, tmp_path, "well")
    assert done.returncode == 0, done.stderr
    stores = sqlite_stores(tmp_path / "store")
    run_id = done.stdout.split()[1]
    run = stores.runs.get([run_id])[0]
    assert run.state == "finished"
    assert run.code is not None
    assert run.code.commit is not None
    assert len(run.code.commit) == 40
    assert (run.code.branch, run.code.dirty, run.code.entry_point) == ("main", True, "train.py")
    assert run.code.arguments[2:] == ["--api-key", "••••••"]
    assert run.code.patch is not None
    assert "+x = 2" in stores.blobs.get_bytes(run.code.patch).decode()
    assert run.environment["python"].startswith("3.")
    assert "msgspec" in run.environment["packages"]
    assert run.environment["cpus"] >= 1
    assert "system/cpu_percent" in run.metrics
    assert run.metrics["loss"].last == 0.25
    printed = console_text(stores, run_id)
    assert "progress 3\n" in printed
    assert "progress 1" not in printed
    assert "my token=••••••" in printed
    assert list((tmp_path / "journals").iterdir()) == []


def test_a_script_that_fails_leaves_a_failed_run(repository: Path, tmp_path: Path) -> None:
    done = run_script(repository, tmp_path, "fail")
    assert done.returncode == 1
    stores = sqlite_stores(tmp_path / "store")
    run = stores.runs.get([done.stdout.split()[1]])[0]
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.startswith("RuntimeError: out of fuel")
    assert sync(stores, tmp_path / "journals").folders == 0
