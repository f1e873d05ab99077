"""Runs as a table that leaves Tenfold: CSV or JSON, row by row, whatever their number. Not here: metric points
(server/routes/curves), data frames (client)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.flat import flat
from tenfold.contracts import Stores
from tenfold.contracts.searching import SUMMARY_PARTS
from tenfold.records import MARKS, Run, RunQuery, Summary
from tenfold.workspace.actions import all_runs

ATTRIBUTES: dict[str, Callable[[Run], Any]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.name,
    "project": lambda run: run.project,
    "kind": lambda run: run.kind,
    "state": lambda run: run.state,
    "created": lambda run: _moment(run.created_at_ms),
    "started": lambda run: _moment(run.started_at_ms),
    "ended": lambda run: _moment(run.ended_at_ms),
    "duration": lambda run: _seconds(run),
    "user": lambda run: run.user,
    "host": lambda run: run.host,
    "group": lambda run: run.group,
    "parent": lambda run: run.parent_id,
    "commit": lambda run: run.code.commit if run.code else None,
    "error": lambda run: run.error.strip().partition("\n")[0] if run.error else None,
    "notes": lambda run: run.notes or None,
}
"""What every run has, by column. `duration` is in seconds, moments are ISO 8601 in UTC."""

USUAL = ("id", "name", "project", "kind", "state", "started", "duration", "user")
_BATCH = 500


def columns_of(stores: Stores, query: RunQuery) -> list[str]:
    """Every column that runs of a query may fill: the usual attributes, then all params, metrics and tags by name."""
    keys = stores.runs.keys(query.projects, query.kinds)
    return [
        *USUAL,
        *(f"params.{key}" for key in keys["params"]),
        *(f"metrics.{key}" for key in keys["metrics"]),
        *(f"tags.{key}" for key in keys["tags"] if key not in MARKS),
    ]


def check_columns(columns: Sequence[str]) -> list[str]:
    """The columns, if there are such. Raises Invalid, naming the first that does not exist."""
    for column in columns:
        reader_of(column)
    return list(columns)


def rows_of(stores: Stores, query: RunQuery, columns: Sequence[str]) -> Iterator[list[Any]]:
    """A row of JSON values for each run of a query, in its order. NaN and infinities stay numbers."""
    readers = [reader_of(column) for column in columns]
    for run in all_runs(stores, query):
        flat = flat_params(run)
        yield [read(run, flat) for read in readers]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The rows as CSV (RFC 4180, UTF-8), a few hundred at a time. Lists and mappings are JSON in their cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_csv_cell(cell) for cell in row])
        if number % _BATCH == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def json_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The rows as one JSON list of objects, a few hundred at a time; what is NaN or infinite becomes null."""
    waiting: list[str] = []
    opening = "[\n"
    for row in rows:
        cells = {name: _json_cell(cell) for name, cell in zip(columns, row, strict=True) if cell is not None}
        waiting.append(msgspec.json.encode(cells).decode())
        if len(waiting) == _BATCH:
            yield opening + ",\n".join(waiting)
            opening, waiting = ",\n", []
    yield opening * bool(waiting or opening == "[\n") + ",\n".join(waiting) + "\n]\n"


def reader_of(column: str) -> Callable[[Run, Mapping[str, Any]], Any]:
    """What reads a column of a run, given the run and its flat params. Raises Invalid: there is no such column."""
    family, dot, key = column.partition(".")
    if not dot and column in ATTRIBUTES:
        read = ATTRIBUTES[column]
        return lambda run, flat: read(run)
    if key and family == "params":
        return lambda run, flat: flat.get(key)
    if key and family == "tags":
        return lambda run, flat: run.tags.get(key)
    if key and family == "metrics":
        return lambda run, flat: _part(run.metrics.get(key), "last")
    metric, dot, part = key.rpartition(".")
    if family == "summary" and metric and part in SUMMARY_PARTS:
        return lambda run, flat: _part(run.metrics.get(metric), part)
    raise Invalid(
        f"There is no column {column!r}. There are params.KEY, metrics.KEY, summary.KEY.max (min, mean, last, count), "
        f"tags.KEY and {', '.join(ATTRIBUTES)}",
        field="columns",
    )


def _part(summary: Summary | None, part: str) -> Any:
    return None if summary is None else getattr(summary, part)


def flat_params(run: Run) -> dict[str, Any]:
    """A run's params on one level, nested keys joined by dots."""
    return flat(run.params)


def _moment(at_ms: int | None) -> str | None:
    if not at_ms:
        return None
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # an importer took a moment outside the calendar
        return None


def _seconds(run: Run) -> float | None:
    if run.started_at_ms is None or run.ended_at_ms is None:
        return None
    return max(run.ended_at_ms - run.started_at_ms, 0) / 1000


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        return msgspec.json.encode(_json_cell(cell)).decode()
    return cell


def _json_cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, dict):
        return {key: _json_cell(inner) for key, inner in cell.items()}
    if isinstance(cell, list):
        return [_json_cell(inner) for inner in cell]
    return cell
