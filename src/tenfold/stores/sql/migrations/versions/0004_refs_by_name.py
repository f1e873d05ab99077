"""Refs are found by their own name, whatever artifact they are of: a cached output by its key."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_refs_ref", "refs", ["ref", "kind"])
