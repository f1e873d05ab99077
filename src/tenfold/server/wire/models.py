"""Models as the pages see them."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.server.wire.runs import RunLink
from tenfold.server.wire.versions import MoveRow, RefRow, VersionRow


class ModelVersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a model with what it came to."""

    version: VersionRow
    run: RunLink | None
    metrics: dict[str, float | None]
    """Of its evaluation where there is one, else those saved with it, else the last values of its run."""
    verdict: str | None
    """'passed', 'failed' or null when no gate has judged it."""
    reasons: list[str]
    evaluation_id: str | None
    signature: Any
    format: str


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    name: str
    versions: int
    newest_at_ms: int
    newest: ModelVersionRow | None
    aliases: list[RefRow]


class ModelList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[ModelRow]


class ModelDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A model: aliases, versions newest first (at most 200), every move of an alias newest first."""

    name: str
    aliases: list[RefRow]
    versions: list[ModelVersionRow]
    history: list[MoveRow]


class AliasMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an alias shall point and why. `expect` guards: the number it must point at now."""

    version: int
    why: str
    expect: int | None = None
    force: bool = False
    """Move `champion` to a version whose verdict is not 'passed'; `why` then says why that is right."""
