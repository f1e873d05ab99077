"""Schemas of tables, as the pages see them."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.monitoring.record import Change
from tenfold.workspace.schemas import PastValidation


class SchemaRow(msgspec.Struct, frozen=True, kw_only=True):
    """A schema in a list, with what its newest check found; `anomalies` is null before there was one."""

    name: str
    version: int
    columns: int
    author: str
    message: str
    saved_at_ms: int
    anomalies: int | None
    checked_at_ms: int | None


class SchemaList(msgspec.Struct, frozen=True):
    """By name."""

    items: list[SchemaRow]


class SchemaColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column as words, and as the fields that are set."""

    name: str
    type: str
    presence: str
    values: str
    environments: list[str]
    severity: str
    fields: dict[str, Any]


class SchemaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a schema."""

    version: int
    author: str
    message: str
    saved_at_ms: int


class SchemaDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a schema: its columns, its text, all versions and the newest checks, newest first."""

    name: str
    address: str
    version: int
    newest: int
    environments: list[str]
    table: list[str]
    columns: list[SchemaColumn]
    text: str
    versions: list[SchemaVersion]
    checks: list[PastValidation]


class SchemaEdit(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to make to the version `expect`; `remove` names columns to take out."""

    expect: int
    changes: list[Change] = []
    remove: list[str] = []
    message: str = ""
