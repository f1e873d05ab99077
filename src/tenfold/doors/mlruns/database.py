"""The SQLite database of an MLflow server, of any schema: columns and tables it has not yet are taken as empty."""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.mlruns import words
from tenfold.records import Points
from tenfold.workspace.imported import (
    ImportedItem,
    ImportedModel,
    ImportedModelVersion,
    ImportedRun,
    files_below,
    points_of,
)

CLIPPED = 1.7976931348623157e308
"""What MLflow's SQL store writes for infinity."""

Row = Mapping[str, Any]


def read(path: Path, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs of all experiments, parents first, then the registered models. The database is only read."""
    with closing(_open(path)) as connection:
        base = _Base(connection, path.parent, unplaced)
        experiments = {row["experiment_id"]: row for row in base.rows("experiments")}
        above = {row["run_uuid"]: row["value"] for row in base.rows("tags", key="mlflow.parentRunId")}
        infos = [(row, above.get(row["run_uuid"])) for row in base.rows("runs")]
        for info in words.parents_first(infos):
            yield _run(base, info, experiments.get(info["experiment_id"], {}))
        unplaced["traces"] += base.count("trace_info")
        for model in base.rows("registered_models"):
            yield _model(base, model)


class _Base:
    """The tables as lists of rows by name."""

    def __init__(self, connection: sqlite3.Connection, root: Path, unplaced: Counter[str]) -> None:
        self.connection, self.root, self.unplaced = connection, root, unplaced
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self.tables = {str(row["name"]) for row in found}
        self.logged = {row["model_id"]: dict(row) for row in self.rows("logged_models")}

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table in the order they were written; none when there is no such table."""
        if table not in self.tables:
            return []
        terms = " AND ".join(f"{column} = ?" for column in where) or "1"
        question = f"SELECT * FROM {table} WHERE {terms} ORDER BY rowid"
        return [dict(row) for row in self.connection.execute(question, tuple(where.values()))]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        if table not in self.tables:
            return 0
        return int(self.connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"])


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Invalid(f"{path} is no SQLite database: {error}. Name an mlflow.db or mlruns", field="path") from error
    if not {"experiments", "runs", "metrics"} <= tables:
        connection.close()
        raise Invalid(f"{path} is no MLflow database: it has no runs. Name its mlflow.db", field="path")
    return connection


def _run(base: _Base, info: Row, experiment: Row) -> ImportedRun:
    id_ = info["run_uuid"]
    deleted = words.deleted_at(info)
    if deleted is None and experiment.get("lifecycle_stage") == "deleted":
        deleted = words.time_of(experiment, "last_update_time") or words.time_of(info, "start_time")
    return words.run_of(
        info,
        project=str(experiment.get("name") or info["experiment_id"]),
        tags={row["key"]: row["value"] or "" for row in base.rows("tags", run_uuid=id_)},
        params={row["key"]: row["value"] for row in base.rows("params", run_uuid=id_)},
        datasets=_inputs(base, id_),
        deleted_at_ms=deleted,
        points=_points(base, id_),
        items=_items(base, info),
    )


def _points(base: _Base, run_id: str) -> Iterator[tuple[str, Points]]:
    columns: dict[str, tuple[array[int], array[float], array[int]]] = {}
    for row in base.connection.execute("SELECT * FROM metrics WHERE run_uuid = ? ORDER BY rowid", (run_id,)):
        steps, values, times = columns.setdefault(row["key"], (array("q"), array("d"), array("q")))
        names = row.keys()
        steps.append(int(row["step"]) if "step" in names else 0)
        times.append(int(row["timestamp"] or 0))
        values.append(math.nan if "is_nan" in names and row["is_nan"] else _unclipped(row["value"]))
    for key, (steps, values, times) in columns.items():
        yield key, points_of(steps, values, times)


def _unclipped(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= CLIPPED else float(value)


def _items(base: _Base, info: Row) -> Iterator[ImportedItem]:
    if uri := info.get("artifact_uri"):
        place = words.located(str(uri), base.root, base.unplaced)
        if place is not None:
            yield ImportedItem(key="artifacts", kind="output", type="folder", files=files_below(place, base.unplaced))
    for model_id, model in base.logged.items():
        place = words.located(str(model["artifact_location"]), base.root, base.unplaced)
        if model["source_run_id"] == info["run_uuid"] and place is not None:
            yield ImportedItem(
                key=str(model["name"] or "model"),
                kind="output",
                type="folder",
                files=files_below(place, base.unplaced),
                at_ms=model["creation_timestamp_ms"],
                metadata={"model_id": model_id},
            )


def _inputs(base: _Base, run_id: str) -> list[dict[str, Any]]:
    found = []
    for put in base.rows("inputs", destination_id=run_id, source_type="DATASET"):
        for data in base.rows("datasets", dataset_uuid=put["source_id"]):
            tags = {row["name"]: row["value"] for row in base.rows("input_tags", input_uuid=put["input_uuid"])}
            said = {
                "name": data["name"],
                "digest": data["digest"],
                "source_type": data["dataset_source_type"],
                "source": data["dataset_source"],
                "schema": data["dataset_schema"],
                "profile": data["dataset_profile"],
                "context": tags.get("mlflow.data.context", ""),
            }
            found.append({key: value for key, value in said.items() if value is not None})
    return found


def _model(base: _Base, model: Row) -> ImportedModel:
    name = model["name"]
    shared = {row["key"]: row["value"] or "" for row in base.rows("registered_model_tags", name=name)}
    versions, stages = [], {}
    for info in base.rows("model_versions", name=name):
        if info.get("current_stage") == "Deleted_Internal":
            continue
        number = int(info["version"])
        stages[number] = str(info.get("current_stage") or "")
        place = _content(base, info)
        own = base.rows("model_version_tags", name=name, version=number)
        versions.append(
            ImportedModelVersion(
                number=number,
                files=files_below(place, base.unplaced) if place is not None else {},
                run=info.get("run_id"),
                created_at_ms=words.time_of(info, "creation_time"),
                description=str(info.get("description") or model.get("description") or ""),
                tags={**shared, **{row["key"]: row["value"] or "" for row in own}},
            )
        )
    aliases = {row["alias"]: int(row["version"]) for row in base.rows("registered_model_aliases", name=name)}
    return words.model_of(name, versions, aliases, stages)


def _content(base: _Base, info: Row) -> Path | None:
    source = str(info.get("source") or "")
    logged = base.logged.get(source.removeprefix("models:/"))
    uri = str(logged["artifact_location"] if logged else info.get("storage_location") or source)
    return words.located(uri, base.root, base.unplaced) if uri else None
