"""The command line as a user meets it: what each command prints and gives as JSON, and one line for every mistake."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import polars as pl
import pytest
from shell import Shell

import tenfold
from tenfold.workspace import workspace as workspaces

NOBODY = "01JD0000000000000000000000"
FLOW = """
from pathlib import Path

import tenfold


@tenfold.step
def load(data: str) -> int:
    print("reading", data)
    return len(tenfold.active_run().use(data).path("a.csv").read_text().splitlines())


@tenfold.step
def fragile(lines: int) -> int:
    if not Path(__file__).with_name("mended").exists():
        raise RuntimeError("the disk is away")
    return lines


@tenfold.step
def doubled(lines: int, factor: int) -> int:
    tenfold.log({"lines": lines * factor})
    return lines * factor


@tenfold.pipeline
def counting(data: str = "data:numbers@main", factor: int = 2):
    return doubled(load(data), factor)


@tenfold.pipeline
def failing(data: str = "data:numbers@main"):
    return doubled(fragile(load(data)), 2)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A project with a script, a pipeline, two versions of data and two tables."""
    folder = tmp_path_factory.mktemp("project")
    before, kept = Path.cwd(), {k: os.environ.pop(k) for k in list(os.environ) if k.startswith("TENFOLD_")}
    path = list(sys.path)
    os.chdir(folder)
    shell = Shell(folder)
    shell.ok("init", "trial")
    (folder / "flow.py").write_text(FLOW)
    raw = folder / "raw"
    raw.mkdir()
    (raw / "a.csv").write_text("x,y\n1,2\n")
    (raw / "b.txt").write_text("old")
    shell.ok("data", "commit", "numbers", "raw", "-m", "first")
    (raw / "a.csv").write_text("x,y\n1,2\n3,4\n")
    (raw / "b.txt").unlink()
    shell.ok("data", "commit", "numbers", "raw", "-m", "second")
    pl.DataFrame({"x": range(500)}).write_csv("same.csv")
    pl.DataFrame({"x": range(1000, 1500)}).write_csv("moved.csv")
    (folder / "torn.parquet").write_text("not a table")
    (folder / "empty.csv").write_text("")
    yield shell
    workspaces._current = None
    os.chdir(before)
    sys.path[:] = path
    os.environ.update(kept)


@pytest.fixture(scope="module")
def logged(place):
    """The ids of two runs logged by the script that `init` wrote, the outer one from `tenfold run`."""
    code, _, err = place("run", "train.py")
    assert code == 0 and "tenfold runs show" in err
    page = place.json("runs", "list", "--kind", "training")
    assert page["total"] == 2
    return [run["id"] for run in page["items"]]


@pytest.fixture(scope="module")
def model(place):
    """A model of two versions, the first one champion."""
    from sklearn.linear_model import LogisticRegression

    table = pl.DataFrame({"a": [0.0, 1.0, 2.0, 3.0] * 10})
    fitted = LogisticRegression().fit(table.to_pandas(), [0, 0, 1, 1] * 10)
    workspaces._current = None
    for name in ("one", "two"):
        with tenfold.run(name=name, capture=()) as run:
            run.use("data:numbers@v2")
            run.save_model(fitted, "half", input_example=table)
    place.ok("models", "alias", "half", "champion", "1", "--why", "the first")
    return "half"


def failed_run(place) -> str:
    (place.folder / "mended").unlink(missing_ok=True)
    code, _, err = place("run", "flow.py:failing")
    assert code == 1 and "the disk is away" in err and "tenfold pipelines resume" in err
    return place.json("pipelines", "list")["runs"][0]["id"]


def test_runs_are_listed_searched_shown_binned_and_restored(place, logged):
    inner, outer = logged
    assert inner in place.ok("runs", "list") and "loss=0.01" in place.ok("runs", "list")
    found = place.json(
        "runs", "list", "--where", "metrics.loss < 0.1 and params.count = 100", "--order", "metrics.loss"
    )
    assert [run["id"] for run in found["items"]] == [inner]
    shown = place.json("runs", "show", f"run:{inner}")
    assert shown["parent_id"] == outer and shown["metrics"]["loss"]["count"] == 100
    assert "count = 100" in place.ok("runs", "show", inner)
    place.ok("runs", "delete", inner)
    assert [run["id"] for run in place.json("runs", "list", "--deleted")["items"]] == [inner]
    place.ok("runs", "restore", inner)
    assert place.json("runs", "list", "--deleted")["items"] == []


def test_data_is_listed_compared_read_and_checked_out(place):
    assert "numbers" in {data["name"] for data in place.json("data", "list")}
    assert [version["message"] for version in place.json("data", "log", "numbers")][-2:] == ["second", "first"]
    assert [entry["path"] for entry in place.json("data", "ls", "numbers@v1")] == ["a.csv", "b.txt"]
    found = place.json("data", "diff", "numbers", "v1", "v2")
    assert [entry["path"] for entry in found["removed"]] == ["b.txt"]
    assert found["tables"][0]["rows_after"] - found["tables"][0]["rows_before"] == 1
    assert "1 removed, 1 changed" in place.ok("data", "diff", "data:numbers", "v1", "v2")
    assert place.ok("data", "cat", "numbers@v1/b.txt") == "old"
    assert "2 files written" in place.ok("data", "get", "numbers@v1", "-o", "out")
    assert "0 files written" in place.ok("data", "get", "numbers@v1", "-o", "out")
    assert (place.folder / "out" / "b.txt").read_text() == "old"
    assert "numbers" in place.ok("data", "list") and "first" in place.ok("data", "log", "numbers")


def test_a_folder_added_lies_where_it_would_without_adding(place):
    more = place.folder / "more"
    more.mkdir()
    (more / "c.csv").write_text("x,y\n5,6\n")
    place.ok("data", "commit", "added", "raw")
    place.ok("data", "commit", "added", "more", "--add")
    assert [entry["path"] for entry in place.json("data", "ls", "added")] == ["a.csv", "c.csv"]
    place.ok("data", "commit", "several", "more", "raw/a.csv")
    assert [entry["path"] for entry in place.json("data", "ls", "several")] == ["a.csv", "more/c.csv"]
    code, _, err = place("data", "commit", "several", "raw/a.csv", str(place.folder / "raw" / "a.csv"))
    assert code == 2 and "same last name" in err


def test_branches_and_tags_begin_where_they_are_told(place):
    place.ok("data", "branch", "numbers", "cleaning", "--at", "v1")
    place.ok("data", "tag", "numbers", "paper", "--at", "v1")
    added = place.json("data", "commit", "data:numbers", "same.csv", "--add", "--branch", "cleaning", "-m", "more")
    assert added["files"] == 3
    assert [version["number"] for version in place.json("data", "log", "numbers@cleaning")] == [added["number"], 1]
    assert place.json("data", "log", "numbers@paper")[0]["number"] == 1
    code, _, err = place("data", "commit", "numbers", "raw", "--branch", "paper")
    assert code == 1 and "tag" in err


def test_a_pipeline_is_planned_run_and_found_in_the_cache(place):
    planned = place.json("run", "flow.py:counting", "--plan", "--param", "factor=5")
    assert [item["hit"] for item in planned] == [False, False]
    out = place.ok("run", "flow.py:counting", "--param", "factor=5")
    assert "tenfold pipelines show" in out
    again = place.json("run", "flow.py:counting", "--param", "factor=5")
    assert again["state"] == "finished" and again["outputs"] == 15
    assert "found in the cache" in place.ok("run", "flow.py:counting", "--param", "factor=5", "--plan")
    assert place.json("pipelines", "show", again["run_id"])["counts"] == {"cached": 2}
    changed = place.json("run", "flow.py:counting", "--param", "factor=6")
    assert place.json("pipelines", "why-ran", changed["run_id"]) == {"load": [], "doubled": ["param factor changed"]}
    assert "param factor changed" in place.ok("pipelines", "why-ran", changed["run_id"])


def test_a_failed_pipeline_is_shown_in_one_line_a_step_and_resumed(place):
    run = failed_run(place)
    shown = place.ok("pipelines", "show", run)
    assert "RuntimeError: the disk is away" in shown and "Traceback" not in shown
    steps = {node["key"]: node["run_id"] for node in place.json("pipelines", "show", run)["nodes"]}
    assert all(step in shown for step in steps.values())
    assert place.ok("pipelines", "logs", steps["load"]) == "reading data:numbers@v2\n"
    told = place.ok("pipelines", "logs", run)
    assert told.startswith("== load\nreading data:numbers@v2\n== fragile\nTraceback (most recent call last)")
    assert told.endswith("RuntimeError: the disk is away\n") and told == place.ok("logs", run)
    assert place.json("logs", run, "fragile")[0]["error"].startswith("RuntimeError: the disk is away\nTraceback")
    (place.folder / "mended").touch()
    assert f"{run} finished" in place.ok("pipelines", "resume", run)
    assert f"{run} finished" in place.ok("pipelines", "resume", run)
    assert "had ended already: finished" in place.ok("pipelines", "cancel", run)


def test_days_of_a_schedule_are_those_of_its_zone_also_when_clocks_change(place):
    zone = ("--timezone", "Europe/Berlin")
    place.ok("schedules", "add", "hours", "flow.py:counting", "--cron", "0 * * * *", *zone)
    place.ok("schedules", "add", "nights", "flow.py:counting", "--cron", "30 2 * * *", *zone, "--start", "2026-03-28")
    days = ("--from", "2026-10-25", "--to", "2026-10-25")
    assert len(place.json("schedules", "backfill", "hours", *days, "--plan")["run_ids"]) == 25
    listed = place.ok("schedules", "backfill", "nights", *days, "--plan").splitlines()
    assert listed[1].split() == ["Sun", "2026-10-25", "02:30:00", "+0200", "would", "be", "run"] and len(listed) == 2
    spring = place.ok("schedules", "next", "hours", "--from", "2026-03-29T01:00", "-n", "2").splitlines()[1:]
    assert [line.split()[2:4] for line in spring] == [["01:00:00", "+0100"], ["03:00:00", "+0200"]]
    assert "Sat 2026-03-28 02:30:00 +0100" in place.ok("schedules", "next", "nights", "--from", "2026-01-01", "-n", "1")
    for name in ("hours", "nights"):
        place.ok("schedules", "remove", name)


def test_models_are_listed_and_their_aliases_moved_with_a_reason(place, model):
    assert place.json("models", "list")[0]["versions"] == 2
    place.ok("models", "alias", model, "champion", "2", "--why", "better")
    shown = place.json("models", "show", model)
    assert [move["why"] for move in shown["history"]] == ["better", "the first"]
    assert "better" in place.ok("models", "show", model) and "champion=v2" in place.ok("models", "list")


def test_why_and_impact_walk_the_graph(place, model):
    answer = place.json("why", f"model:{model}@v1")
    assert {"model", "training run", "data"} <= {reason["what"] for reason in answer["reasons"]}
    assert "a.csv" in place.ok("why", f"model:{model}@v1")
    assert f"model:{model}@v1" in {node["address"] for node in place.json("impact", "data:numbers@v2")["nodes"]}
    assert f"model:{model}@v1" in place.ok("impact", "data:numbers@v2")
    assert place("impact", f"model:{model}@v2")[0] == 0


def test_a_drift_report_says_by_its_exit_code_whether_the_table_drifted(place):
    same = ("monitor", "report", "--reference", "same.csv", "--current")
    assert place.json(*same, "same.csv")["drifted"] is False
    code, out, err = place(*same, "moved.csv", "--html", "drift.html")
    assert code == 3 and "1 of 1 columns drifted: drift" in out and "drift.html" in err
    assert "<html" in (place.folder / "drift.html").read_text()
    assert place.json("monitor", "list") == []


def test_the_store_is_kept_in_order(place, logged):
    assert place.json("sync")["left"] == 0
    assert place.json("gc", "--dry-run")["dry_run"] is True
    assert "freed" in place.ok("gc")
    assert {finding["level"] for finding in place.json("doctor", "--verify")} <= {"ok", "note"}
    assert "every stored byte matches its hash" in place.ok("doctor", "--verify")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(place, shell):
    assert "_TENFOLD_COMPLETE" in place.ok("completion", shell)


WRONG = [
    # command, exit code, fragment of the message
    ("rnus list", 2, "Did you mean: tenfold runs"),
    ("runs lst", 2, "No such command 'lst'"),
    ("init", 1, "is there already"),
    ("init bad/name", 2, "cannot be used"),
    ("runs show nope", 2, "26-character id"),
    (f"runs show {NOBODY}", 4, "tenfold runs list"),
    ("runs restore nope", 2, "26-character id"),
    (f"runs delete {NOBODY}", 4, "tenfold runs list"),
    ("runs delete", 2, "tenfold runs delete --where"),
    ("runs list --where metrics.loss<", 2, "here a value is missing"),
    ("runs list --where banana=1", 2, "knows no field 'banana'"),
    ("runs list --order nonsense", 2, "knows no field 'nonsense'"),
    ("runs list --limit 0", 2, "--limit"),
    ("runs list --offset -1", 2, "--offset"),
    ("run", 2, "Missing argument"),
    ("run missing.py", 4, "There is no file missing.py"),
    ("run missing.py:training", 4, "No file missing.py"),
    ("run :training", 2, "names no file or module"),
    ("run flow.py:nope", 4, "Its pipelines: counting, failing"),
    ("run flow.py:load", 2, "Mark it with @tenfold.pipeline"),
    ("run flow.py:counting extra", 2, "--param NAME=VALUE"),
    ("run flow.py:counting --param factor", 2, "--param lr=0.1"),
    ("run flow.py:counting --param facto=3", 2, "Its params: data, factor"),
    ("data ls nope", 4, "There are: data:"),
    ("data ls numbers@v99", 4, "The newest is"),
    ("data ls model:x", 2, "is not a dataset"),
    ("data ls bad!name", 2, "The name 'bad!name' cannot be used"),
    ("data log numbers@nope", 4, "refs: "),
    ("data log numbers --limit 0", 2, "--limit"),
    ("data cat numbers", 2, "names no file"),
    ("data cat numbers@v1/zzz", 4, "It has: a.csv"),
    ("data cat numbers@v1/../x", 2, "plain relative path"),
    ("data diff numbers@v1 v2", 2, "tenfold data diff flights v1 v2"),
    ("data diff numbers v1 v99", 4, "The newest is"),
    ("data branch numbers@v1 other", 2, "--at v3"),
    ("data branch numbers main --at v1", 1, "Take another name"),
    ("data branch numbers v3", 2, "always mean versions"),
    ("data tag numbers@v1 other", 2, "--at v3"),
    ("data get numbers@v1 -o flow.py", 2, "is a file"),
    ("data get numbers@v1/nope -o other", 4, "tenfold data ls"),
    ("data get numbers@v1/*.zip -o other", 4, "tenfold data ls"),
    ("data checkout nowhere", 4, "tenfold data add nowhere"),
    ("data checkout --at v1 --link teleport", 2, "reflink"),
    ("data commit numbers nothere", 2, "does not exist"),
    ("data commit numbers@v1 raw", 2, "bare name"),
    ("data commit numbers raw --branch v1", 2, "always mean versions"),
    ("pipelines show nope", 2, "26-character id"),
    (f"pipelines show {NOBODY}", 4, "tenfold runs list"),
    (f"pipelines why-ran {NOBODY}", 4, "tenfold runs list"),
    (f"pipelines logs {NOBODY}", 4, "tenfold runs list"),
    (f"pipelines resume {NOBODY}", 4, "tenfold runs list"),
    (f"pipelines cancel {NOBODY}", 4, "tenfold runs list"),
    ("pipelines show TRAINING", 2, "tenfold pipelines list"),
    ("pipelines why-ran TRAINING", 2, "tenfold pipelines list"),
    ("pipelines resume TRAINING", 2, "tenfold pipelines list"),
    ("pipelines cancel TRAINING", 2, "tenfold pipelines list"),
    ("models show nope", 4, "tenfold models list"),
    ("models alias nope champion 1 --why x", 4, "Nothing is called model:nope"),
    ("models alias half champion 9 --why x", 4, "The newest is"),
    ("models alias half v3 1 --why x", 2, "always mean versions"),
    ("models alias half champion 1", 2, "--why"),
    ("monitor show nope", 4, "tenfold monitor list"),
    ("monitor report --reference same.csv", 2, "--current"),
    ("monitor report --reference same.csv --current nothere.csv", 2, "does not exist"),
    ("monitor report --reference same.csv --current torn.parquet", 2, "cannot be read as a table"),
    ("monitor report --reference same.csv --current empty.csv", 2, "cannot be read as a table"),
    ("monitor report --reference same.csv --current flow.py", 2, "Readable: .parquet"),
    ("monitor report --reference same.csv --current same.csv --share 7", 2, "--share"),
    ("monitor report --reference same.csv --current same.csv --html no/x.html", 2, "There is no folder no"),
    ("why nope", 2, "has no kind"),
    ("why data:nope", 4, "There are: data:"),
    (f"why prediction:{NOBODY}", 4, "No prediction"),
    ("impact data:numbers --depth 0", 2, "--depth"),
    ("gc --grace-days -1", 2, "--grace-days"),
    ("completion powershell", 2, "is not one of"),
    ("serve model:nope --port 0", 4, "There are: model:half"),
    ("serve data:numbers --port 0", 2, "is no model"),
    ("serve half --port 99999", 2, "--port"),
    ("serve half --sample 3 --port 0", 2, "--sample"),
    ("serve half --canary half@1 --port 0", 2, "names no share"),
    ("serve half --host 0.0.0.0 --port 0", 1, "TENFOLD_TOKEN"),
    ("up --host 0.0.0.0 --port 0", 1, "TENFOLD_TOKEN"),
    ("up --port 99999", 2, "--port"),
    ("up --store http://x", 2, "--store"),
    ("--store ftp://x runs list", 2, "unknown scheme"),
    ("--store flow.py runs list", 2, "Name a folder"),
    ("--store postgresql://x runs list", 2, "--blobs"),
    ("--store http://127.0.0.1:9 runs list", 1, "tenfold up"),
    ("--store postgresql://127.0.0.1:9/x --blobs bytes runs list", 1, "Check that it is reachable"),
]


@pytest.mark.parametrize(("line", "code", "fragment"), WRONG, ids=[line for line, _, _ in WRONG])
def test_a_mistake_is_one_line_that_says_what_to_do(place, logged, model, line, code, fragment):
    given, out, err = place(*line.replace("TRAINING", logged[0]).split())
    assert (given, out) == (code, ""), err
    assert fragment in err and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_a_store_that_cannot_be_made_is_said_before_anything_starts(place):
    for args in (("up", "--port", "0", "--store", "flow.py/x"), ("--store", "flow.py/x", "runs", "list")):
        code, out, err = place(*args)
        assert (code, out) == (1 if args[0] == "up" else 4, "") and "--store" in err and len(err.splitlines()) == 1


def test_a_mistyped_store_is_not_taken_for_an_empty_one(place, tmp_path):
    code, out, err = place("--store", str(tmp_path / "mistyped"), "runs", "list")
    assert (code, out) == (4, "") and "tenfold init" in err
    assert not (tmp_path / "mistyped").exists()


def test_a_script_that_raises_shows_its_own_trace_and_fails_its_run(place):
    (place.folder / "boom.py").write_text("def inner():\n    raise ValueError('my own bug')\n\n\ninner()\n")
    code, _, err = place("run", "boom.py")
    assert code == 1 and "line 5, in <module>" in err and err.endswith("ValueError: my own bug\n")
    assert "runpy" not in err
    run = place.json("runs", "list", "--where", "name = 'boom'")["items"][0]
    assert (run["state"], run["error"]) == ("failed", "ValueError: my own bug")


def test_a_folder_in_the_project_file_is_meant_from_where_the_file_lies(place, tmp_path, monkeypatch):
    (tmp_path / "tenfold.toml").write_text('store = "mine"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    place.ok("runs", "list")
    assert (tmp_path / "mine" / "tenfold.db").exists()


def test_a_wrong_number_of_workers_is_said(place, monkeypatch):
    monkeypatch.setenv("TENFOLD_WORKERS", "abc")
    code, _, err = place("run", "flow.py:counting", "--param", "factor=9")
    assert code == 2 and "TENFOLD_WORKERS" in err


def test_a_port_in_use_is_said_by_serve_and_up(place, model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in (("serve", model), ("up",)):
            code, _, err = place(*command, "--port", port)
            assert code == 1 and "--port" in err and port in err


@contextmanager
def process(folder: Path, *args: str, **environment: str):
    """(process, URL) of a command that serves until it is stopped."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tenfold", *args], cwd=folder, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )  # fmt: skip
    try:
        line = started.stdout.readline()
        found = re.search(r"http://[\d.:]+", line)
        assert found, line + started.stdout.read()
        yield started, found[0]
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGINT)
        started.wait(20)
        started.stdout.close()


