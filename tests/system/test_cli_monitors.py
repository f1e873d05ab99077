"""Declared monitors by the command line: windows by rows, time and version, conditions, correction, severity, mute."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from shell import Shell

from tenfold.workspace import workspace as workspaces

FILE = """
monitors:
  - {name: rows, target: "data:t@main", reference: first, window: 200 rows, tests: [{score: mean.x, lt: reference + 1}, {score: rows, in: [200]}]}
  - {name: days, target: "data:t@main", reference: first, window: 1d, time: at, tests: [{score: std.x, lte: reference * 9, severity: warning}, {score: mean.x, gt: 3, severity: warning}]}
  - {name: batches, target: "data:t@main", reference: first, window: version, correction: holm, methods: {x: ks}, tests: [{score: drifted_columns, eq: 0}]}
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("TENFOLD_STORE", str(tmp_path / ".tenfold"))
    monkeypatch.chdir(tmp_path)
    yield Shell(tmp_path)
    workspaces._current = None


def test_windows_conditions_severities_and_mutes_by_commands(shell, tmp_path):
    day = pl.datetime_range(pl.datetime(2013, 1, 1), pl.datetime(2013, 1, 4), "6m", closed="left", eager=True)[:600]
    x = np.random.default_rng(0).normal(0, 1, 600) + np.repeat([0, 0, 5], 200)
    table = pl.DataFrame({"x": x, "at": day.sort()})
    (tmp_path / "t").mkdir()
    for rows in (200, 600):
        table.head(rows).write_parquet(tmp_path / "t" / "t.parquet")
        shell.ok("data", "commit", "t", "t", "-m", str(rows))
    (tmp_path / "monitors.yaml").write_text(FILE)
    shell.ok("monitor", "apply", "monitors.yaml")
    assert [shell("monitor", "check", name)[0] for name in ("rows", "days", "batches")] == [3, 0, 3]
    keys = {(one["monitor"], one["key"], one["severity"]) for one in shell.json("monitor", "alarms", "--open")}
    assert ("rows", "test:mean.x below reference + 1", "error") in keys
    assert ("batches", "test:drifted_columns equal to 0", "error") in keys
    shell.ok("monitor", "mute", "rows", "--for", "6h")
    assert [one["status"] for one in shell.json("monitor", "alarms", "rows")] == ["muted"]
    shell.ok("monitor", "mute", "rows", "--off")
    assert [one["status"] for one in shell.json("monitor", "alarms", "rows")] == ["open"]


def test_looks_take_datasets_and_nothing_judged_is_not_a_pass(shell, tmp_path):
    (tmp_path / "t").mkdir()
    pl.DataFrame({"x": [1.0, 2.0] * 20, "y": [2.0, 4.0] * 20}).write_csv(tmp_path / "t" / "t.csv")
    shell.ok("data", "commit", "t", "t", "-m", "forty")
    pl.DataFrame({"x": [1.0], "y": [2.0]}).write_csv(tmp_path / "one.csv")
    assert shell.json("monitor", "summary", "data:t@main")["rows"] == 40
    code, said = shell("monitor", "together", "--reference", "t@main", "--current", "one.csv")[:2]
    assert code == 3 and "not judged" in said and "it needs 20 rows" in said
    shell.ok("monitor", "together", "--reference", "t@main", "--current", "data:t@main/t.csv")
    (tmp_path / "new.yaml").write_text('{name: new, target: "data:t@main", reference: first, window: version}')
    shell.ok("monitor", "apply", "new.yaml")
    assert "tenfold monitor check new" in str(shell("monitor", "show", "new"))
    assert [(one["name"], one["checks"]) for one in shell.json("monitor", "list")] == [("new", 0)]
    assert "tenfold monitor check new" in shell("monitor", "list")[2]
