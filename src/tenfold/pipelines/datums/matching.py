"""Globs over a dataset as datums see it: folders match too, and stand for all below them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from tenfold.base.globs import glob_pattern
from tenfold.base.hashing import digest
from tenfold.records import Entry


class Match(NamedTuple):
    """One file or folder that a glob matches. `path` is '' for the whole dataset."""

    path: str
    content: str
    """Follows from all names and contents below it."""
    size_bytes: int
    groups: tuple[str, ...]
    """What the glob's parenthesised parts matched."""

    def key(self, template: str) -> str:
        """A join or group key with its `$1`, `$2` … filled in."""
        return _filled(template, self.groups)


def key_of(glob: str, path: str, template: str) -> str:
    """The key of a path that a glob matches; '' without a template."""
    wanted = "/".join(part for part in glob.split("/") if part)
    hit = glob_pattern(wanted, capture=True).fullmatch(path) if template else None
    return _filled(template, hit.groups("")) if hit is not None else ""


def _filled(template: str, groups: tuple[str, ...]) -> str:
    return re.sub(r"\$(\d+)", lambda found: groups[int(found[1]) - 1], template)


def match(glob: str, entries: list[Entry]) -> list[Match]:
    """The matches of a glob among the entries of a tree (sorted by path), sorted by path. Raises Invalid."""
    wanted = "/".join(part for part in glob.split("/") if part)
    if not wanted:
        return [_folder("", entries, ())] if entries else []
    pattern = glob_pattern(wanted, capture=True)
    depth = None if "**" in wanted else wanted.count("/")
    found: list[Match] = []
    folders: dict[str, tuple[str, ...] | None] = {}
    for entry in entries:
        above = entry.path.count("/")
        if depth is None or above == depth:
            hit = pattern.fullmatch(entry.path)
            if hit is not None and entry.kind != "folder":
                found.append(Match(entry.path, _content(entry), entry.size_bytes, hit.groups("")))
            elif hit is not None:
                folders[entry.path] = hit.groups("")
        if above == 0 or (depth is not None and above <= depth):
            continue
        parts = entry.path.split("/")
        for count in range(1, len(parts)) if depth is None else (depth + 1,):
            folder = "/".join(parts[:count])
            if folder not in folders:
                inner = pattern.fullmatch(folder)
                folders[folder] = inner.groups("") if inner is not None else None
    for folder, groups in folders.items():
        if groups is not None:
            found.append(_folder(folder, below(entries, folder), groups))
    return sorted(found) if folders else found


Pairs = list[tuple[Entry | None, Entry | None]]
"""What differs between two trees, as `Blobs.diff` gives it."""


def match_changes(glob: str, pairs: Pairs, list_below: Callable[[str], list[Entry]]) -> tuple[list[Match], list[str]]:
    """The matches of a glob that are new or changed in a tree, and the paths of those that may be no more.

    Args:
        pairs: What differs between the tree before and now, sorted by path.
        list_below: Gives all entries of the tree now at or below a path, sorted by path.
    """
    wanted = "/".join(part for part in glob.split("/") if part)
    pattern = glob_pattern(wanted, capture=True)
    depth = None if "**" in wanted else wanted.count("/")
    files: dict[str, Entry | None] = {}
    folders: dict[str, None] = {}
    for before, after in pairs:
        entry = after or before
        assert entry is not None
        parts = entry.path.split("/")
        if entry.kind == "folder" or not wanted:
            folders[entry.path if wanted else ""] = None
        elif depth is None or depth == len(parts) - 1:
            files[entry.path] = after
        above = range(1, len(parts)) if depth is None else (depth + 1,) if wanted and depth < len(parts) - 1 else ()
        folders.update(("/".join(parts[:count]), None) for count in above)
    found: list[Match] = []
    gone: list[str] = []
    for path in sorted({*files, *folders}):
        hit = pattern.fullmatch(path)
        if hit is None:
            continue
        file = files.get(path)
        entries = list_below(path) if file is None and path in folders else []
        if file is not None and file.kind != "folder":
            found.append(Match(path, _content(file), file.size_bytes, hit.groups("")))
        elif entries:
            found.append(_folder(path, entries, hit.groups("")))
        else:
            gone.append(path)
    return found, gone


def below(entries: list[Entry], path: str) -> list[Entry]:
    """The entries that a match stands for: itself, or all below it. `entries` are sorted by path."""
    if not path:
        return entries
    at = bisect_left(entries, path, key=_path_of)
    if at < len(entries) and entries[at].path == path:
        return [entries[at]]
    first = bisect_left(entries, f"{path}/", key=_path_of)
    last = bisect_left(entries, f"{path}0", lo=first, key=_path_of)  # '0' comes right after '/'
    return entries[first:last]


def _path_of(entry: Entry) -> str:
    return entry.path


def _content(entry: Entry) -> str:
    if entry.kind == "file" and not entry.mode & 0o100:
        return entry.digest
    return f"{entry.kind}{'x' if entry.kind == 'file' else ''}:{entry.digest}"


def entry_of(path: str, content: str, size_bytes: int) -> Entry | None:
    """The file or symlink that a match is, without its time; None when it is a folder."""
    kind, _, key = content.rpartition(":")
    match kind:
        case "" | "filex":
            return Entry(path, key, size_bytes, 0o755 if kind else 0o644)
        case "symlink":
            return Entry(path, key, size_bytes, 0o777, "symlink")
        case _:
            return None


def _folder(path: str, entries: list[Entry], groups: tuple[str, ...]) -> Match:
    cut = len(path) + 1 if path else 0
    named = "\n".join(f"{_content(entry)} {entry.path[cut:]}" for entry in entries)
    return Match(path, f"tree:{digest(named.encode())}", sum(entry.size_bytes for entry in entries), groups)
