"""A run and its processes: forked, spawned, killed and distributed children lose nothing and hang nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import family_script
import pytest

import tenfold
from tenfold.base import ids
from tenfold.records import Run
from tenfold.workspace import Client

SCRIPT = Path(family_script.__file__)
POINTS = family_script.POINTS


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(str(tmp_path / ".tenfold"))


def start(client: Client, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENFOLD_")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=120, check=False,
        env={**environment, "TENFOLD_STORE": client.workspace.location.store, **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def only_run(client: Client) -> Run:
    (run,) = client.runs().items
    return run


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_log_into_the_run_also_one_that_is_killed(client: Client, method: str) -> None:
    start(client, method)
    run = only_run(client)
    assert run.state == "finished"
    assert {key: summary.count for key, summary in run.metrics.items()} == dict.fromkeys(
        ["worker_0", "worker_1", "worker_9"], POINTS
    )
    assert list(client.workspace.journals.iterdir()) == []


def test_forks_while_threads_log_neither_hang_nor_lose(client: Client) -> None:
    start(client, "fork while threads log")
    run = only_run(client)
    assert {key: run.metrics[key].count for key in ("worker_0", "worker_1")} == dict.fromkeys(
        ["worker_0", "worker_1"], 5 * POINTS
    )
    for number in range(3):
        assert run.metrics[f"thread_{number}"].count == run.params[f"thread_{number}"]


def test_ranks_that_a_run_starts_log_into_it_each_under_its_number(client: Client) -> None:
    start(client, "ranks of a run")
    run = only_run(client)
    assert (run.name, run.state) == ("outer", "finished")
    assert {key: (s.count, s.min) for key, s in run.metrics.items()} == {
        "loss": (POINTS, 0.0),
        "rank_1/loss": (POINTS, 1.0),
    }


def test_ranks_by_themselves_are_runs_of_one_group(client: Client) -> None:
    job = {"MASTER_ADDR": "node", "MASTER_PORT": "29500"}
    for number in ("0", "1"):
        start(client, "ranks alone", number, **job)
    runs = client.runs(order="name").items
    assert [(run.name, run.group, run.tags) for run in runs] == [
        (f"rank {number}", "node:29500", {"rank": str(number), "world_size": "2"}) for number in (0, 1)
    ]


def test_ranks_told_one_id_make_one_run(client: Client) -> None:
    told = {"TENFOLD_RUN_ID": ids.new_id()}
    start(client, "ranks alone", "0", **told)
    start(client, "ranks alone", "1", **told)
    run = only_run(client)
    assert (run.id, run.state, run.tags["rank"]) == (told["TENFOLD_RUN_ID"], "finished", "0")
    assert set(run.metrics) == {"loss", "rank_1/loss"}


def test_a_run_that_a_child_script_starts_is_part_of_the_run(client: Client) -> None:
    start(client, "script")
    inner, outer = client.runs(order="name").items
    assert (inner.parent_id, inner.project, inner.metrics["x"].count) == (outer.id, "default", 1)


def test_a_run_of_another_store_is_nobody_s_parent(client: Client) -> None:
    start(client, "ranks alone", "0", TENFOLD_RUN_ID=ids.new_id())
    start(client, "script", TENFOLD_RUN_ID=ids.new_id())
    assert client.runs("name = 'outer'").items[0].parent_id is None


def test_signal_handlers_log_in_the_middle_of_logging(client: Client) -> None:
    start(client, "signals")
    run = only_run(client)
    assert (run.metrics["loss"].count, run.metrics["handled"].count) == (2000, 200)


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("run.log({'x': 1.0})", "finished"),
        ("sys.exit(3)", "failed"),
        ("raise KeyboardInterrupt", "killed"),
    ],
)
def test_a_process_s_end_is_the_end_of_a_run_nobody_ended(client: Client, ending: str, state: str) -> None:
    code = f"import sys, tenfold\nrun = tenfold.run('p', capture=()); run.log({{'x': 1.0}})\n{ending}"
    subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, check=False,
        env={**os.environ, "TENFOLD_STORE": client.workspace.location.store},
    )  # fmt: skip
    run = only_run(client)
    assert run.state == state
    assert (run.error is None) == (state == "finished")


def test_an_exit_that_was_caught_does_not_fail_the_run(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr("tenfold.workspace.workspace._current", client.workspace)
    with tenfold.run("p", capture=()), pytest.raises(SystemExit):
        sys.exit(2)
    assert only_run(client).state == "finished"


def test_the_variables_are_those_of_before_once_the_run_has_ended(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.workspace.workspace._current", client.workspace)
    before = dict(os.environ)
    with tenfold.run("p", capture=()) as outer:
        with tenfold.run("p", capture=()) as inner:
            assert os.environ["TENFOLD_RUN_ID"] == inner.id
        assert os.environ["TENFOLD_RUN_ID"] == outer.id
    assert dict(os.environ) == before
