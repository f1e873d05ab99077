"""Artifact versions and refs as the pages see them."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.records import RunState


class VersionLink(msgspec.Struct, frozen=True, kw_only=True):
    """Enough of a version to name it and link to it."""

    id: str
    address: str
    kind: str
    name: str
    number: int


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `refs` are the names that point at it now."""

    id: str
    address: str
    kind: str
    name: str
    number: int
    type: str
    digest: str
    size_bytes: int
    files: int
    message: str
    author: str
    description: str
    run_id: str | None
    created_at_ms: int
    deleted_at_ms: int | None
    parents: list[str]
    refs: list[str]
    tags: dict[str, str]
    metadata: dict[str, Any]


class VersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` is the offset to go on with, or null at the end."""

    items: list[VersionRow]
    next: int | None


class VersionUse(msgspec.Struct, frozen=True, kw_only=True):
    """A run that used or produced a version."""

    direction: str
    role: str
    at_ms: int
    run_id: str
    run_name: str
    run_kind: str
    run_state: RunState
    project: str


class VersionDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its surroundings. `inline` is its content when that is small JSON or text, else null."""

    version: VersionRow
    parents: list[VersionLink]
    uses: list[VersionUse]
    inline: Any


class RefRow(msgspec.Struct, frozen=True, kw_only=True):
    """A name and the version it points at now."""

    ref: str
    version_id: str
    number: int
    address: str
    moved_at_ms: int


class MoveRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history of a ref. A number of null: the ref did not exist (before) or was removed (after)."""

    ref: str
    before: int | None
    after: int | None
    at_ms: int
    who: str
    why: str
