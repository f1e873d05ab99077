"""Runs and keys have numbers, by which the tables of params, tags and series name them; a series and its summary are one
row; indexes for what searches begin with.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_RUN = (
    'id, project, kind, name, state, parent_id, root_id, "group", "user", host, pid, created_at_ms, started_at_ms, '
    "ended_at_ms, heartbeat_at_ms, deleted_at_ms, error"
)
_KEYS_OF = {"params": "run_params", "tags": "run_tags", "metrics": "series"}


def upgrade() -> None:
    old = ("runs", "run_details", "run_params", "run_tags", "series", "series_blocks")
    for table in old:
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
        op.drop_table(table)
    op.drop_table("run_metrics")
    _make_runs()
    _make_keys()
    _make_values()
    _make_series()
    _fill()
    for table in old:
        op.drop_table(f"old_{table}")


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("n", Serial, nullable=False),
        sa.Column("id", Text, nullable=False),
        sa.Column("project", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("parent_id", Text, nullable=True),
        sa.Column("root_id", Text, nullable=False),
        sa.Column("group", Text, nullable=True),
        sa.Column("user", Text, nullable=False),
        sa.Column("host", Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("started_at_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True),
        sa.Column("heartbeat_at_ms", sa.BigInteger, nullable=True),
        sa.Column("deleted_at_ms", sa.BigInteger, nullable=True),
        sa.Column("error", Text, nullable=True),
        sa.PrimaryKeyConstraint("n", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_index("ix_runs_project_created", "runs", ["project", "created_at_ms"])
    op.create_index("ix_runs_kind_created", "runs", ["kind", "created_at_ms"])
    op.create_index("ix_runs_created", "runs", ["created_at_ms"])
    op.create_index("ix_runs_started", "runs", ["started_at_ms"])
    op.create_index("ix_runs_parent", "runs", ["parent_id"])
    op.create_index("ix_runs_root", "runs", ["root_id"])
    op.create_index("ix_runs_group", "runs", ["group"])
    _partial("ix_runs_running", "runs", ["kind"], "state = 'running'")
    _partial("ix_runs_deleted", "runs", ["deleted_at_ms"], "deleted_at_ms IS NOT NULL")
    op.create_table(
        "run_details",
        sa.Column("run_n", Serial, nullable=False, autoincrement=False),
        sa.Column("code", sa.LargeBinary, nullable=True),
        sa.Column("environment", sa.LargeBinary, nullable=True),
        sa.Column("params", sa.LargeBinary, nullable=True),
        sa.Column("tags", sa.LargeBinary, nullable=True),
        sa.Column("notes", Text, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("run_n", name="pk_run_details"),
    )


def _make_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("n", Serial, nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_keys"),
        sa.UniqueConstraint("key", name="uq_keys_key"),
    )
    op.create_table(
        "project_keys",
        sa.Column("project", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("family", Text, nullable=False),
        sa.Column("key_n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "kind", "family", "key_n", name="pk_project_keys"),
        sqlite_with_rowid=False,
    )


def _make_values() -> None:
    op.create_table(
        "run_params",
        sa.Column("run_n", sa.BigInteger, nullable=False),
        sa.Column("key_n", sa.BigInteger, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.Column("number", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("run_n", "key_n", name="pk_run_params"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_tags",
        sa.Column("run_n", sa.BigInteger, nullable=False),
        sa.Column("key_n", sa.BigInteger, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.PrimaryKeyConstraint("run_n", "key_n", name="pk_run_tags"),
        sqlite_with_rowid=False,
    )
    _partial("ix_run_params_number", "run_params", ["key_n", "number", "run_n"], "number IS NOT NULL")
    _partial("ix_run_params_text", "run_params", ["key_n", "text", "run_n"], "number IS NULL")
    op.create_index("ix_run_tags_text", "run_tags", ["key_n", "text", "run_n"])


def _make_series() -> None:
    op.create_table(
        "series",
        sa.Column("run_n", sa.BigInteger, nullable=False),
        sa.Column("key_n", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("numbers", sa.BigInteger, nullable=False),
        sa.Column("total", sa.Double, nullable=True),
        sa.Column("last", sa.Double, nullable=True),
        sa.Column("min", sa.Double, nullable=True),
        sa.Column("max", sa.Double, nullable=True),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("first_at_ms", sa.BigInteger, nullable=False),
        sa.Column("last_at_ms", sa.BigInteger, nullable=False),
        sa.Column("tiers", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_n", "key_n", name="pk_series"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_series_last", "series", ["key_n", "last", "run_n"])
    op.create_table(
        "series_blocks",
        sa.Column("n", Serial, nullable=False),
        sa.Column("run_n", sa.BigInteger, nullable=False),
        sa.Column("key_n", sa.BigInteger, nullable=False),
        sa.Column("tier", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_series_blocks"),
    )
    op.create_index("ix_series_blocks_series", "series_blocks", ["run_n", "key_n", "n"])


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _fill() -> None:
    op.execute(f"INSERT INTO runs ({_RUN}) SELECT {_RUN} FROM old_runs ORDER BY created_at_ms, id")
    op.execute(
        "INSERT INTO run_details SELECT r.n, o.code, o.environment, o.params, o.tags, o.notes, o.result "
        "FROM old_run_details o JOIN runs r ON r.id = o.run_id ORDER BY r.n"
    )
    op.execute(
        "INSERT INTO keys (key) SELECT key FROM old_run_params UNION SELECT key FROM old_run_tags "
        "UNION SELECT key FROM old_series ORDER BY key"
    )
    named = "JOIN runs r ON r.id = o.run_id JOIN keys k ON k.key = o.key"
    op.execute(f"INSERT INTO run_params SELECT r.n, k.n, o.text, o.number FROM old_run_params o {named}")
    op.execute(f"INSERT INTO run_tags SELECT r.n, k.n, o.text FROM old_run_tags o {named}")
    op.execute(
        "INSERT INTO series SELECT r.n, k.n, o.count, o.numbers, o.total, o.last, o.min, o.max, o.first_step, "
        f"o.last_step, o.first_at_ms, o.last_at_ms, o.tier_0 + 256 * o.tier_1 + 65536 * o.tier_2 FROM old_series o {named}"
    )
    op.execute(
        "INSERT INTO series_blocks SELECT b.n, r.n, k.n, b.tier, b.count, b.first_step, b.last_step, b.data "
        f"FROM old_series_blocks b JOIN old_series o ON o.n = b.series_n {named} ORDER BY b.n"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('series_blocks', 'n'), (SELECT coalesce(max(n), 0) + 1 FROM series_blocks), "
            "false)"
        )
    for family, table in _KEYS_OF.items():
        op.execute(
            f"INSERT INTO project_keys SELECT DISTINCT r.project, r.kind, '{family}', t.key_n "
            f"FROM {table} t JOIN runs r ON r.n = t.run_n"
        )
