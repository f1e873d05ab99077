"""The first page, search, health and problems."""

from __future__ import annotations

import msgspec

from tenfold.server.wire.runs import RunRow


class AttentionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should look at."""

    kind: str
    """'failed', 'lost', 'alarm' or 'deployment' (one that died)."""
    severity: str
    """'error' or 'warning'."""
    title: str
    detail: str
    address: str
    """Of the run (or, for an alarm, of the check) it is about."""
    page: str
    """Path of the page that shows it, like /runs/01J…"""
    at_ms: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each there are."""

    projects: int
    runs: int
    running: int
    data: int
    models: int
    pipelines: int
    deployments: int
    """Live ones."""
    monitors: int


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """What needs attention (newest first), what is running, what ran last, and how much there is."""

    attention: list[AttentionRow]
    running: list[RunRow]
    recent: list[RunRow]
    counts: Counts


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the search over everything."""

    kind: str
    title: str
    detail: str
    address: str
    page: str
    at_ms: int


class HitList(msgspec.Struct, frozen=True):
    """Best first."""

    items: list[Hit]


class ServerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` is false, with status 503, when the store cannot be read."""

    ok: bool
    seq: int
    """Number of the newest event."""


class ServerVersion(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    python: str
    store: str
    """The folder or address of the store, without secrets."""
    writable: bool


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 problem: what went wrong, in words and by a stable code.

    `field` names the item at fault, if one is; `position` the 0-based character of a search text that cannot be read.
    """

    type: str
    title: str
    status: int
    detail: str
    field: str | None
    code: str
    position: int | None = None