def test_the_process_ends_with_the_code_and_one_line_on_stderr(place):
    def real(*args: str):
        return subprocess.run(
            [sys.executable, "-m", "tenfold", *args], cwd=place.folder, capture_output=True, text=True
        )

    for args, code in ((("--version",), 0), (("data", "ls", "nope"), 4), (("why", "nope"), 2)):
        done = real(*args)
        assert done.returncode == code
        if code:
            assert done.stdout == "" and re.fullmatch(r"Error: [^\n]+\n", done.stderr)
    assert "Traceback" in real("--debug", "data", "ls", "nope").stderr


def test_a_served_prediction_is_traced_to_its_data_and_the_endpoint_follows_its_alias(place, model):
    place.ok("models", "alias", model, "live", "1", "--why", "to serve")
    with process(place.folder, "serve", f"model:{model}@live", "--name", "half", "--port", "0") as (_, url):
        asked = {"dataframe_split": {"columns": ["a"], "data": [[0.0], [3.0]]}}
        answer = httpx.post(f"{url}/invocations", json=asked, timeout=30).json()
        assert answer["predictions"] == [0, 1]
        address = f"prediction:{answer['prediction_ids'][0]}"
        reasons = {reason["what"] for reason in place.json("why", address)["reasons"]}
        assert {"prediction", "deployment", "model", "training run", "data"} <= reasons
        place.ok("models", "alias", model, "live", "2", "--why", "to follow")
        until = time.monotonic() + 30
        while httpx.get(f"{url}/v2/models/half", timeout=30).json()["versions"] != ["2"]:
            assert time.monotonic() < until, "the endpoint did not follow its alias"
        assert httpx.post(f"{url}/invocations", json={"dataframe_split": {}}, timeout=30).status_code == 400
    assert place.json("runs", "list", "--kind", "deployment")["items"][0]["state"] == "finished"


def test_everything_works_the_same_against_a_server(place, tmp_path, monkeypatch):
    token = "a token of enough length"
    served = tmp_path / "served"
    served.mkdir()
    with process(served, "up", "--port", "0", TENFOLD_TOKEN=token) as (_, url):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TENFOLD_STORE", url)
        code, _, err = place("runs", "list")
        assert code == 1 and "TENFOLD_TOKEN" in err
        monkeypatch.setenv("TENFOLD_TOKEN", token)
        (tmp_path / "remote_flow.py").write_text(FLOW)
        workspaces._current = None
        with tenfold.run("far", capture=()) as run:
            run.log({"loss": 0.5}, step=0)
        assert place.json("runs", "show", run.id)["metrics"]["loss"]["last"] == 0.5
        place.ok("data", "commit", "numbers", str(place.folder / "raw"), "-m", "first")
        assert place.ok("data", "cat", "numbers@main/a.csv") == "x,y\n1,2\n3,4\n"
        assert place.json("run", "remote_flow.py:counting")["outputs"] == 6
        assert "every stored byte matches its hash" in place.ok("doctor", "--verify")
    assert (served / ".tenfold" / "tenfold.db").exists() and not (tmp_path / ".tenfold" / "tenfold.db").exists()
