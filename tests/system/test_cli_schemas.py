"""A schema from the command line: inferred, kept, held to data, changed by what was found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from shell import Shell

import tenfold
from tenfold.workspace import workspace as workspaces

MARCH = "carrier,seats,day,late\nUA,100,2013-03-01,true\nDL,120,2013-03-02,false\nAA,150,2013-03-03,false\n"
APRIL = "carrier,seats,day,gate\nUA,100,2013-04-01,A\nZZ,,2013-04-02,B\nAA,160,2013-04-03,C\n"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("TENFOLD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    workspaces._current = None
    Path("march.csv").write_text(MARCH)
    Path("april.csv").write_text(APRIL)
    yield Shell(tmp_path)
    workspaces._current = None


def test_a_schema_file_is_inferred_broken_and_accepted(shell):
    Path("schema.yaml").write_text(shell.ok("schema", "infer", "march.csv", "--label", "late"))
    assert "as schema.yaml says" in shell.ok(
        "validate", "march.csv", "--schema", "schema.yaml", "--environment", "training"
    )
    hold = ("validate", "april.csv", "--schema", "schema.yaml", "--environment", "serving")
    code, out, err = shell(*hold, "--html", "april.html")
    assert code == 3 and "Written to april.html" in err
    page = Path("april.html").read_text("utf-8")
    assert "ENUM_TYPE_UNEXPECTED_STRING_VALUES" in page and "row 1: ZZ" in page and "default-src 'none'" in page
    assert "carrier: row 1: ZZ" in out and "seats: row 1: missing" in out
    assert (
        "tenfold schema accept april.csv --schema schema.yaml --environment serving carrier:ENUM_TYPE_UNEXPECTED_STRING_VALUES"
        in err
    )
    shell.ok("schema", "accept", "april.csv", "--schema", "schema.yaml", "--environment", "serving", "carrier", "gate")
    code, out, _ = shell(*hold, "--json")
    assert code == 3 and out.count('"type":') == 1 and "FEATURE_TYPE_LOW_FRACTION_PRESENT" in out
    code, _, err = shell("schema", "accept", "april.csv", "--schema", "schema.yaml")
    assert code == 2 and "--all" in err
    shell.ok("schema", "accept", "april.csv", "--schema", "schema.yaml", "--all", "--environment", "serving")
    shell.ok(*hold)
    code, _, err = shell("validate", "april.csv", "--schema", "nowhere.yaml")
    assert code == 2 and "tenfold schema infer DATA > nowhere.yaml" in err


def test_a_kept_schema_has_versions_and_remembers_what_was_found(shell):
    shell.ok("schema", "infer", "march.csv", "--save", "flights")
    Path("raw").mkdir()
    Path("raw/april.csv").write_text(APRIL)
    shell.ok("data", "commit", "april", "raw")
    code, _, _ = shell("validate", "data:april@main", "--schema", "schema:flights")
    assert code == 3
    accepted = shell.json("schema", "accept", "data:april@main", "--schema", "schema:flights", "--all")
    assert accepted["schema"] == "schema:flights@v2"
    assert {change["column"] for change in accepted["changes"]} == {"carrier", "seats", "late", "gate"}
    assert shell.json("schema", "list")[0]["version"] == 2
    assert "gate" in shell.ok("schema", "diff", "schema:flights@v1", "flights")
    assert tenfold.validate("april.csv", "schema:flights") == []
    assert [a.type for a in tenfold.validate("march.csv", "schema:flights@v2")] == ["SCHEMA_MISSING_COLUMN"]
    impact = shell.ok("impact", "schema:flights@v1")
    assert "check" in impact
    code, _, err = shell("schema", "show", "nothing")
    assert code == 4 and "Schemas: flights" in err


def test_files_of_tfdv_go_in_and_out(shell):
    Path("schema.yaml").write_text(shell.ok("schema", "infer", "march.csv", "--rules", "tfdv"))
    assert "tfdv.load_schema_text" in shell.ok("schema", "export", "schema.yaml", "-o", "schema.pbtxt")
    assert shell.ok("schema", "import", "schema.pbtxt") == Path("schema.yaml").read_text()
    shell.ok("schema", "statistics", "april.csv", "-o", "april.tfrecord")
    code, out, _ = shell("validate", "april.tfrecord", "--schema", "schema.pbtxt")
    assert code == 3
    types = [line.split()[2] for line in out.splitlines() if line.startswith("seats ")]
    assert types == ["INVALID_FEATURE_SHAPE", "FEATURE_TYPE_LOW_FRACTION_PRESENT"]
    code, _, err = shell("schema", "accept", "april.csv", "--schema", "schema.pbtxt", "--all")
    assert code == 2 and "tenfold schema import schema.pbtxt" in err
