"""Which entries of a tree a path, a folder or a glob means."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold.base.globs import glob_pattern, is_glob
from tenfold.records import Entry


def choose_entries(entries: Sequence[Entry], path: str) -> list[Entry]:
    """The entries of a file, of all below a folder, or of a glob (also of all below folders that match it)."""
    if is_glob(path):
        pattern = glob_pattern(path.rstrip("/"))
        return [e for e in entries if any(pattern.fullmatch(part) for part in _heads(e.path))]
    return [e for e in entries if e.path == path or e.path.startswith(f"{path.rstrip('/')}/")]


def _heads(path: str) -> list[str]:
    """The path and the folders above it."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
