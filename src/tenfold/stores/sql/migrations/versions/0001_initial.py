"""Runs, versions, refs, edges, tasks, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "artifacts",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_artifacts"),
    )
    op.create_table(
        "edges",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("version_id", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "version_id", "direction", "role", name="pk_edges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_edges_version", "edges", ["version_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("topic", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )
    op.create_index("ix_events_at", "events", ["at_ms"], unique=False)
    op.create_table(
        "events_inbox",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("topic", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_events_inbox"),
    )
    op.create_table(
        "ref_moves",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_ref_moves"),
    )
    op.create_index("ix_ref_moves_artifact", "ref_moves", ["kind", "name", "ref"], unique=False)
    op.create_table(
        "refs",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("version_id", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("moved_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "ref", name="pk_refs"),
    )
    op.create_table(
        "run_details",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("environment", sa.LargeBinary(), nullable=True),
        sa.Column("params", sa.LargeBinary(), nullable=True),
        sa.Column("tags", sa.LargeBinary(), nullable=True),
        sa.Column("notes", TEXT, nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_details"),
    )
    op.create_table(
        "run_metrics",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("last", sa.Double(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("min", sa.Double(), nullable=True),
        sa.Column("max", sa.Double(), nullable=True),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_metrics"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_metrics_last", "run_metrics", ["key", "last", "run_id"], unique=False)
    op.create_table(
        "run_params",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_params"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_params_number", "run_params", ["key", "number", "run_id"], unique=False)
    op.create_index("ix_run_params_text", "run_params", ["key", "text", "run_id"], unique=False)
    op.create_table(
        "run_tags",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_tags_text", "run_tags", ["key", "text", "run_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("parent_id", TEXT, nullable=True),
        sa.Column("root_id", TEXT, nullable=False),
        sa.Column("group", TEXT, nullable=True),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_created", "runs", ["created_at_ms"], unique=False)
    op.create_index("ix_runs_group", "runs", ["group"], unique=False)
    op.create_index("ix_runs_parent", "runs", ["parent_id"], unique=False)
    op.create_index("ix_runs_project_created", "runs", ["project", "created_at_ms"], unique=False)
    op.create_index("ix_runs_root", "runs", ["root_id"], unique=False)
    op.create_index(
        "ix_runs_running",
        "runs",
        ["kind"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "tasks",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("root_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("pool", TEXT, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("n", name="pk_tasks"),
        sa.UniqueConstraint("id", name="uq_tasks_id"),
    )
    op.create_index(
        "ix_tasks_leased",
        "tasks",
        ["lease_until_ms"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["root_id", "n"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'ready', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'ready', 'running')"),
    )
    op.create_index(
        "ix_tasks_ready",
        "tasks",
        ["priority", "n"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_tasks_root", "tasks", ["root_id"], unique=False)
    op.create_table(
        "versions",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("metadata", sa.LargeBinary(), nullable=True),
        sa.Column("parents", sa.LargeBinary(), nullable=True),
        sa.Column("tags", sa.LargeBinary(), nullable=True),
        sa.Column("inline", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
        sa.UniqueConstraint("kind", "name", "number", name="uq_versions_kind_name_number"),
    )
    op.create_index("ix_versions_created", "versions", ["created_at_ms"], unique=False)
    op.create_index("ix_versions_digest", "versions", ["digest"], unique=False)
    op.create_index("ix_versions_kind_created", "versions", ["kind", "created_at_ms"], unique=False)
    op.create_index("ix_versions_run", "versions", ["run_id"], unique=False)
