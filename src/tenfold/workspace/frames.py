"""Runs as a data frame: a row a run, in the order of the search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.records import Run
from tenfold.tracking.definitions import MetricDefinition, definitions, value_of

Kind = Literal["polars", "pandas"]
TIMES = ("created", "started", "ended")


def frame_of(runs: Iterable[Run], as_: Kind = "polars") -> Any:
    """A row a run: what the run is, then `params.…`, `metrics.…`, `tags.…` and `result.…`, each group by key.

    Nested params have a column a leaf, `params.net/depth`. A metric's number is the one its definition names, its last
    where there is none. Times are UTC. A column whose values are of several types is text.

    Raises:
        Invalid: `as_` is neither 'polars' nor 'pandas'.
        MissingExtra: That library is not installed.
    """
    if as_ not in ("polars", "pandas"):
        raise Invalid(f"There is no frame as {as_!r}. Take 'polars' or 'pandas'", field="as_")
    rows = [_row(run) for run in runs]
    fixed = list(_row(Run(id="", project="")))
    others = sorted({key for row in rows for key in row} - set(fixed), key=_place)
    columns = {key: _one_type([row.get(key) for row in rows]) for key in (*fixed, *others)}
    if as_ == "pandas":
        pandas = require("pandas", extra="tables", why="give runs as a pandas frame")
        frame = pandas.DataFrame(columns, columns=list(columns))
        for name in TIMES:
            frame[name] = pandas.to_datetime(frame[name], utc=True)
        return frame
    polars = require("polars", extra="tables", why="give runs as a table")
    schema = {name: polars.Datetime("ms", "UTC") for name in TIMES} | dict.fromkeys(_TEXTS, polars.String)
    schema["seconds"] = polars.Float64
    return polars.DataFrame(columns, schema_overrides=schema, strict=False)


_TEXTS = ("id", "project", "kind", "name", "state", "parent_id", "group", "user", "host", "commit", "error", "notes")


def _row(run: Run) -> dict[str, Any]:
    defined = definitions(run)
    first: dict[str, Any] = {
        "id": run.id,
        "project": run.project,
        "kind": run.kind,
        "name": run.name,
        "state": run.state,
        "parent_id": run.parent_id,
        "group": run.group,
        "user": run.user,
        "host": run.host,
        "commit": run.code.commit if run.code else None,
        "created": _time(run.created_at_ms),
        "started": _time(run.started_at_ms),
        "ended": _time(run.ended_at_ms),
        "seconds": (run.ended_at_ms - run.started_at_ms) / 1000 if run.ended_at_ms and run.started_at_ms else None,
        "error": run.error.partition("\n")[0] if run.error else None,
        "notes": run.notes,
    }
    numbers = {key: value_of(summary, defined.get(key, MetricDefinition())) for key, summary in run.metrics.items()}
    for name, tree in (("params", run.params), ("metrics", numbers), ("tags", run.tags), ("result", run.result)):
        first |= _leaves(name + ".", tree)
    return first


def _leaves(head: str, tree: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            found |= _leaves(f"{head}{key}/", value)
        else:
            found[head + key] = str(value) if isinstance(value, (list, tuple, dict)) else value
    return found


def _time(at_ms: int | None) -> datetime | None:
    return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None


def _one_type(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and len(kinds) == 2:
        return [None if value is None else float(value) for value in values]
    if len(kinds) > 1:
        return [None if value is None else str(value) for value in values]
    return values


def _place(key: str) -> tuple[int, str]:
    return ("params", "metrics", "tags", "result").index(key.partition(".")[0]), key
