"""Globs over paths: `*` and `?` stay inside a folder, `**` crosses folders, `[ab]`, `{a,b}`."""

from __future__ import annotations

import re
from functools import lru_cache

from tenfold.base.errors import Invalid

_MAGIC = re.compile(r"[*?\[{]")


def is_glob(text: str) -> bool:
    """True when a path has a character that means more than itself."""
    return bool(_MAGIC.search(text))


@lru_cache(256)
def glob_pattern(glob: str, *, capture: bool = False) -> re.Pattern[str]:
    r"""A pattern whose `fullmatch` says whether a path is meant.

    Args:
        glob: `*` and `?` stay inside a folder, `**` crosses folders, `[ab]`, `[!ab]`, `{a,b}`.
        capture: Pachyderm's spelling for datums: parentheses catch what is inside, `a|b` chooses there, `\` escapes.

    >>> bool(glob_pattern("2013/**/*.csv").fullmatch("2013/a.csv"))
    True
    >>> bool(glob_pattern("*.csv").fullmatch("2013/a.csv"))
    False
    >>> glob_pattern("(*)-{a,b}.png", capture=True).fullmatch("cat-a.png").groups()
    ('cat',)
    """
    out: list[str] = []
    at, braces, rounds = 0, 0, 0
    while at < len(glob):
        char = glob[at]
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
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
        if capture and char == "\\" and at + 1 < len(glob):
            out.append(re.escape(glob[at + 1]))
            at += 2
            continue
        if char == "{" and "}" in glob[at:]:
            braces += 1
            out.append("(?:")
        elif (char == "}" and braces) or (char == ")" and rounds):
            braces, rounds = braces - (char == "}"), rounds - (char == ")")
            out.append(")")
        elif char == "(" and capture:
            rounds += 1
            out.append("(")
        elif (char == "," and braces) or (char == "|" and rounds):
            out.append("|")
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise Invalid(
            f"The glob {glob!r} cannot be read: {error}. Use *, **, ?, [ab], {{a,b}}{', (…)' if capture else ''}",
            field="glob" if capture else "path",
        ) from error
