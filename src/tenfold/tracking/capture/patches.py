"""Patches that keep no secret and can still be applied.

In the lines a patch adds, what looks like a secret is replaced; the places are told. The lines that were there before
are masked too, but they are in the commit: `restored` puts them back, line by line, for whoever has it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tenfold.base.errors import Invalid
from tenfold.tracking.secrets import masked_source

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_CONFIGURATION = {".yaml", ".yml", ".env", ".ini", ".cfg", ".conf", ".toml", ".sh", ".properties", ""}


@dataclass
class _Line:
    """One line of a patch. `sign` is '' outside of hunks; `old`, `new`: its number in the file before and after."""

    text: str
    sign: str = ""
    old_path: str = ""
    path: str = ""
    old: int = 0
    new: int = 0


def masked_file(text: str, path: str) -> tuple[str, list[int]]:
    """A source file without secrets, and the numbers of the lines that had one."""
    shown = masked_source(text, expressions=PurePosixPath(path).suffix.lower() not in _CONFIGURATION)
    pairs = zip(text.split("\n"), shown.split("\n"), strict=True)
    return shown, [number for number, (was, now) in enumerate(pairs, 1) if was != now]


def masked_patch(patch: str) -> tuple[str, list[str]]:
    """A patch without secrets, and the places (`conf/train.yaml:12`) where it adds one: there another code ran."""
    lines = list(_lines(patch))
    places: list[str] = []
    for same in _alike(lines):
        first = same[0]
        if first.sign:
            text, numbers = masked_file("\n".join(line.text[1:] for line in same), first.path)
            for line, shown in zip(same, text.split("\n"), strict=True):
                line.text = first.sign + shown
            if first.sign == "+":
                places += [f"{first.path}:{same[number - 1].new}" for number in numbers]
        elif header := _HUNK.match(first.text):  # behind the numbers git shows a line of the file
            first.text = header[0] + masked_file(first.text[header.end() :], first.path)[0]
    return "\n".join(line.text for line in lines), places


def restored(patch: str, read_old: Callable[[str], str]) -> str:
    """The patch with the lines that were there before as they are in the commit.

    Args:
        read_old: The text of a file as it was, by path.

    Raises:
        Invalid: The file as given has no such line: it is not of this commit.
    """
    files: dict[str, list[str]] = {}
    given = []
    for line in _lines(patch):
        if line.sign in ("-", " "):
            if line.old_path not in files:
                files[line.old_path] = read_old(line.old_path).split("\n")
            before = files[line.old_path]
            if line.old > len(before):
                raise Invalid(f"The patch names line {line.old} of {line.old_path}, which the commit does not have")
            given.append(line.sign + before[line.old - 1])
        else:
            given.append(line.text)
    return "\n".join(given)


def dirty_submodules(patch: str) -> list[str]:
    """Submodules that had changes of their own, which no patch of the outer repository holds."""
    return [line.path for line in _lines(patch) if line.sign == "+" and _DIRTY.fullmatch(line.text)]


_DIRTY = re.compile(r"\+Subproject commit [0-9a-f]+-dirty")


def _alike(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Lines of hunks that follow each other with one sign, together; every other line alone."""
    for (sign, _), group in itertools.groupby(lines, key=lambda line: (line.sign, line.path)):
        same = list(group)
        yield from ([same] if sign else ([line] for line in same))


def _lines(patch: str) -> Iterator[_Line]:
    """The lines of a patch as git writes it, each with what it belongs to."""
    old_path = path = ""
    old = new = old_left = new_left = 0
    for text in patch.split("\n"):
        sign = text[:1]
        if (old_left or new_left) and sign in ("+", "-", " "):
            yield _Line(text, sign, old_path, path, old, new)
            if sign != "+":
                old, old_left = old + 1, old_left - 1
            if sign != "-":
                new, new_left = new + 1, new_left - 1
            continue
        if text.startswith("--- "):
            old_path = _path(text)
        elif text.startswith("+++ "):
            path = _path(text) or old_path
        elif header := _HUNK.match(text):
            old, new = int(header[1]), int(header[3])
            old_left, new_left = int(header[2] or 1), int(header[4] or 1)
        yield _Line(text, "", old_path, path)


def _path(header: str) -> str:
    """The path in a line `--- a/path`; '' for a file that is not there."""
    name = header[4:].rstrip("\t")
    if name.startswith('"'):
        name = (
            name[1:-1]
            .encode("latin-1", "backslashreplace")
            .decode("unicode_escape")
            .encode("latin-1")
            .decode("utf-8", "replace")
        )
    return "" if name == "/dev/null" else name[2:]
