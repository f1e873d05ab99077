"""`tenfold runs compare` and `tenfold runs importance`, as a user meets them."""

from __future__ import annotations

import struct

import pytest
from shell import Shell

from tenfold.base import ids
from tenfold.records import CodeVersion, Points, Run
from tenfold.testing.stores import sqlite_stores

PATCH = "diff --git a/t.py b/t.py\n--- a/t.py\n+++ b/t.py\n@@ -1 +1 @@\n-lr = 1\n+lr = {}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Six runs of project `sweep`, whose `acc` rises with `lr`; the first two with code of their own."""
    folder = tmp_path_factory.mktemp("comparing")
    stores = sqlite_stores(folder / ".tenfold")
    made = []
    for n in range(6):
        code = CodeVersion(commit="c0ffee", patch=stores.blobs.put_bytes(PATCH.format(n % 2).encode()))
        run = Run(
            id=ids.new_id(), project="sweep", name=f"r{n}", created_at_ms=n, code=code,
            params={"lr": n / 10, "opt": {"name": "adam"}}, environment={"packages": {"numpy": f"2.{n % 2}", "polars": "1"}},
        )  # fmt: skip
        stores.runs.create([run])
        column = (struct.pack("<q", 1), struct.pack("<d", n / 10), struct.pack("<q", 1))
        stores.series.append(run.id, {"acc": Points(*column)}, source=run.id, offset=1)
        made.append(run.id)
    return Shell(folder), str(folder / ".tenfold"), made


def test_two_runs_show_what_differs_and_the_diff_of_their_code(place):
    shell, store, made = place
    code, out, err = shell("--store", store, "runs", "compare", made[0], f"run:{made[1]}", "--code")
    assert code == 0 and f"/compare?runs={made[0]},{made[1]}" in err
    assert "opt.name" not in out and "polars" not in out
    assert "-lr = 0\n+lr = 1\n" in out
    found = shell.json("--store", store, "runs", "compare", *made[:2], "--code")
    assert found["params"] == {"lr": [0.0, 0.1]} and found["metrics"] == {"acc": [0.0, 0.1]}
    assert found["packages"] == {"numpy": ["2.0", "2.1"]} and found["same_base"] is True


def test_runs_that_are_the_same_are_said_to_be(place):
    shell, store, made = place
    code, _, err = shell("--store", store, "runs", "compare", made[0], made[0])
    assert code == 2 and "two runs or more" in err
    code, _, err = shell("--store", store, "runs", "compare", *made[:3], "--code")
    assert code == 2 and "exactly two runs" in err
    assert len(shell.json("--store", store, "runs", "compare", *made)["params"]["lr"]) == 6
    assert shell("--store", store, "runs", "compare", made[0], "01JD0000000000000000000000")[0] == 4


def test_importance_names_the_param(place):
    shell, store, _ = place
    found = shell.json("--store", store, "runs", "importance", "acc", "--project", "sweep")
    assert found["runs"] == 6 and found["constant"] == ["opt.name"]
    assert [one["param"] for one in found["params"]] == ["lr"]
    assert found["params"][0]["correlation"] == pytest.approx(1)
    code, out, err = shell("--store", store, "runs", "importance", "acc", "--where", "params.lr > 0.2")
    assert code == 0 and "lr" in out and "3 runs" in err
    assert "No two runs" in shell("--store", store, "runs", "importance", "gone")[2]
