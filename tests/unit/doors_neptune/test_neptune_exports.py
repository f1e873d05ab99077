"""Exports with the columns that neptune-exporter's own model.py names (its repository, SCHEMA), written by pyarrow."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenfold.base.errors import Invalid
from tenfold.doors import neptune

SCHEMA = pa.schema(
    [
        ("project_id", pa.string()),
        ("run_id", pa.string()),
        ("attribute_path", pa.string()),
        ("attribute_type", pa.string()),
        ("step", pa.decimal128(18, 6)),
        ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("int_value", pa.int64()),
        ("float_value", pa.float64()),
        ("string_value", pa.string()),
        ("bool_value", pa.bool_()),
        ("datetime_value", pa.timestamp("ms", tz="UTC")),
        ("string_set_value", pa.list_(pa.string())),
        ("file_value", pa.struct([("path", pa.string())])),
        (
            "histogram_value",
            pa.struct([("type", pa.string()), ("edges", pa.list_(pa.float64())), ("values", pa.list_(pa.float64()))]),
        ),
    ]
)
AT = datetime(2025, 6, 1, tzinfo=UTC)


def row(path: str, sort: str, **fields: object) -> dict:
    return {"project_id": "team/churn", "run_id": "CHU-1", "attribute_path": path, "attribute_type": sort, **fields}


def points(path: str, values: list[float], steps: list[str]) -> list[dict]:
    return [
        row(path, "float_series", step=Decimal(step), float_value=value, timestamp=AT)
        for value, step in zip(values, steps, strict=True)
    ]


def export(folder: Path, *parts: list[dict]) -> Path:
    place = folder / "data" / "team_churn-1"
    place.mkdir(parents=True)
    for number, rows in enumerate(parts):
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), place / f"CHU-1-2_part_{number}.parquet")
    return folder


def read(path):
    unplaced = Counter()
    return list(neptune.read(path, unplaced)), unplaced


def test_a_run_of_several_parts_is_read_whole(tmp_path):
    files = tmp_path / "files" / "p"
    files.mkdir(parents=True)
    (files / "model.pt").write_bytes(b"weights")
    histogram = {"type": "COUNTING", "edges": [0.0, 1.0, 2.0], "values": [3.0, 4.0]}
    first = [
        row("sys/name", "string", string_value="neptune one"),
        row("sys/creation_time", "datetime", datetime_value=AT),
        row("sys/tags", "string_set", string_set_value=["baseline"]),
        row("sys/owner", "string", string_value="ana"),
        row("parameters/lr", "float", float_value=0.1),
        row("parameters/net/depth", "int", int_value=3),
        row("model", "file", file_value={"path": "p/model.pt"}),
        *points("train/loss", [1.0, 0.5], ["0", "1"]),
        *points("monitoring/abc/cpu", [50.0], ["0"]),
    ]
    second = [
        *points("train/loss", [0.25, float("nan")], ["2", "3"]),
        row("monitoring/abc/stdout", "string_series", step=Decimal(0), string_value="hello", timestamp=AT),
        row("note", "string_series", step=Decimal(4), string_value="a text", timestamp=AT),
        row("w", "histogram_series", step=Decimal(2), timestamp=AT, histogram_value=histogram),
        row("future", "tensor"),
    ]
    [run], unplaced = read(export(tmp_path, first, second))
    assert (run.project, run.name, run.user, run.state) == ("team/churn", "neptune one", "ana", "finished")
    assert run.params == {"parameters": {"lr": 0.1, "net": {"depth": 3}}}
    assert run.tags == {"baseline": ""}
    assert run.started_at_ms == int(AT.timestamp() * 1000)
    assert run.console == "hello\n"
    found = dict(run.points)
    assert np.frombuffer(found["train/loss"].steps, "<i8").tolist() == [0, 1, 2, 3]
    assert np.frombuffer(found["train/loss"].values, "<f8")[:3].tolist() == [1.0, 0.5, 0.25]
    assert np.frombuffer(found["train/loss"].times_ms, "<i8")[0] == run.started_at_ms
    assert found["system/cpu"].count == 1
    items = {item.key: item for item in run.items}
    assert items["model"].files == {"model.pt": files / "model.pt"}
    assert msgspec.json.decode(items["w"].files["histogram.json"])["counts"] == [3.0, 4.0]
    assert msgspec.json.decode(items["note"].files["table.json"])["rows"] == [[4.0, "a text"]]
    assert unplaced == {"attributes of type tensor": 1}


def test_fractional_steps_are_numbered_and_said(tmp_path):
    [run], unplaced = read(export(tmp_path, points("loss", [3.0, 2.0, 1.0], ["0.5", "1", "1.5"])))
    assert np.frombuffer(dict(run.points)["loss"].steps, "<i8").tolist() == [0, 1, 2]
    assert sum(unplaced.values()) == 1


def test_files_that_are_gone_or_outside_the_export_are_counted(tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    rows = [row(key, "file", file_value={"path": path}) for key, path in (("a", "gone"), ("b", "../secret"))]
    [run], unplaced = read(export(tmp_path, rows))
    assert list(run.items) == []
    assert unplaced["files that are not in the export"] == 2


def test_a_value_and_a_namespace_of_one_name_are_both_kept(tmp_path):
    rows = [row("opt", "string", string_value="adam"), row("opt/lr", "float", float_value=0.1)]
    [run], _ = read(export(tmp_path, rows))
    assert run.params == {"opt": "adam", "opt/lr": 0.1}


def test_a_folder_without_an_export_is_refused(tmp_path):
    with pytest.raises(Invalid, match="neptune-exporter"):
        read(tmp_path)
