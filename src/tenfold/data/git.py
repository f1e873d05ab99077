"""The little that datasets ask of git: where the repository is, pointers of a revision, ignored names, settings."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tenfold.base.errors import Invalid, NotFound

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\*?[!#"})


def repository(folder: Path) -> Path | None:
    """The top of the git repository a folder is in, or None."""
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return place
    return None


def run(top: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """What a git command prints. Raises Invalid with git's own words."""
    try:
        done = subprocess.run(["git", "-C", str(top), *arguments], input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise NotFound("git is not installed. Install it, or name versions instead of revisions") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Invalid(f"git {arguments[0]}: {said[-1] if said else done.returncode}. See: git log", field="rev")
    return done.stdout


def is_revision(top: Path, text: str) -> bool:
    """True when git knows a commit by that name."""
    try:
        run(top, "rev-parse", "--quiet", "--verify", f"{text}^{{commit}}")
    except Invalid:
        return False
    return True


def files_at(top: Path, rev: str, suffix: str) -> dict[str, str]:
    """{path from the top: text} of the files of a revision whose names end so. Raises Invalid for an unknown one."""
    names = run(top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", f"{rev}^{{commit}}").decode().split("\0")
    wanted = [name for name in names if name.endswith(suffix) and "\n" not in name]
    if not wanted:
        return {}
    asked = "".join(f"{rev}:{name}\n" for name in wanted).encode()
    answer = run(top, "cat-file", "--batch", data=asked)
    found: dict[str, str] = {}
    for name in wanted:
        head, _, answer = answer.partition(b"\n")
        size = int(head.rsplit(b" ", 1)[1])
        found[name] = answer[:size].decode(errors="replace")
        answer = answer[size + 1 :]
    return found


def ignore(path: Path) -> bool:
    """Add a path to the .gitignore beside it; gives whether it was not there. Nothing outside a repository."""
    if repository(path.parent) is None:
        return False
    line = ignore_line(path.name)
    place = path.with_name(".gitignore")
    text = place.read_text("utf-8") if place.exists() else ""
    if line in text.splitlines():
        return False
    if text and not text.endswith("\n"):
        text += "\n"
    place.write_text(f"{text}{line}\n", "utf-8")
    return True


def unignore(path: Path) -> None:
    """Take a path out of the .gitignore beside it; a file left empty goes."""
    place = path.with_name(".gitignore")
    if not place.exists():
        return
    lines = place.read_text("utf-8").splitlines()
    kept = [line for line in lines if line != ignore_line(path.name)]
    if not kept:
        place.unlink()
    elif len(kept) < len(lines):
        place.write_text("\n".join(kept) + "\n", "utf-8")


def ignore_line(name: str) -> str:
    """The line of .gitignore that means just this name in just this folder."""
    line = "/" + name.translate(_SPECIAL)
    return line[:-1] + "\\ " if line.endswith(" ") else line
