"""What can be committed: a folder, a file, or a mapping of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tenfold.base.errors import Invalid
from tenfold.contracts import Blobs
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry, Tree

Source = str | Path | Tree | Mapping[str, "str | Path | bytes"]
"""A folder or file on disk, a tree stored before, or {path in the tree: file, folder or bytes}."""

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tenfold")

NEVER = frozenset({".tenfold", ".git"})
"""Folders that are left out wherever they stand: a store would hold itself, a repository its history."""


def store_source(blobs: Blobs, source: Source, kept: dict[str, Entry], *, progress: Progress | None = None) -> Tree:
    """Store a source; entries of `kept` whose paths it does not have stay beside it.

    Raises:
        Invalid: The source, or a path of the mapping, is not there.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.is_dir() or (path.is_file() and not kept):
            source = blobs.put_folder(path, ignore=ignored, progress=progress)
        else:
            source = {path.name: path}
    if isinstance(source, Tree):
        if not kept:
            return source
        return blobs.put_tree(_beside(kept, {entry.path: entry for entry in blobs.entries(source.digest)}))
    new: dict[str, Path | bytes | Entry] = {}
    for name, value in source.items():
        new |= _one(blobs, name, value, progress)
    return blobs.put_tree(_beside(kept, new), progress=progress)


def _one(
    blobs: Blobs, name: str, value: str | Path | bytes, progress: Progress | None
) -> dict[str, Path | bytes | Entry]:
    if isinstance(value, bytes):
        return {name: value}
    path = Path(value)
    if path.is_dir():
        tree = blobs.put_folder(path, ignore=ignored, progress=progress)
        return {f"{name}/{entry.path}": entry for entry in blobs.entries(tree.digest)}
    if not path.is_file():
        raise Invalid(f"{path} is neither a file nor a folder. Check the path", field="source")
    return {name: path}


def _beside(kept: dict[str, Entry], new: Mapping[str, Path | bytes | Entry]) -> dict[str, Path | bytes | Entry]:
    """The new paths and those of `kept` that none of them replaces: a file replaces a folder of its name, too."""
    taken = set(new)
    for path in new:
        parts = path.split("/")
        taken |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    stays = {
        path: entry
        for path, entry in kept.items()
        if path not in taken and not any(parent in new for parent in _parents(path))
    }
    return {**stays, **new}


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def ignored(path: str) -> bool:
    """True for what is never part of a dataset, by its path: stores, repositories, what a checkout is writing."""
    name = path.rpartition("/")[2]
    return name in NEVER or (name[-8:] == ".tenfold" and is_temporary(name))


def is_temporary(name: str) -> bool:
    """True for a file that a checkout writes beside its place; a killed one leaves it."""
    return _TEMPORARY.fullmatch(name) is not None
