"""Bad input by every road: drift in Python, `tenfold monitor report`, a declared monitor, validation. None is silent."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from tenfold.base.errors import Invalid, TenfoldError
from tenfold.cli.app import cli
from tenfold.data import Dataset
from tenfold.monitoring import drift, infer_schema, validate
from tenfold.monitoring.declared import monitor_of
from tenfold.workspace import open_workspace
from tenfold.workspace.monitors import apply, check_monitor

RANDOM = np.random.default_rng(3)
GOOD = pl.DataFrame(
    {"x": RANDOM.normal(0, 1, 200), "w": RANDOM.choice(list("abc"), 200).tolist(), "i": RANDOM.integers(0, 40, 200)}
)
NULLS = pl.DataFrame({name: pl.Series([None] * 150, dtype=GOOD.schema[name]) for name in GOOD.columns})
WIDE = pl.DataFrame({f"c{i}": RANDOM.normal(0, 1, 120) for i in range(400)})
IDS = pl.DataFrame({"w": [f"id{i}" for i in range(100_000)]})


class Case(NamedTuple):
    """Tables as frames or as the bytes of a CSV file, and what each road says of them, as patterns."""

    reference: pl.DataFrame | bytes
    current: pl.DataFrame | bytes
    drift: str
    monitor: str
    anomalies: str


CASES = {
    "empty": Case(GOOD, GOOD.clear(), r"x True the current data have no value", "too few rows.*0 rows are fewer than the 1", " DATA_MISSING"),
    "empty reference": Case(GOOD.clear(), GOOD, r"no column could be judged; x: the reference has no value", "alarm.*drift_share was not measured.*x was not judged", ""),
    "a file of no bytes": Case(GOOD, b"", r"cannot be read as a table: empty", r"data:current@v1 cannot be read as a table: empty", "cannot be read as a table"),
    "one row": Case(GOOD, GOOD.head(1), r"x False .*w None .*cannot be computed", "w was not judged", ""),
    "all null": Case(GOOD, NULLS, r"x True the current data have no value", "alarm.*drift_share is 1", "x FEATURE_TYPE_NOT_PRESENT"),
    "all null before": Case(NULLS, GOOD, r"no column could be judged", "alarm.*drift_share was not measured", ""),
    "constant": Case(GOOD, GOOD.with_columns(pl.lit(2.0).alias("x")), r"x True ", "ok", ""),
    "constant on both sides": Case(GOOD.with_columns(pl.lit(2.0).alias("x")), GOOD.with_columns(pl.lit(2.0).alias("x")), r"x False both sides are constant", "ok", ""),
    "a reference without variance": Case(GOOD.with_columns(pl.lit(2.0).alias("x")), GOOD, r"x True ", "ok", ""),
    "infinite": Case(GOOD, GOOD.with_columns(pl.lit(np.inf).alias("x")), r"x True the current data have no value", "x drifted: the current data have no value", "x FLOAT_TYPE_HAS_INF"),
    "infinite before": Case(GOOD.with_columns(pl.lit(-np.inf).alias("x")), GOOD, r"x None the reference has no value", "x was not judged: the reference has no value", ""),
    "mixed types": Case(GOOD, b"x,w,i\n" + b"1,a,1\ntwo,1,2\n3.0,True,x\n,,\n" * 40, r"x True the type changed from number to string", "alarm.*x drifted: the type changed", "x UNEXPECTED_DATA_TYPE"),
    "a column gone": Case(GOOD, GOOD.drop("w"), r"w True the column is missing in the current data", "w drifted: the column is missing", "w SCHEMA_MISSING_COLUMN"),
    "a column new": Case(GOOD.drop("w"), GOOD, r"w None the column is new", "w is only in the current data", "w SCHEMA_NEW_COLUMN"),
    "nothing in common": Case(GOOD, GOOD.rename({name: f"{name}2" for name in GOOD.columns}), r"x True the column is missing", "alarm.*drift_share is 1.*x2 is only in the current data", "x SCHEMA_MISSING_COLUMN"),
    "two columns of one name": Case(GOOD, b"x,x,w\n" + b"1,2,a\n" * 80, r"name.*'x'", r"name.*'x'", r"name.*'x'"),
    "dates out of range": Case(GOOD.with_columns(pl.lit(dt.date(2013, 1, 1)).alias("x")), GOOD.with_columns(pl.lit(dt.date(9999, 12, 31)).alias("x")), r"x None dates move on", "x was not judged: dates move on", ""),
    "dates where numbers were": Case(GOOD, GOOD.with_columns(pl.lit(dt.date(1, 1, 1)).alias("x")), r"x True the type changed from number to date", "x drifted: the type changed", "x UNEXPECTED_DATA_TYPE"),
    "dates that are none": Case(b"x,w\n" + b"2013-01-01,a\n2013-02-01,b\n" * 80, b"x,w\n" + b"0000-13-45,a\n99999-01-01,b\n" * 80, r"x True ", "alarm.*drift_share is 0.5", "x "),
    "many columns": Case(WIDE, WIDE.with_columns(pl.all() + 9), r"c399 True", "alarm.*drift_share is 1", ""),
    "another word in each row": Case(IDS, IDS.with_columns(pl.col("w") + "x"), r"no column could be judged; w: an identifier", "alarm.*drift_share was not measured", ""),
}  # fmt: skip


def _write(side: pl.DataFrame | bytes, path: Path) -> Path:
    path = path.with_suffix(".csv" if isinstance(side, bytes) else ".parquet")
    out = io.BytesIO(side) if isinstance(side, bytes) else io.BytesIO()
    if not isinstance(side, bytes):
        side.write_parquet(out)
    path.write_bytes(out.getvalue())
    return path


def _by_drift(before: Path, after: Path) -> str:
    report = drift(before, after)
    said = [report.reason, *(f"{c.name} {c.drifted} {c.reason}" for c in report.columns)]
    assert report.judged_columns or report.reason
    return "\n".join(said)


def _by_command(before: Path, after: Path) -> str:
    done = CliRunner().invoke(cli, ["monitor", "report", "--reference", str(before), "--current", str(after)])
    if isinstance(done.exception, TenfoldError):
        raise done.exception
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert done.exit_code == (3 if drift(before, after).drifted or drift(before, after).reason else 0)
    return done.output


def _by_monitor(before: Path, after: Path) -> str:
    place = open_workspace(str(before.parent / ".tenfold"))
    for name, path in (("reference", before), ("current", after)):
        Dataset(place.stores, name).commit({path.name: path.read_bytes()}, message=name)
    said: dict[str, Any] = {
        "name": "m",
        "target": "data:current@main",
        "reference": "data:reference@main",
        "min_rows": 1,
    }
    apply(place, monitor_of({**said, "tests": [{"score": "drift_share", "lt": 0.5}]}))
    [run] = check_monitor(place, "m")
    found = run.result
    return "\n".join([found["status"], *(one["text"] for one in found["alarms"]), *found["reasons"]])


def _by_validation(before: Path, after: Path) -> str:
    return "\n".join(f"{one.column} {one.type}" for one in validate(after, infer_schema(before)))


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_by_every_road(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    before, after = _write(case.reference, tmp_path / "reference"), _write(case.current, tmp_path / "current")
    roads = [(_by_drift, case.drift), (_by_command, ""), (_by_monitor, case.monitor), (_by_validation, case.anomalies)]
    for road, wanted in roads:
        try:
            said = road(before, after)
        except Invalid as error:
            said = str(error)
            assert wanted or road is _by_command
        assert re.search(wanted, said, re.DOTALL), (road.__name__, said)


def test_a_test_of_rows_fails_also_where_too_few_came_to_judge_anything_else(tmp_path: Path) -> None:
    place = open_workspace(str(tmp_path / ".tenfold"))
    for name, frame in (("reference", GOOD), ("current", GOOD.head(3))):
        path = _write(frame, tmp_path / name)
        Dataset(place.stores, name).commit({path.name: path.read_bytes()}, message=name)
    said = {"name": "m", "target": "data:current@main", "reference": "data:reference@main"}
    apply(place, monitor_of({**said, "tests": [{"score": "rows", "gte": "reference * 0.5"}]}))
    [run] = check_monitor(place, "m")
    assert run.result["status"] == "alarm"
    assert run.result["alarms"][0]["text"] == "rows is 3, not at least 100 (reference * 0.5)"
