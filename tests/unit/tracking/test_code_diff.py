"""The diff between two patches leads from one tree to the other."""

from __future__ import annotations

import difflib
import re

import hypothesis.strategies as st
from hypothesis import given, settings

from tenfold.tracking import code_diff

LINES = st.lists(st.sampled_from(["a", "b", "c = 1", "c = 2", "", "    d"]), max_size=30)
EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), LINES.filter(lambda x: len(x) < 4)), max_size=4)


def edited(lines: list[str], edits: list[tuple[int, int, list[str]]]) -> list[str]:
    lines = list(lines)
    for at, gone, new in sorted(edits, reverse=True):
        lines[at : at + gone] = new
    return lines


def patch(before: list[str], after: list[str], path: str = "train.py") -> str:
    body = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
    text = "\n".join(body)
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n{text}\n" if text else ""


def applied(lines: list[str], diff: str) -> list[str]:
    """The lines after a diff, each of whose hunks must fit at exactly the place it names."""
    made: list[str] = []
    at = 0
    rows = iter(diff.splitlines())
    for row in rows:
        if (head := re.match(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", row)) is None:
            if row.startswith(("diff ", "--- a/", "+++ b/")):
                continue
            mark, text = row[:1], row[1:]
            if mark in (" ", "-"):
                assert lines[at] == text
                at += 1
            if mark in (" ", "+"):
                made.append(text)
            continue
        start = int(head[1]) - (head[2] != "0")
        made += lines[at:start]
        at = start
        assert len(made) == int(head[3]) - (head[4] != "0")
    return made + lines[at:]


@given(LINES, EDITS, EDITS)
@settings(max_examples=300, deadline=None)
def test_the_diff_of_two_patches_leads_from_one_tree_to_the_other(base, one, two):
    a, b = edited(base, one), edited(base, two)
    found = code_diff.between(patch(base, a), patch(base, b))
    assert applied(a, found) == b
    assert (found == "") == (a == b)


def test_files_that_one_patch_leaves_alone_are_shown_from_the_commit_to_the_other():
    a = patch(["x"], ["y"], "one.py")
    found = code_diff.between(a, patch(["p"], ["q"], "two.py"))
    assert found == (
        "diff --git a/one.py b/one.py\n--- a/one.py\n+++ b/one.py\n@@ -1 +1 @@\n-y\n+x\n"
        "diff --git a/two.py b/two.py\n--- a/two.py\n+++ b/two.py\n@@ -1 +1 @@\n-p\n+q\n"
    )


def test_new_gone_and_binary_files_are_told():
    new = "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    assert "@@ -1,2 +0,0 @@\n-a\n-b\n" in code_diff.between(new, "")
    binary = "diff --git a/i.png b/i.png\nindex 1..2\nBinary files a/i.png and b/i.png differ\n"
    assert "+Binary files" in code_diff.between("", binary)
    assert code_diff.between(binary, binary) == ""
