"""Models as the pages see them. Approvals, comparisons, purges and what was in production cross as the records they are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tenfold.models.approvals import Approval
from tenfold.server.wire.runs import RunLink
from tenfold.server.wire.versions import MoveRow, RefRow, VersionRow
from tenfold.workspace.purging import Purged


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
    description: str
    tags: dict[str, str]
    needs_approval: list[str]
    """Aliases that only take approved versions."""
    requests: list[Approval]
    """Newest first."""
    binned: list[VersionRow]
    """Versions in the bin, newest first (at most 200)."""


class AliasMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where an alias shall point and why. `expect` guards: the number it must point at now."""

    version: int
    why: str
    expect: int | None = None
    force: bool = False
    """Move past a verdict that is not 'passed' or a missing approval; `why` then says why that is right."""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ModelEdit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What to say of a model, or of one version of it; null leaves a field as it is, a tag of null is removed."""

    version: int | None = None
    description: Annotated[str, msgspec.Meta(max_length=100_000)] | None = None
    tags: dict[str, str | None] | None = None
    needs_approval: list[str] | None = None
    """Of the whole model only."""


class ApprovalAsk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ask that an alias may take a version."""

    alias: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    version: int
    comment: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ApprovalSay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Answer a request; a yes moves the alias unless `move` is false, a no needs a comment."""

    approved: bool
    comment: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""
    move: bool = True


class BinAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Put versions into the bin, take them out, or remove their files for good."""

    action: Literal["delete", "restore", "purge"]
    numbers: Annotated[list[int], msgspec.Meta(min_length=1, max_length=1000)]
    preview: bool = False
    """Of a purge: only say what would go."""


class BinDone(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; `purged` is null unless it was a purge."""

    changed: int
    purged: Purged | None
