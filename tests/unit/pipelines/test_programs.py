"""Steps that are no Python function: command lines in any language, notebooks."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import polars as pl
import psutil
import pytest

from tenfold.base.errors import Invalid, StepFailed
from tenfold.pipelines import Host, command, notebook, pipeline, read_log, step, why_ran
from tenfold.testing.stores import memory_stores


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Host(memory_stores(), tmp_path)


@step
def rows(count: int) -> pl.DataFrame:
    return pl.DataFrame({"x": list(range(count))})


@step
def weigh(model: Path, notes: dict) -> tuple[str, int]:
    return model.name, notes["rows"]


SCRIPT = """
import json, sys
import polars
table, out, notes, word = sys.argv[1:]
print("read", table.rsplit("/", 1)[1], word)
open(out, "w").write("model")
json.dump({"rows": polars.read_parquet(table).height}, open(notes, "w"))
"""

train = command(
    "train",
    f"{sys.executable} train.py {{data}} {{out.model}} {{out.notes}} {{word}} && echo 'it''s done' $HOME | sed s/done/over/",
    outputs={"model": "file:model.bin", "notes": "json"},
)


@pipeline
def trained(count: int = 3, word: str = "a b"):
    made = train(data=rows(count), word=word)
    return weigh(made["model"], made["notes"])


def test_a_command_reads_and_writes_files_and_is_cached_by_its_script_too(host):
    Path("train.py").write_text(SCRIPT)
    run = trained.with_options(host=host).run(count=4, word="it's $HOME; exit 3")
    assert run.outputs() == ("model.bin", 4)
    (task,) = (task for task in host.stores.tasks.of_root(run.id) if task.key == "train")
    log = read_log(host.stores, task.id)
    assert "read data.parquet it's $HOME; exit 3\n" in log and f"its over {os.environ['HOME']}" in log
    again = trained.with_options(host=host).run(count=4, word="it's $HOME; exit 3")
    assert again.graph.counts == {"cached": 3}
    Path("train.py").write_text(SCRIPT + "print('more')\n")
    changed = trained.with_options(host=host).run(count=4, word="it's $HOME; exit 3")
    assert why_ran(host.stores, changed.id)["train"] == ["code changed"]
    assert changed.steps["weigh"].state == "cached", "the outputs are the same"
    assert train(data=pl.DataFrame({"x": [1]}), word="w")["model"].name == "model.bin"


def test_a_command_that_fails_says_how_and_ends_with_all_it_started(host, tmp_path):
    bad = command("bad", ["/bin/sh", "-c", "echo first; echo 'no such column' >&2; exit 3"])
    silent = command("silent", "true {x}", outputs={"y": "file"})
    listed = command("listed", "printf '%s' {x}; ls {out.f}", outputs={"f": "folder", "said": "stdout"})
    stuck = command("stuck", f"sleep 60 & echo $! > {tmp_path}/pid; trap '' TERM; wait", timeout_s=1.0)

    @pipeline
    def one(which: str):
        if which == "listed":
            return listed([1, {"a": "é"}])["said"]
        return {"bad": bad, "stuck": stuck}[which]() if which != "silent" else silent(True)

    whole = one.with_options(host=host)
    with pytest.raises(StepFailed, match="Command 'bad' ended with exit code 3: no such column"):
        whole.run("bad")
    with pytest.raises(StepFailed, match=r"did not write its output 'y'. It writes to \{out.y\}"):
        whole.run("silent")
    assert Path(whole.run("listed").outputs()).name == "x.json"
    with pytest.raises(StepFailed, match="longer than 1 s"):
        whole.run("stuck")
    pid = int(Path("pid").read_text())
    for _ in range(500):
        if not psutil.pid_exists(pid):
            break
        time.sleep(0.01)
    assert not psutil.pid_exists(pid)


def test_what_a_command_does_not_declare_is_named():
    with pytest.raises(Invalid, match=r"writes \{out.model\}, which it does not declare"):
        command("a", "x {out.model}")
    with pytest.raises(Invalid, match=r"reads \{data\}, which is not among"):
        command("a", "x {data}", inputs=["other"])
    with pytest.raises(Invalid, match="is written as auto, csv"):
        command("a", "x {data}", inputs={"data": pd.DataFrame()})
    with pytest.raises(Invalid, match="not 'files'"):
        command("a", "x", outputs={"y": "files"})


def test_a_notebook_runs_with_its_params_and_its_executed_copy_and_page_are_kept(host):
    cells = [
        nbformat.v4.new_markdown_cell("# Means"),
        nbformat.v4.new_code_cell("region, values = 'nowhere', []", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("mean = sum(values) / len(values)\nprint(region, mean)\nmean"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), "means.ipynb")
    means = notebook("means.ipynb", params={"region": "EU"}, outputs=["mean"])

    @pipeline
    def told(count: int):
        return means(values=numbers(count))

    run = told.with_options(host=host).run(count=5)
    copy, page, mean = run.outputs()
    assert mean == 2.0 and (copy.name, page.name) == ("means.ipynb", "means.html")
    executed = json.loads(copy.read_text())["cells"]
    assert "region = 'EU'" in "".join(executed[2]["source"]) and len(executed) == 4
    assert "<h1>Means</h1>" in page.read_text() and "EU 2.0" in page.read_text()
    (task,) = (task for task in host.stores.tasks.of_root(run.id) if task.key == "means")
    assert "EU 2.0\n2.0" in read_log(host.stores, task.id)
    assert told.with_options(host=host).run(count=5).graph.counts == {"cached": 2}
    with pytest.raises(StepFailed, match=r"Cell 4 of means.ipynb failed: ZeroDivisionError: division by zero"):
        told.with_options(host=host).run(count=0)


@step
def numbers(count: int) -> list[int]:
    return list(range(count))
