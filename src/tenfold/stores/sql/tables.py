"""The tables, and what stands in them. Each record family has its own; series tables stand in series.py.

Conventions: times are UTC milliseconds. Mappings are msgpack bytes (`Packed`): JSON would lose NaN and infinities. In
columns of numbers NaN is NULL, because SQLite cannot hold it: a row of run_metrics whose `last` is NULL is a NaN.
Text sorts by code point everywhere (PostgreSQL: collation "C"), as it does in Python.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Text = String().with_variant(String(collation="C"), "postgresql")
Packed = LargeBinary
Number = Double
Integer64 = BigInteger
Serial = BigInteger().with_variant(Integer, "sqlite")
"""A primary key that counts up by itself."""


def column(name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any], *, null: bool = False) -> Column[Any]:
    """A column; NOT NULL unless said otherwise."""
    return Column(name, kind, nullable=null)


runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    column("project", Text),
    column("kind", Text),
    column("name", Text),
    column("state", Text),
    column("parent_id", Text, null=True),
    column("root_id", Text),
    column("group", Text, null=True),
    column("user", Text),
    column("host", Text),
    column("pid", Integer64, null=True),
    column("created_at_ms", Integer64),
    column("started_at_ms", Integer64, null=True),
    column("ended_at_ms", Integer64, null=True),
    column("heartbeat_at_ms", Integer64, null=True),
    column("deleted_at_ms", Integer64, null=True),
    column("error", Text, null=True),
    Index("ix_runs_project_created", "project", "created_at_ms"),
    Index("ix_runs_created", "created_at_ms"),
    Index("ix_runs_parent", "parent_id"),
    Index("ix_runs_root", "root_id"),
    Index("ix_runs_group", "group"),
    Index(
        "ix_runs_running",
        "kind",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)
"""What a search looks at, narrow so that many rows lie on a page; the rest of a run is in run_details."""

run_details = Table(
    "run_details",
    metadata,
    Column("run_id", Text, primary_key=True),
    column("code", Packed, null=True),
    column("environment", Packed, null=True),
    column("params", Packed, null=True),
    column("tags", Packed, null=True),
    column("notes", Text),
    column("result", Packed, null=True),
)
"""One row a run. NULL is an empty mapping."""

run_params = Table(
    "run_params",
    metadata,
    column("run_id", Text),
    column("key", Text),
    column("text", Text),
    column("number", Number, null=True),
    PrimaryKeyConstraint("run_id", "key"),
    Index("ix_run_params_number", "key", "number", "run_id"),
    Index("ix_run_params_text", "key", "text", "run_id"),
    sqlite_with_rowid=False,
)
"""Params as a search sees them (contracts.changes.searchable); the params themselves are in run_details."""

run_tags = Table(
    "run_tags",
    metadata,
    column("run_id", Text),
    column("key", Text),
    column("text", Text),
    PrimaryKeyConstraint("run_id", "key"),
    Index("ix_run_tags_text", "key", "text", "run_id"),
    sqlite_with_rowid=False,
)

run_metrics = Table(
    "run_metrics",
    metadata,
    column("run_id", Text),
    column("key", Text),
    column("last", Number, null=True),
    column("last_step", Integer64),
    column("min", Number, null=True),
    column("max", Number, null=True),
    column("mean", Number, null=True),
    column("count", Integer64),
    PrimaryKeyConstraint("run_id", "key"),
    Index("ix_run_metrics_last", "key", "last", "run_id"),
    sqlite_with_rowid=False,
)
"""Summaries of series, written by the series store in the transaction that stores the points. NaN is NULL."""

artifacts = Table(
    "artifacts",
    metadata,
    column("kind", Text),
    column("name", Text),
    column("last_number", Integer64),
    PrimaryKeyConstraint("kind", "name"),
)
"""The highest number given; its row is locked by whoever publishes or moves a ref, so these happen one by one."""

versions = Table(
    "versions",
    metadata,
    Column("id", Text, primary_key=True),
    column("kind", Text),
    column("name", Text),
    column("number", Integer64),
    column("digest", Text),
    column("size_bytes", Integer64),
    column("files", Integer64),
    column("type", Text),
    column("run_id", Text, null=True),
    column("author", Text),
    column("created_at_ms", Integer64),
    column("deleted_at_ms", Integer64, null=True),
    column("message", Text),
    column("description", Text),
    column("metadata", Packed, null=True),
    column("parents", Packed, null=True),
    column("tags", Packed, null=True),
    column("inline", Packed, null=True),
    UniqueConstraint("kind", "name", "number"),
    Index("ix_versions_created", "created_at_ms"),
    Index("ix_versions_kind_created", "kind", "created_at_ms"),
    Index("ix_versions_run", "run_id"),
    Index("ix_versions_digest", "digest"),
)

refs = Table(
    "refs",
    metadata,
    column("kind", Text),
    column("name", Text),
    column("ref", Text),
    column("version_id", Text),
    column("number", Integer64),
    column("moved_at_ms", Integer64),
    PrimaryKeyConstraint("kind", "name", "ref"),
)

ref_moves = Table(
    "ref_moves",
    metadata,
    Column("n", Serial, primary_key=True),
    column("kind", Text),
    column("name", Text),
    column("ref", Text),
    column("before", Text, null=True),
    column("after", Text, null=True),
    column("at_ms", Integer64),
    column("who", Text),
    column("why", Text),
    Index("ix_ref_moves_artifact", "kind", "name", "ref"),
)

edges = Table(
    "edges",
    metadata,
    column("run_id", Text),
    column("version_id", Text),
    column("direction", Text),
    column("role", Text),
    column("at_ms", Integer64),
    PrimaryKeyConstraint("run_id", "version_id", "direction", "role"),
    Index("ix_edges_version", "version_id"),
    sqlite_with_rowid=False,
)

tasks = Table(
    "tasks",
    metadata,
    Column("n", Serial, primary_key=True),
    column("id", Text),
    column("root_id", Text),
    column("key", Text),
    column("project", Text),
    column("state", Text),
    column("attempt", Integer64),
    column("token", Integer64),
    column("priority", Integer64),
    column("pool", Text),
    column("not_before_ms", Integer64),
    column("lease_owner", Text, null=True),
    column("lease_until_ms", Integer64, null=True),
    column("payload", Packed, null=True),
    column("outcome", Packed, null=True),
    UniqueConstraint("id"),
    Index("ix_tasks_root", "root_id"),
    Index(
        "ix_tasks_ready",
        "priority",
        "n",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_tasks_leased",
        "lease_until_ms",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "ix_tasks_open",
        "root_id",
        "n",
        sqlite_where=text("state IN ('waiting', 'ready', 'running')"),
        postgresql_where=text("state IN ('waiting', 'ready', 'running')"),
    ),
)
"""`n` is the order in which they were added; `project` is that of the task's run, for events."""

events = Table(
    "events",
    metadata,
    Column("seq", Serial, primary_key=True),
    column("topic", Text),
    column("id", Text),
    column("at_ms", Integer64),
    column("project", Text),
    column("action", Text),
    Index("ix_events_at", "at_ms"),
)
"""The change log. The newest row is never trimmed, so no seq is used twice."""

events_inbox = Table(
    "events_inbox",
    metadata,
    Column("n", Serial, primary_key=True),
    column("topic", Text),
    column("id", Text),
    column("at_ms", Integer64),
    column("project", Text),
    column("action", Text),
)
"""PostgreSQL only: events whose seq is given by the next reader, after their transaction is visible; see events.py."""
