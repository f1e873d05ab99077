"""A tree: the manifest of a version's files, itself stored by its hash."""

from __future__ import annotations

from typing import Literal

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One path of a tree. `digest` is the content id of the bytes (of the target text for a symlink; '' for a folder)."""

    path: str
    digest: str = ""
    size_bytes: int = 0
    mode: int = 0o644
    kind: Literal["file", "symlink", "folder"] = "file"
    mtime_ns: int = 0


class Tree(msgspec.Struct, frozen=True):
    """The content id of a manifest with what one wants to know before reading it. Empty folders count no file."""

    digest: str
    size_bytes: int
    files: int
