"""An artifact version: immutable content with a type and metadata, the next number of its named artifact."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.records.ref import Move

INLINE_LIMIT_BYTES = 16_384
"""Content up to this size may live in the version's own record."""


COMMIT_SET = "commit_set"
"""Tag of a version or run: the commit, or transaction, that it follows from, through a chain of pipelines."""


class Version(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the store knows of one version. Never changed after `publish`, but for description, tags and deletion.

    `kind` and `name` make its address: `data:flights@v3`. `digest` is the content id of its tree (a manifest of files
    in the blob store) or, when `inline` is set, of those bytes. A step's output has the name `<pipeline>.<step>.<output>`.
    """

    id: str
    kind: str
    name: str
    number: int
    digest: str
    size_bytes: int = 0
    files: int = 0
    inline: bytes | None = None
    type: str = ""
    """What the content is, for readers: 'table', 'model/sklearn', 'json', 'html', 'folder' …"""
    metadata: dict[str, Any] = {}
    message: str = ""
    parents: list[str] = []
    """Ids of the versions this one was made from by editing: a dataset's history."""
    run_id: str | None = None
    author: str = ""
    created_at_ms: int = 0
    deleted_at_ms: int | None = None
    description: str = ""
    tags: dict[str, str] = {}

    @property
    def is_purged(self) -> bool:
        """True when only the address, the times and the lineage are left of it."""
        return not self.digest

    @property
    def address(self) -> str:
        return f"{self.kind}:{self.name}@v{self.number}"


class Draft(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A version about to be published: `id` is made by the caller, so a retried publish is the same publish.

    `moves` are made in the same transaction, with `to` left empty: the new version. With a `run_id`, the edge
    "run produced version" is stored too, under `role`.
    """

    id: str
    kind: str
    name: str
    digest: str
    size_bytes: int = 0
    files: int = 0
    inline: bytes | None = None
    type: str = ""
    metadata: dict[str, Any] = {}
    message: str = ""
    parents: list[str] = []
    run_id: str | None = None
    role: str = ""
    author: str = ""
    created_at_ms: int = 0
    moves: list[Move] = []
    description: str = ""
    tags: dict[str, str] = {}
