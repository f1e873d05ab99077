"""`.gitignore` lines for outputs, as dvc writes them: `/name` in the file beside each."""

from __future__ import annotations

import re
from pathlib import Path

from tenfold.base.files import write_atomic
from tenfold.doors.dvc.files.ignoring import Ignoring
from tenfold.doors.dvc.repo import Repo


def ignore(repo: Repo, place: Path) -> Path | None:
    """Have git leave an output out; gives the file that was changed. None where git does so already, or there is no git."""
    if repo.config.is_on("core", "no_scm") or not _in_git(repo.root) or not place.is_relative_to(repo.root):
        return None
    if Ignoring(repo.root, ".gitignore").is_out(place.relative_to(repo.root).as_posix(), is_folder=place.is_dir()):
        return None
    path = place.parent / ".gitignore"
    old = path.read_text("utf-8") if path.exists() else ""
    line = "/" + re.sub(r"([*?\[\]\\!#])", r"\\\1", place.name)
    write_atomic(path, f"{old}{'' if not old or old.endswith(chr(10)) else chr(10)}{line}\n".encode(), durable=False)
    return path


def _in_git(root: Path) -> bool:
    return any((place / ".git").exists() for place in (root, *root.parents))
