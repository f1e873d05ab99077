"""`.dvcignore`: patterns as in .gitignore, of a folder and all below it. `.git`, `.hg` and `.dvc` are always left out."""

from __future__ import annotations

import re
from pathlib import Path

_ALWAYS = frozenset({".git", ".hg", ".dvc"})


class Ignoring:
    """Answers whether a path of the repository is left out. Files are read once, so make a new one for each command.

    Args:
        file: Name of the files with the patterns: git's own are of the same form.
    """

    def __init__(self, root: Path, file: str = ".dvcignore") -> None:
        self._root = root
        self._file = file
        self._rules: dict[str, list[tuple[re.Pattern[str], bool, bool]]] = {}
        self._folders: dict[str, bool] = {"": False}

    def is_out(self, path: str, *, is_folder: bool) -> bool:
        """True when a path below the root (POSIX, relative) is left out, itself or by a folder above it."""
        parent, _, name = path.rpartition("/")
        if parent and self._folder_is_out(parent):
            return True
        if name in _ALWAYS and (is_folder or name == ".git"):
            return True
        return self._matches(path, is_folder=is_folder)

    def _folder_is_out(self, folder: str) -> bool:
        found = self._folders.get(folder)
        if found is None:
            found = self._folders[folder] = self.is_out(folder, is_folder=True)
        return found

    def _matches(self, path: str, *, is_folder: bool) -> bool:
        """The last rule that matches decides; those of deeper folders come after those above."""
        parts = path.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            base = "/".join(parts[:depth])
            rest = "/".join(parts[depth:])
            for pattern, ignores, folders_only in reversed(self._rules_of(base)):
                if (is_folder or not folders_only) and pattern.fullmatch(rest):
                    return ignores
        return False

    def _rules_of(self, folder: str) -> list[tuple[re.Pattern[str], bool, bool]]:
        rules = self._rules.get(folder)
        if rules is None:
            path = self._root / folder / self._file
            lines = path.read_text("utf-8").splitlines() if path.is_file() else []
            made = (rule_of(line) for line in lines)
            rules = self._rules[folder] = [rule for rule in made if rule is not None]
        return rules


def rule_of(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    """(pattern for a path below the file's folder, whether it leaves out, whether for folders only) of one line."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    ignores = not text.startswith("!")
    text = text.removeprefix("!").removeprefix("\\") if not ignores or text[:2] in ("\\#", "\\!") else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    return re.compile(("" if anchored else "(?:.*/)?") + _regex(text), re.DOTALL), ignores, folders_only


def _regex(text: str) -> str:
    made, at = "", 0
    while at < len(text):
        if text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
            made, at = made + "(?:.*/)?", at + 3
        elif text.startswith("/**", at) and at + 3 == len(text):
            made, at = made + "/.+", at + 3
        elif text[at] == "*":
            while text.startswith("*", at):
                at += 1
            made += "[^/]*"
        elif text[at] == "?":
            made, at = made + "[^/]", at + 1
        elif text[at] == "[" and (end := text.find("]", at + 2)) > 0:
            inside = text[at + 1 : end].replace("\\", "\\\\")
            made += f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]"
            at = end + 1
        elif text[at] == "\\" and at + 1 < len(text):
            made, at = made + re.escape(text[at + 1]), at + 2
        else:
            made, at = made + re.escape(text[at]), at + 1
    return made
