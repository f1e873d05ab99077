"""Records as rows, and rows as records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.records import CodeVersion, Edge, Run, Summary, Task, Version

RUN_COLUMNS = (
    "id", "project", "kind", "name", "state", "parent_id", "root_id", "group", "user", "host", "pid", "created_at_ms",
    "started_at_ms", "ended_at_ms", "heartbeat_at_ms", "deleted_at_ms", "error",
)  # fmt: skip
DETAIL_COLUMNS = ("code", "environment", "params", "tags", "notes", "result")
VERSION_COLUMNS = (
    "id", "kind", "name", "number", "digest", "size_bytes", "files", "type", "run_id", "author", "created_at_ms",
    "deleted_at_ms", "message", "description", "metadata", "parents", "tags", "inline",
)  # fmt: skip
TASK_COLUMNS = (
    "id", "root_id", "key", "state", "attempt", "token", "priority", "pool", "not_before_ms", "lease_owner",
    "lease_until_ms", "payload", "outcome",
)  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_mapping = msgspec.msgpack.Decoder(dict[str, Any])
_texts = msgspec.msgpack.Decoder(list[str])
_code = msgspec.msgpack.Decoder(CodeVersion)


def pack(value: Any) -> bytes | None:
    """A mapping, list or record as msgpack; None when it is empty.

    Raises:
        Invalid: It holds what has no place in a tree of JSON values.
    """
    if not value:
        return None
    try:
        return _encoder.encode(value)
    except (TypeError, OverflowError, UnicodeError) as error:
        raise Invalid(f"A value cannot be stored ({error}). Use texts, numbers, lists and mappings of them") from error


def unpack(data: bytes | None) -> dict[str, Any]:
    """A mapping from its msgpack."""
    return {} if data is None else _mapping.decode(data)


def number(value: float | None) -> float:
    """A number from its column, where NaN is NULL."""
    return math.nan if value is None else value


def nullable(value: float) -> float | None:
    """A number for its column, where NaN is NULL."""
    return None if math.isnan(value) else value


def run_row(run: Run) -> dict[str, Any]:
    """The row of `runs`."""
    return {name: getattr(run, name) for name in RUN_COLUMNS}


def detail_row(run: Run) -> dict[str, Any]:
    """The row of `run_details`, without the run's number."""
    return {
        "code": None if run.code is None else _encoder.encode(run.code),
        "environment": pack(run.environment),
        "params": pack(run.params),
        "tags": pack(run.tags),
        "notes": run.notes,
        "result": pack(run.result),
    }


def run_of(row: Sequence[Any], metrics: dict[str, Summary]) -> Run:
    """The run of a row with RUN_COLUMNS and then DETAIL_COLUMNS."""
    (run_id, project, kind, name, state, parent_id, root_id, group, user, host, pid, created, started, ended, heartbeat,
     deleted, error, code, environment, params, tags, notes, result) = row  # fmt: skip
    return Run(
        id=run_id,
        project=project,
        kind=kind,
        name=name,
        state=state,
        parent_id=parent_id,
        root_id=root_id,
        group=group,
        user=user,
        host=host,
        pid=pid,
        created_at_ms=created,
        started_at_ms=started,
        ended_at_ms=ended,
        heartbeat_at_ms=heartbeat,
        deleted_at_ms=deleted,
        error=error,
        code=None if code is None else _code.decode(code),
        environment=unpack(environment),
        params=unpack(params),
        tags=unpack(tags),
        notes=notes,
        result=unpack(result),
        metrics=metrics,
    )


class _Patched(msgspec.Struct):
    patch: str | None = None


_patched = msgspec.msgpack.Decoder(_Patched)


def patch_of(code: bytes) -> str | None:
    """The content id of the uncommitted patch in a row's `code`; the rest of it is not looked at."""
    return _patched.decode(code).patch


def summary_of(row: Sequence[Any]) -> Summary:
    """The summary of a row (last, last_step, min, max, mean, count)."""
    last, last_step, low, high, mean, count = row
    return Summary(number(last), last_step, number(low), number(high), number(mean), count)


def version_row(version: Version) -> dict[str, Any]:
    """The row of `versions`."""
    row = {name: getattr(version, name) for name in VERSION_COLUMNS}
    for name in ("metadata", "parents", "tags"):
        row[name] = pack(row[name])
    return row


def version_of_row(row: Sequence[Any]) -> Version:
    """The version of a row with VERSION_COLUMNS."""
    fields = dict(zip(VERSION_COLUMNS, row, strict=True))
    fields["metadata"] = unpack(fields["metadata"])
    fields["parents"] = [] if fields["parents"] is None else _texts.decode(fields["parents"])
    fields["tags"] = unpack(fields["tags"])
    return Version(**fields)


def task_row(task: Task) -> dict[str, Any]:
    """The row of `tasks`, without its order and project."""
    row = {name: getattr(task, name) for name in TASK_COLUMNS}
    row["payload"], row["outcome"] = pack(task.payload), pack(task.outcome)
    return row


def task_of(row: Sequence[Any]) -> Task:
    """The task of a row with TASK_COLUMNS."""
    fields = dict(zip(TASK_COLUMNS, row, strict=True))
    fields["payload"], fields["outcome"] = unpack(fields["payload"]), unpack(fields["outcome"])
    return Task(**fields)


def edge_of(row: Sequence[Any]) -> Edge:
    """The edge of a row (run_id, version_id, direction, role, at_ms)."""
    run_id, version_id, direction, role, at_ms = row
    return Edge(run_id=run_id, version_id=version_id, direction=direction, role=role, at_ms=at_ms)
