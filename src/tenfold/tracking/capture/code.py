"""Which code runs: git commit, branch, remote and uncommitted changes, entry point and arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tenfold.records import CodeVersion
from tenfold.tracking.secrets import masked, masked_arguments

LARGEST_PATCH_BYTES = 10 * 1024 * 1024
_TIMEOUT_S = 20


def code_version(folder: Path, *, keep: Callable[[bytes], str], git: bool = True) -> CodeVersion:
    """The version of the code in a folder. Outside a repository, or without git, only how it was started.

    Args:
        keep: Stores the uncommitted diff and gives its content id.
    """
    top = _git(folder, "rev-parse", "--show-toplevel") if git else None
    started = _entry_point(Path(top) if top else folder)
    arguments = masked_arguments(sys.argv[1:])
    if not top:
        return CodeVersion(entry_point=started, arguments=arguments)
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    remote = _git(folder, "config", "--get", "remote.origin.url")
    status = _git(folder, "status", "--porcelain", "--untracked-files=normal")
    patch = None
    if commit and status:
        diff = _git_bytes(Path(top), "diff", "HEAD", "--binary")
        if diff and len(diff) <= LARGEST_PATCH_BYTES:
            patch = keep(masked(diff.decode("utf-8", "replace")).encode())
    return CodeVersion(
        commit=commit or None,
        branch=branch or None,
        remote=masked(remote) if remote else None,
        dirty=bool(status),
        patch=patch,
        entry_point=started,
        arguments=arguments,
    )


def _entry_point(top: Path) -> str:
    """The script or module that was started, relative to the repository."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name:
        return f"-m {spec.name.removesuffix('.__main__')}"
    script = sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else ""
    if not script:
        return "python -c" if sys.argv and sys.argv[0] == "-c" else "python"
    path = Path(script).absolute()
    return str(path.relative_to(top)) if path.is_relative_to(top) else script


def _git(folder: Path, *words: str) -> str | None:
    found = _git_bytes(folder, *words)
    return found.decode("utf-8", "replace").strip() if found is not None else None


def _git_bytes(folder: Path, *words: str) -> bytes | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
