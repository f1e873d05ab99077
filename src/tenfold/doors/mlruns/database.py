"""The database of an MLflow server, of any schema: columns and tables it has not yet are taken as empty.

SQLite in a file, or PostgreSQL or MySQL at the URI that the server was started with.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid, Unavailable
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

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

CLIPPED = 1.7976931348623157e308
"""What MLflow's SQL store writes for infinity."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
_METRICS_ORDER = ("timestamp", "step", "value")
"""Of metrics in a database that keeps no order of its own: the one in which MLflow's server tells them."""

Row = Mapping[str, Any]


def read(source: Path | str, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs of all experiments, parents first, then the registered models. The database is only read.

    Args:
        source: A SQLite file, or the URI of a PostgreSQL or MySQL database; artifacts are looked for on this machine.

    Raises:
        Invalid: It is no MLflow database, or no driver is installed for it.
        Unavailable: It cannot be reached.
    """
    with _open(source) as connection:
        base = _Base(connection, source.parent if isinstance(source, Path) else Path.cwd(), unplaced)
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

    def __init__(self, connection: Connection, root: Path, unplaced: Counter[str]) -> None:
        self.connection, self.root, self.unplaced = connection, root, unplaced
        self.tables = _tables(connection)
        self.logged = {row["model_id"]: dict(row) for row in self.rows("logged_models")}

    def rows(self, table: str, /, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table; none when there is no such table."""
        return list(self.each(table, **where)) if table in self.tables else []

    def each(self, _table: str, /, **where: Any) -> Iterator[dict[str, Any]]:
        """Rows of a table that is there, one at a time; of SQLite in the order they were written."""
        from sqlalchemy import column, select, table, text

        found = select(text("*")).select_from(table(_table)).where(*(column(key) == it for key, it in where.items()))
        if self.connection.dialect.name == "sqlite":
            found = found.order_by(text("rowid"))
        elif _table == "metrics":
            found = found.order_by(*map(column, _METRICS_ORDER))
        for row in self.connection.execute(found).mappings():
            yield dict(row)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        from sqlalchemy import func, select
        from sqlalchemy import table as table_of

        counted = select(func.count()).select_from(table_of(table))
        return int(self.connection.execute(counted).scalar_one()) if table in self.tables else 0


@contextmanager
def _open(source: Path | str) -> Iterator[Connection]:
    from sqlalchemy import exc
    from sqlalchemy.pool import NullPool

    engine, name = _engine(source, NullPool)
    try:
        with engine.connect() as connection:
            found = _tables(connection)
            if not {"experiments", "runs", "metrics"} <= found:
                raise Invalid(f"{name} is no MLflow database: it has no runs. Name its mlflow.db", field="path")
            yield connection
    except exc.DatabaseError as error:
        if isinstance(source, Path):
            said = f"{source} is no SQLite database: {error.orig}. Name an mlflow.db or mlruns"
            raise Invalid(said, field="path") from error
        raise Unavailable(f"{name} cannot be read: {error.orig}. Check its address, user and password") from error


def _engine(source: Path | str, pool: type[Any]) -> tuple[Engine, str]:
    """An engine that opens a connection when one is asked for, and the source's name without its password."""
    from sqlalchemy import create_engine, exc, make_url

    if isinstance(source, Path):
        uri = f"{source.resolve().as_uri()}?mode=ro"
        return create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=pool), str(source)
    try:
        url = make_url(source)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        return create_engine(url, poolclass=pool), url.render_as_string()
    except (exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise Invalid(f"{error}. Install the driver of this database beside Tenfold", field="path") from error
    except exc.ArgumentError as error:
        raise Invalid("This is no address of a database. Write postgresql://user@host/name", field="path") from error


def _tables(connection: Connection) -> set[str]:
    from sqlalchemy import inspect

    return set(inspect(connection).get_table_names())


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
    for row in base.each("metrics", run_uuid=run_id):
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
            yield words.artifacts_of(files_below(place, base.unplaced))
    for model_id, model in base.logged.items():
        place = words.located(str(model["artifact_location"]), base.root, base.unplaced)
        if model["source_run_id"] == info["run_uuid"] and place is not None:
            params = {
                row["param_key"]: row["param_value"] for row in base.rows("logged_model_params", model_id=model_id)
            }
            yield words.logged_model(model, files_below(place, base.unplaced), params)


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
