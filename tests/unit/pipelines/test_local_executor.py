"""Steps in warm processes: what they see, how they die, what is killed with them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pipeline_samples as samples
import psutil
import pytest

from tenfold.base.errors import Invalid, NotFound, StepFailed
from tenfold.pipelines import cancel, load_pipeline, read_log, resume
from tenfold.pipelines.executors import pools
from tenfold.records import RunQuery


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def host(folder):
    yield samples.host_at(folder)
    pools.close_all()


@pytest.fixture(scope="module")
def tables(folder):
    return samples.host_at(folder, preload=("pandas", "pyarrow"))  # imported once, not once a worker


def wait_for(condition, timeout_s: float = 20.0):
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_steps_run_in_another_process_and_tables_cross(tables):
    run = samples.speaking.with_options(host=tables).run()
    pid, columns = run.outputs()
    assert pid != os.getpid()
    assert columns == ["a", "b"]


def test_the_log_holds_what_the_step_and_its_children_printed(tables):
    run = samples.speaking.with_options(host=tables).run(note="log")
    log = read_log(tables.stores, run.steps["who"].run_id, tables.folder)
    assert sorted(log.splitlines()) == ["and an error", "hello from a child", "hello from log"]
    assert not (tables.folder / "logs" / f"{run.steps['who'].run_id}.log").exists()


def test_a_second_run_uses_the_same_warm_processes(tables):
    pids = {samples.speaking.with_options(host=tables).run(note=f"warm {i}").outputs()[0] for i in range(3)}
    assert len(pids) <= 2


def test_chains_and_fan_outs_give_what_plain_python_gives(host):
    assert samples.chain.with_options(host=host).run(start=5).outputs() == samples.chain(5)
    assert samples.fan.with_options(host=host).run().outputs() == samples.fan()
    assert samples.fan.with_options(host=host).run(count=0).outputs() == 0


def test_a_killed_worker_fails_only_its_own_step(host, tmp_path):
    run = samples.dying.with_options(host=host, raises=False).run(str(tmp_path))
    assert run.state == "failed"
    assert run.steps["die_once"].state == "failed"
    assert "killed by signal 9" in run.steps["die_once"].error
    assert run.steps["add"].state in ("finished", "cached")


def test_a_killed_worker_is_tried_again_when_the_step_allows_it(host, tmp_path):
    run = samples.dying.with_options(host=host).run(str(tmp_path), tolerant=True)
    assert run.outputs()[0] == "lived"
    assert run.steps["dies_once"].attempts == 2


def test_a_timeout_ends_grandchildren_that_ignore_sigterm(host, tmp_path):
    run = samples.hanging.with_options(host=host, raises=False).run(str(tmp_path))
    assert "longer than 1.5 s" in run.steps["hang"].error
    for name in ("child", "grandchild"):
        pid = int((tmp_path / name).read_text())
        wait_for(lambda pid=pid: is_gone(pid))


def test_when_the_fork_server_is_killed_the_run_fails_and_can_go_on(tmp_path):
    host = samples.host_at(tmp_path / "store")
    failed: list[BaseException] = []

    def run():
        try:
            samples.counted.with_options(host=host).run(str(tmp_path), 4, 0.3)
        except StepFailed as error:
            failed.append(error)

    before = {child.pid for child in psutil.Process().children()}
    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: (tmp_path / "lines").exists())
    (server,) = [child for child in psutil.Process().children() if child.pid not in before]
    workers = server.children()
    server.kill()
    thread.join(30)
    assert "forks workers" in str(failed[0])
    assert workers and all(wait_for(lambda pid=worker.pid: is_gone(pid)) for worker in workers)
    root = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items[0]
    assert root.state == "failed"
    assert resume(root.id, host=host).outputs() == "first,item-0,item-1,item-2,item-3"


def test_cancelling_from_elsewhere_ends_the_whole_tree(host, tmp_path):
    seen: list[str] = []
    failed: list[BaseException] = []

    def run():
        try:
            samples.long_hanging.with_options(host=host, on_event=lambda p: seen.append(p.root_id)).run(str(tmp_path))
        except StepFailed as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text())
    assert cancel(seen[0], host=host) == 1
    thread.join(20)
    assert failed and not thread.is_alive()
    assert host.stores.runs.get([seen[0]])[0].state == "killed"
    assert is_gone(int((tmp_path / "grandchild").read_text())) and is_gone(int((tmp_path / "child").read_text()))


def test_the_context_of_the_host_is_entered_around_each_step(tmp_path):
    host = samples.host_at(tmp_path, context="pipeline_samples:noted_context")
    run = samples.chain.with_options(host=host).run(length=1)
    step = run.steps["add"]
    assert read_log(host.stores, step.run_id, host.folder) == f"inside {step.run_id}\n"


def test_a_resumed_run_does_not_run_finished_items_again(host, tmp_path):
    run = samples.healing.with_options(host=host, raises=False).run(str(tmp_path))
    assert run.state == "failed"
    assert run.steps["fail_at"].items == {"finished": 3, "failed": 1}
    assert run.steps["total"].state == "skipped"
    (tmp_path / "healed").touch()
    run.resume()
    assert run.state == "finished" and run.outputs() == 10
    assert sorted((tmp_path / "lines").read_text().split()) == ["1", "2", "3", "4"]


def test_what_a_step_leaves_behind_dies_with_the_pool(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    host = samples.host_at(tmp_path / "store")
    samples.chain.with_options(host=host).run(length=2)
    children = [child for child in psutil.Process().children(recursive=True) if child not in before]
    assert children
    pools.close_all()
    for child in children:
        wait_for(lambda child=child: is_gone(child.pid))


def test_no_warm_process_outlives_a_module_that_cannot_be_imported(tmp_path, monkeypatch):
    Path(tmp_path / "broken_elsewhere.py").write_text(
        "import os\nfrom tenfold.pipelines import step, pipeline\n"
        "if os.environ.get('BREAK_IT'):\n    raise RuntimeError('no import here')\n"
        "@step\ndef one():\n    return 1\n@pipeline\ndef broken():\n    return one()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import broken_elsewhere

    monkeypatch.setenv("BREAK_IT", "1")
    host = samples.host_at(tmp_path / "store")
    with pytest.raises(StepFailed, match="no import here"):
        broken_elsewhere.broken.with_options(host=host).run()
    root = host.stores.runs.search(RunQuery(kinds=["pipeline"])).items[0]
    assert root.state == "failed"


def test_workers_are_fresh_processes_where_a_fork_would_hang(tmp_path, monkeypatch):
    Path(tmp_path / "eager_polars.py").write_text(
        "import polars as pl\nfrom tenfold.pipelines import step, pipeline\n"
        "SEEN = pl.DataFrame({'a': [1, 2, 2]}).group_by('a').agg(pl.len())\n"
        "@step(timeout_s=30)\ndef groups(i):\n    return pl.DataFrame({'a': [1, 2, i]}).group_by('a').agg(pl.len()).height\n"
        "@pipeline\ndef eager():\n    return groups.map([2, 3])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import eager_polars

    host = dataclasses.replace(samples.host_at(tmp_path / "store"), workers=1)
    assert eager_polars.eager.with_options(host=host, executor="local").run().outputs() == [2, 3]


def test_a_module_edited_since_its_import_is_refused(tmp_path, monkeypatch):
    text = "from tenfold.pipelines import step, pipeline\n@step\ndef one():\n    return 1\n@pipeline\ndef edited():\n    return one()\n"
    (tmp_path / "edited_module.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    import edited_module

    host = samples.host_at(tmp_path / "store")
    (tmp_path / "edited_module.py").write_text(text.replace("return 1", "return 22"))
    with pytest.raises(Invalid, match="changed since it was imported"):
        edited_module.edited.with_options(host=host).run()
    fresh = load_pipeline(f"{tmp_path / 'edited_module.py'}:edited")
    assert fresh.with_options(host=host).run().outputs() == 22


def test_load_pipeline_finds_by_file_and_name_and_says_what_there_is(tmp_path):
    file = tmp_path / "two_pipelines.py"
    file.write_text("from tenfold.pipelines import pipeline\n@pipeline\ndef a(): ...\n@pipeline\ndef b(): ...\nc = 1\n")
    assert load_pipeline(f"{file}:b").name == "b"
    for address, error, says in [
        (f"{file}", Invalid, "has 2 pipelines \\(a, b\\)"),
        (f"{file}:c", Invalid, "is no pipeline"),
        (f"{file}:d", NotFound, "Its pipelines: a, b"),
        (f"{tmp_path}/none.py:a", NotFound, "No file"),
        ("no_such_module_here:a", NotFound, "No module"),
    ]:
        with pytest.raises(error, match=says):
            load_pipeline(address)


def test_a_script_that_runs_its_pipeline_unguarded_is_told_how_to_guard_it(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import pipeline_samples as samples, sys\nfrom pathlib import Path\nfrom tenfold.pipelines import step, pipeline\n"
        "@step\ndef one(): return 1\n@pipeline\ndef p(): return one()\n"
        "p.with_options(host=samples.host_at(Path(sys.argv[-1]))).run()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent)}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert 'if __name__ == "__main__":' in done.stderr


def test_a_script_runs_its_own_steps_in_workers_and_finds_them_in_the_cache_by_file_name(tmp_path):
    script = tmp_path / "own_script.py"
    script.write_text(
        "import pipeline_samples as samples, sys, os, dataclasses\nfrom pathlib import Path\n"
        "from tenfold.pipelines import step, pipeline\n"
        "@dataclasses.dataclass\nclass Box:\n    x: int\n"
        "@step\ndef one(): return Box(os.getpid())\n@step\ndef two(box): return box.x\n@pipeline\ndef p(): return two(one())\n"
        "if __name__ == '__main__':\n"
        "    run = p.with_options(host=samples.host_at(Path(sys.argv[-1]))).run()\n"
        "    print(run.outputs() != os.getpid(), type(run.output('one')) is Box)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(script), str(tmp_path)], env=env, capture_output=True, text=True, timeout=60
        )
        assert (done.stdout, done.returncode) == ("True True\n", 0), done.stderr
    host = samples.host_at(tmp_path)
    run = load_pipeline(f"{script}:p").with_options(host=host).run()
    assert set(run.graph.counts) == {"cached"}


def test_a_server_started_before_it_is_known_what_for_runs_the_steps_and_speaks_where_its_taker_does(folder, tmp_path):
    script = tmp_path / "taken.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(samples.__file__).parent)!r})\n"
        "from tenfold.pipelines.choosing import worker_count\n"
        "from tenfold.pipelines.executors import pools, prepared\n"
        "from tenfold.pipelines.executors.local import share_of_cores\n"
        "import pipeline_samples as samples\n"
        f"host = samples.host_at(Path({str(tmp_path / 'store')!r}))\n"
        "prepared.prepare(share_of_cores(99), ())  # of other variables: not taken, and ended\n"
        "prepared.prepare(share_of_cores(worker_count(host)), ['tenfold.stores.sql'])\n"
        "servers = [one.server for one in prepared._prepared]\n"
        "os.chdir('elsewhere')\n"
        "run = samples.speaking.with_options(host=host).run(note='taken')\n"
        "[pool] = pools._idle.values()\n"
        "assert pool._server is servers[1] and run.outputs()[0] != os.getpid()\n"
        "assert prepared.take(share_of_cores(1)) is None and servers[0].wait(10) is not None\n"
        "pools.close_all()\n"
        "prepared.prepare(share_of_cores(1), ())\n"
        "print(prepared._prepared[0].server.pid)\n"
    )
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: is_gone(int(done.stdout.split()[-1])))  # nobody took it, and its process ended
