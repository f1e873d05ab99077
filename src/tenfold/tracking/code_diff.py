"""Two patches on one commit, and the difference between the trees they make.

A patch holds the lines it changes and three around them. Where either patch shows the commit's text, both trees' text
is known, and so a true diff from one tree to the other can be made without the commit at hand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_CONTEXT = 3


class Hunk(NamedTuple):
    """A change of one place: `before` are the commit's lines from line `start` on (1-based), `after` what they became."""

    start: int
    before: list[str]
    after: list[str]


class FilePatch(NamedTuple):
    """All changes of one file. `whole` is its text when the patch cannot be read as hunks: a binary file, a rename."""

    hunks: list[Hunk]
    whole: str


def read(patch: str) -> dict[str, FilePatch]:
    """The files of a git patch by their path (the new one), in order."""
    found: dict[str, FilePatch] = {}
    for part in re.split(r"(?m)^(?=diff --git )", patch):
        if not part.startswith("diff --git "):
            continue
        lines = part.splitlines()
        path = _path(lines)
        hunks = list(_hunks(lines))
        found[path] = FilePatch(hunks, "" if hunks else part)
    return found


def between(a: str, b: str) -> str:
    """A unified diff from the tree that patch `a` makes to the tree that patch `b` makes of the same commit.

    Empty when they make the same. Lines that neither patch shows are the same in both and count only in line numbers.

    >>> one = "diff --git a/f b/f\\n--- a/f\\n+++ b/f\\n@@ -1,2 +1,2 @@\\n x\\n-y\\n+1\\n"
    >>> print(between(one, one.replace("+1", "+2")), end="")
    diff --git a/f b/f
    --- a/f
    +++ b/f
    @@ -1,2 +1,2 @@
     x
    -1
    +2
    """
    ours, theirs = read(a), read(b)
    parts = []
    for path in sorted({*ours, *theirs}):
        left, right = ours.get(path, FilePatch([], "")), theirs.get(path, FilePatch([], ""))
        if left.whole or right.whole:
            body = _texts(left.whole or _as_text(left), right.whole or _as_text(right)) if left != right else []
        else:
            body = list(_file(left.hunks, right.hunks))
        if body:
            parts += [f"diff --git a/{path} b/{path}", f"--- a/{path}", f"+++ b/{path}", *body]
    return "\n".join(parts) + "\n" if parts else ""


def texts(a: str, b: str) -> str:
    """A unified diff of two patches as texts: what can be said when they are of different commits."""
    body = _texts(a, b)
    return "\n".join(["--- changes of a", "+++ changes of b", *body]) + "\n" if body else ""


def new_file(path: str, data: bytes) -> str:
    """The patch that makes a file."""
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n"
    if b"\0" in data:
        return f"{head}Binary file of {len(data):,} bytes\n"
    lines = data.decode("utf-8", "replace").splitlines()
    body = "".join(f"+{line}\n" for line in lines)
    return f"{head}--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}" if lines else head


def _path(lines: list[str]) -> str:
    for line in lines:
        if line.startswith("+++ ") and not line.endswith("/dev/null"):
            return line[4:].partition("\t")[0].removeprefix("b/")
        if line.startswith("rename to "):
            return line[10:]
    for line in lines:
        if line.startswith("--- ") and not line.endswith("/dev/null"):
            return line[4:].partition("\t")[0].removeprefix("a/")
    return lines[0].rpartition(" b/")[2]


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    at = 0
    while at < len(lines):
        head = _HUNK.match(lines[at])
        at += 1
        if head is None:
            continue
        start, left = int(head[1]), int(head[2] or 1)
        right = int(re.search(r"\+\d+(?:,(\d+))?", lines[at - 1])[1] or 1)  # type: ignore[index]
        before: list[str] = []
        after: list[str] = []
        while at < len(lines) and (len(before) < left or len(after) < right):
            mark, text = lines[at][:1], lines[at][1:]
            if mark in ("-", " ", ""):
                before.append(text)
            if mark in ("+", " ", ""):
                after.append(text)
            at += 1
        yield Hunk(start if before else start + 1, before, after)


def _file(left: list[Hunk], right: list[Hunk]) -> Iterator[str]:
    """The hunks from one new text to the other. Line numbers are those of the two new texts."""
    moved = [0, 0]
    for stretch, parts in _stretches(left, right):
        base: dict[int, str] = {}
        for hunk in (*parts[0], *parts[1]):
            base |= {hunk.start + n: text for n, text in enumerate(hunk.before)}
        news = [_applied(stretch, base, side) for side in parts]
        yield from _region(news[0], news[1], stretch[0] + moved[0], stretch[0] + moved[1])
        moved = [was + len(new) - (stretch[1] - stretch[0]) for was, new in zip(moved, news, strict=True)]


def _stretches(left: list[Hunk], right: list[Hunk]) -> Iterator[tuple[tuple[int, int], tuple[list[Hunk], list[Hunk]]]]:
    """Places of the commit that either patch shows, [from, to), joined where they touch, with the hunks within."""
    marked = sorted(
        ((hunk.start, hunk.start + len(hunk.before), side, hunk) for side, hunks in enumerate((left, right)) for hunk in hunks),
        key=lambda one: one[:3],
    )  # fmt: skip
    start = end = -1
    parts: tuple[list[Hunk], list[Hunk]] = ([], [])
    for first, last, side, hunk in marked:
        if first > end and (parts[0] or parts[1]):
            yield (start, end), parts
            parts, start = ([], []), first
        if not (parts[0] or parts[1]):
            start, end = first, last
        parts[side].append(hunk)
        end = max(end, last)
    if parts[0] or parts[1]:
        yield (start, end), parts


def _applied(stretch: tuple[int, int], base: dict[int, str], hunks: list[Hunk]) -> list[str]:
    """The new text of a stretch of the commit."""
    lines: list[str] = []
    at = stretch[0]
    for hunk in hunks:
        lines += [base[n] for n in range(at, hunk.start)]
        lines += hunk.after
        at = hunk.start + len(hunk.before)
    return lines + [base[n] for n in range(at, stretch[1])]


def _region(a: list[str], b: list[str], a_start: int, b_start: int) -> Iterator[str]:
    for group in difflib.SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(_CONTEXT):
        (_, a_low, _, b_low, _), (_, _, a_high, _, b_high) = group[0], group[-1]
        yield f"@@ -{_span(a_start + a_low, a_high - a_low)} +{_span(b_start + b_low, b_high - b_low)} @@"
        for kind, i, j, k, m in group:
            if kind == "equal":
                yield from (f" {line}" for line in a[i:j])
            else:
                yield from (f"-{line}" for line in a[i:j])
                yield from (f"+{line}" for line in b[k:m])


def _span(start: int, count: int) -> str:
    return f"{start}" if count == 1 else f"{start if count else start - 1},{count}"


def _as_text(file: FilePatch) -> str:
    return "\n".join(line for hunk in file.hunks for line in hunk.after)


def _texts(a: str, b: str) -> list[str]:
    return list(_region(a.splitlines(), b.splitlines(), 1, 1)) if a != b else []
