"""Globs over the paths of a tree: `*` and `?` stay inside a folder, `**` crosses folders, `[ab]`, `{a,b}`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenfold.base.errors import Invalid
from tenfold.records import Entry

_MAGIC = re.compile(r"[*?\[{]")


def is_glob(text: str) -> bool:
    """True when a path has a character that means more than itself."""
    return bool(_MAGIC.search(text))


def choose_entries(entries: Sequence[Entry], path: str) -> list[Entry]:
    """The entries of a file, of all below a folder, or of a glob (also of all below folders that match it)."""
    if is_glob(path):
        pattern = glob_pattern(path.rstrip("/"))
        return [e for e in entries if any(pattern.fullmatch(part) for part in _heads(e.path))]
    return [e for e in entries if e.path == path or e.path.startswith(f"{path.rstrip('/')}/")]


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A pattern whose `fullmatch` says whether a path is meant.

    >>> bool(glob_pattern("2013/**/*.csv").fullmatch("2013/a.csv"))
    True
    >>> bool(glob_pattern("*.csv").fullmatch("2013/a.csv"))
    False
    """
    out, at, depth = [], 0, 0
    while at < len(glob):
        char = glob[at]
        if glob.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
            continue
        if glob.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if char == "[" and (end := glob.find("]", at + 2)) > 0:
            inner = glob[at + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            out.append(f"[{'^/' + inner[1:] if inner[0] in '!^' else inner}]")
            at = end + 1
            continue
        if char == "{" and "}" in glob[at:]:
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise Invalid(
            f"The glob {glob!r} cannot be read: {error}. Use *, **, ?, [ab], {{a,b}}", field="path"
        ) from error


def _heads(path: str) -> list[str]:
    """The path and the folders above it."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
