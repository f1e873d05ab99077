"""The tables of metric points; conventions as in tables.py."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from tenfold.stores.sql.tables import Integer64, Number, Packed, Serial, Text, column, metadata

series = Table(
    "series",
    metadata,
    column("run_n", Integer64),
    column("key_n", Integer64),
    column("count", Integer64),
    column("numbers", Integer64),
    column("total", Number, null=True),
    column("last", Number, null=True),
    column("min", Number, null=True),
    column("max", Number, null=True),
    column("first_step", Integer64),
    column("last_step", Integer64),
    column("first_at_ms", Integer64),
    column("last_at_ms", Integer64),
    column("tiers", Integer64),
    PrimaryKeyConstraint("run_n", "key_n"),
    Index("ix_series_last", "key_n", "last", "run_n"),
    sqlite_with_rowid=False,
)
"""One row a series: its extent, which is also the run's summary of that metric (`numbers` and `total`: of the points that
are not NaN), and its blocks in each tier, a byte a tier. NaN is NULL.
"""

series_blocks = Table(
    "series_blocks",
    metadata,
    Column("n", Serial, primary_key=True),
    column("run_n", Integer64),
    column("key_n", Integer64),
    column("tier", Integer64),
    column("count", Integer64),
    column("first_step", Integer64),
    column("last_step", Integer64),
    column("data", Packed),
    Index("ix_series_blocks_series", "run_n", "key_n", "n"),
)

series_rollups = Table(
    "series_rollups",
    metadata,
    column("block_n", Integer64),
    column("width", Integer64),
    column("data", Packed),
    PrimaryKeyConstraint("block_n", "width"),
)

series_sources = Table(
    "series_sources",
    metadata,
    Column("source", Text, primary_key=True),
    column("run_id", Text),
    column("stored", Integer64),
)
"""How far each journal is stored; kept when the points of its run are deleted, so that they do not come back."""
