"""The tables, and what stands in them.

Conventions: times are UTC milliseconds. Mappings are msgpack bytes (`Packed`): JSON would lose NaN and infinities. In
columns of numbers NaN is NULL, because SQLite cannot hold it: a row of series whose `last` is NULL is a NaN.
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


def _where(condition: str) -> dict[str, Any]:
    """That an index holds only the rows of which a condition is true.

    Migrations make the index, so this says it to readers and to the test that compares. As `postgresql_where` it would
    load that dialect, 50 ms of each command, on SQLite too.
    """
    return {"info": {"where": condition}}


runs = Table(
    "runs",
    metadata,
    Column("n", Serial, primary_key=True),
    column("id", Text),
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
    UniqueConstraint("id"),
    Index("ix_runs_project_created", "project", "created_at_ms"),
    Index("ix_runs_kind_created", "kind", "created_at_ms"),
    Index("ix_runs_created", "created_at_ms"),
    Index("ix_runs_started", "started_at_ms"),
    Index("ix_runs_parent", "parent_id"),
    Index("ix_runs_root", "root_id"),
    Index("ix_runs_group", "group"),
    Index("ix_runs_running", "kind", **_where("state = 'running'")),
    Index("ix_runs_deleted", "deleted_at_ms", **_where("deleted_at_ms IS NOT NULL")),
)
"""What a search looks at, narrow so that many rows lie on a page; the rest of a run is in run_details. By `n` the tables
below name a run, in a third of the room that its id takes; nothing outside the database knows it.
"""

run_details = Table(
    "run_details",
    metadata,
    Column("run_n", Serial, primary_key=True, autoincrement=False),
    column("code", Packed, null=True),
    column("environment", Packed, null=True),
    column("params", Packed, null=True),
    column("tags", Packed, null=True),
    column("notes", Text),
    column("result", Packed, null=True),
)
"""One row a run. NULL is an empty mapping."""

keys = Table("keys", metadata, Column("n", Serial, primary_key=True), column("key", Text), UniqueConstraint("key"))
"""The keys of params, tags and metrics, each once; never removed."""

project_keys = Table(
    "project_keys",
    metadata,
    column("project", Text),
    column("kind", Text),
    column("family", Text),
    column("key_n", Integer64),
    PrimaryKeyConstraint("project", "kind", "family", "key_n"),
    sqlite_with_rowid=False,
)
"""Which keys a project's runs of a kind have or once had; family is params, tags or metrics."""

run_params = Table(
    "run_params",
    metadata,
    column("run_n", Integer64),
    column("key_n", Integer64),
    column("text", Text),
    column("number", Number, null=True),
    PrimaryKeyConstraint("run_n", "key_n"),
    Index("ix_run_params_number", "key_n", "number", "run_n", **_where("number IS NOT NULL")),
    Index("ix_run_params_text", "key_n", "text", "run_n", **_where("number IS NULL")),
    sqlite_with_rowid=False,
)
"""Params as a search sees them (contracts.changes.searchable); the params themselves are in run_details. Each stands in
one of the two indexes."""

run_tags = Table(
    "run_tags",
    metadata,
    column("run_n", Integer64),
    column("key_n", Integer64),
    column("text", Text),
    PrimaryKeyConstraint("run_n", "key_n"),
    Index("ix_run_tags_text", "key_n", "text", "run_n"),
    sqlite_with_rowid=False,
)

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
    Index("ix_refs_ref", "ref", "kind"),
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
        **_where("state = 'ready'"),
    ),
    Index(
        "ix_tasks_leased",
        "lease_until_ms",
        **_where("state = 'running'"),
    ),
    Index(
        "ix_tasks_open",
        "root_id",
        "n",
        **_where("state IN ('waiting', 'ready', 'running')"),
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
