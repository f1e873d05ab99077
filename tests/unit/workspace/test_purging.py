"""What a purge takes and what it leaves: models outlive their runs, lineage stays whole, bytes are really freed."""

import pytest

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import BlobNotFound, Invalid, RunNotFound
from tenfold.records import CodeVersion, Draft, Edge, Move, Points, Run
from tenfold.testing.blobs import noise
from tenfold.testing.stores import memory_stores, sqlite_stores
from tenfold.workspace import explain
from tenfold.workspace.purging import empty_bin, purge_runs, purge_versions

DAY = 24 * 3_600_000
SIZE = 400_000


@pytest.fixture(params=["memory", "sqlite"])
def stores(request, tmp_path):
    if request.param == "memory":
        yield memory_stores()
        return
    opened = sqlite_stores(tmp_path)
    yield opened
    opened.runs._db.close()


def a_run(stores, **fields):
    run = Run(
        **{"id": ids.new_id(), "project": "p", "name": "train", "state": "finished", "created_at_ms": 1, **fields}
    )
    stores.runs.create([run])
    return run.id


def keep(stores, kind, name, data, *, run=None, ref=None, inline=None):
    tree = stores.blobs.put_tree({"file": data})
    draft = Draft(
        id=ids.new_id(), kind=kind, name=name, digest=tree.digest, size_bytes=len(data), files=1, run_id=run,
        role="x", created_at_ms=1, moves=[Move(ref=ref)] if ref else [], inline=inline,
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def use(stores, run, version):
    stores.lineage.add([Edge(run_id=run, version_id=version.id, direction="used", role="input", at_ms=1)])


def test_a_model_keeps_its_files_and_its_past_when_its_run_is_purged(stores):
    data = keep(stores, "data", "flights", noise(1000, 1))
    run = a_run(stores)
    use(stores, run, data)
    model = keep(stores, "model", "delay", noise(SIZE, 2), run=run)
    stores.runs.set_deleted([run], at_ms=5)
    done = purge_runs(stores, [run], grace_ms=0)
    assert (done.runs, done.versions, done.freed_bytes) == (1, 0, 0)
    assert done.kept == {"model:delay@v1": "a model outlives its run"}
    with pytest.raises(RunNotFound):
        stores.runs.get([run])
    entry = stores.blobs.entries(model.digest)[0]
    assert stores.blobs.get_bytes(entry.digest) == noise(SIZE, 2)
    said = explain.why(stores, "model:delay@v1")
    assert [reason.address for reason in said.reasons if reason.what == "data"] == ["data:flights@v1"]
    assert "purged run" in {node.label for node in said.graph.nodes}


def test_what_a_run_kept_for_itself_goes_with_it_and_the_bytes_are_freed(stores):
    run, other = a_run(stores), a_run(stores)
    image = keep(stores, "media", f"run-{run.lower()}", noise(SIZE, 1), run=run)
    shared = keep(stores, "media", f"run-{other.lower()}", noise(SIZE, 1), run=other)
    alone = keep(stores, "log", "console", noise(SIZE, 3), run=run)
    stores.series.append(run, {"loss": _points(1.0, 2.0)}, source="s", offset=1)
    stores.runs.set_deleted([run], at_ms=5)
    would = purge_runs(stores, [run], preview=True, grace_ms=0)
    assert (would.preview, would.runs, would.versions, would.points) == (True, 1, 2, 2)
    assert SIZE < would.freed_bytes < 2 * SIZE, "what another run kept too is not counted"
    assert stores.runs.get([run])[0].metrics["loss"].last == 2.0
    done = purge_runs(stores, [run], grace_ms=0)
    assert would.freed_bytes <= done.freed_bytes < 2 * SIZE
    assert stores.blobs.has([image.digest, alone.digest]) == {shared.digest}
    assert stores.blobs.verify() == []
    assert stores.versions.search(run_id=run) == []
    assert stores.series.infos([run]) == {run: []}
    assert stores.lineage.of_runs([run]) == []


def test_only_what_is_in_the_bin_and_not_running_is_purged(stores):
    kept, binned, running = a_run(stores), a_run(stores), a_run(stores, state="running")
    stores.runs.set_deleted([binned, running], at_ms=5)
    with pytest.raises(Invalid, match="not in the bin"):
        purge_runs(stores, [binned, kept])
    done = purge_runs(stores, [binned, running])
    assert done.runs == 1
    assert done.kept == {f"run:{running}": "it is still running"}
    assert {run.id for run in stores.runs.get([kept, running])} == {kept, running}


def test_a_pipeline_run_takes_its_steps_along_but_not_what_others_used(stores):
    root = a_run(stores, kind="pipeline")
    first, second = (a_run(stores, kind="step", parent_id=root, root_id=root) for _ in range(2))
    data = keep(stores, "data", "flights", noise(1000, 1))
    use(stores, first, data)
    handed_on = keep(stores, "output", "p.first.table", noise(SIZE, 2), run=first, ref="key-abc")
    use(stores, second, handed_on)
    last = keep(stores, "output", "p.second.report", noise(SIZE, 3), run=second)
    elsewhere = keep(stores, "output", "p.second.table", noise(SIZE, 4), run=second)
    model = keep(stores, "model", "delay", noise(1000, 5), run=second)
    use(stores, a_run(stores), elsewhere)
    stores.runs.set_deleted([root], at_ms=5)
    done = purge_runs(stores, [root], grace_ms=0)
    assert (done.runs, done.versions) == (3, 2)
    assert done.kept == {
        "output:p.second.table@v1": "another run used it", "model:delay@v1": "a model outlives its run"
    }  # fmt: skip
    assert stores.blobs.has([handed_on.digest, last.digest, elsewhere.digest, model.digest]) == {
        elsewhere.digest, model.digest
    }  # fmt: skip
    said = explain.why(stores, "model:delay@v1")
    assert [reason.address for reason in said.reasons if reason.what == "data"] == ["data:flights@v1"]
    assert stores.refs.find("output", "p.first.table", "key-abc") is None


def test_a_version_is_deleted_restored_and_really_purged(stores):
    old = keep(stores, "model", "delay", noise(SIZE, 1), ref="champion")
    new = keep(stores, "model", "delay", noise(SIZE, 2), ref="champion")
    stores.versions.set_deleted([old.id], at_ms=5)
    assert stores.versions.set_deleted([old.id], at_ms=None) == 1
    with pytest.raises(Invalid, match="model:delay@v1 is not in the bin"):
        purge_versions(stores, [old.id])
    stores.versions.set_deleted([old.id, new.id], at_ms=5)
    would = purge_versions(stores, [old.id, new.id], preview=True, grace_ms=0)
    done = purge_versions(stores, [old.id, new.id], grace_ms=0)
    assert (done.freed_bytes, done.versions, done.kept) == (would.freed_bytes, 1, {new.address: "champion names it"})
    assert done.freed_bytes >= SIZE
    with pytest.raises(BlobNotFound):
        stores.blobs.entries(old.digest)
    assert stores.versions.get([old.id])[0].is_purged
    assert [move.after for move in stores.refs.history("model", "delay")] == [new.id, old.id]
    assert purge_versions(stores, [old.id], grace_ms=0).versions == 0


def test_young_bytes_wait_so_that_others_may_go_on_writing(stores):
    version = keep(stores, "data", "flights", noise(SIZE, 1))
    stores.versions.set_deleted([version.id], at_ms=5)
    done = purge_versions(stores, [version.id])
    assert done.freed_bytes == 0
    assert done.waiting_bytes >= SIZE


def test_the_bin_is_emptied_of_what_lay_there_long_enough(stores):
    now = now_ms()
    old_run, new_run = a_run(stores), a_run(stores)
    old, new = (keep(stores, "data", "flights", noise(SIZE, seed)) for seed in (1, 2))
    stores.runs.set_deleted([old_run], at_ms=5)
    stores.runs.set_deleted([new_run], at_ms=now)
    stores.versions.set_deleted([old.id], at_ms=5)
    stores.versions.set_deleted([new.id], at_ms=now)
    done = empty_bin(stores, older_than_ms=30 * DAY, grace_ms=0)
    assert (done.runs, done.versions) == (1, 1)
    assert stores.runs.get([new_run])
    assert stores.blobs.has([old.digest, new.digest]) == {new.digest}


def test_a_patch_that_two_runs_share_stays_with_the_second(stores):
    patch = stores.blobs.put_bytes(noise(SIZE, 1))
    one, two = (a_run(stores, code=CodeVersion(commit="c", patch=patch)) for _ in range(2))
    stores.runs.set_deleted([one, two], at_ms=5)
    assert purge_runs(stores, [one], grace_ms=0).freed_bytes == 0
    assert stores.blobs.has([patch]) == {patch}
    assert purge_runs(stores, [two], grace_ms=0).freed_bytes >= SIZE
    assert stores.blobs.has([patch]) == set()


def _points(*values):
    import numpy as np

    steps = np.arange(len(values), dtype="<i8")
    return Points(steps.tobytes(), np.asarray(values, "<f8").tobytes(), steps.tobytes())
