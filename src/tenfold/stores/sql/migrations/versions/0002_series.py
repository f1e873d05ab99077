"""Series, their blocks and rollups, and how far each journal is stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("n", Serial, nullable=False),
        sa.Column("run_id", Text, nullable=False),
        sa.Column("key", Text, nullable=False),
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
        sa.Column("tier_0", sa.BigInteger, nullable=False),
        sa.Column("tier_1", sa.BigInteger, nullable=False),
        sa.Column("tier_2", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_series"),
        sa.UniqueConstraint("run_id", "key", name="uq_series_run_id_key"),
    )
    op.create_table(
        "series_blocks",
        sa.Column("n", Serial, nullable=False),
        sa.Column("series_n", sa.BigInteger, nullable=False),
        sa.Column("tier", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_series_blocks"),
    )
    op.create_index("ix_series_blocks_series", "series_blocks", ["series_n", "n"])
    op.create_table(
        "series_rollups",
        sa.Column("block_n", sa.BigInteger, nullable=False),
        sa.Column("width", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("block_n", "width", name="pk_series_rollups"),
    )
    op.create_table(
        "series_sources",
        sa.Column("source", Text, nullable=False),
        sa.Column("run_id", Text, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_series_sources"),
    )
