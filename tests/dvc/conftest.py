"""Run by `make dvc`: the real dvc, in an environment of its own, judges what the door writes and reads what it wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DVC = os.environ.get("TENFOLD_DVC", str(Path(__file__).parents[2] / ".dvcenv/bin/dvc"))


def run(folder: Path, *words: str, fails: bool = False) -> str:
    """What a command prints on stdout."""
    environ = os.environ | {
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.org",
        "SHELL": "/bin/sh",
    }
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=environ)
    assert fails or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout if not fails else done.stdout + done.stderr


def dvc(folder: Path, *words: str, fails: bool = False) -> str:
    """What the real dvc prints."""
    return run(folder, DVC, *words, fails=fails)


def dvc_json(folder: Path, *words: str) -> Any:
    """The JSON that the real dvc prints."""
    return json.loads(dvc(folder, *words, "--json") or "{}")


def files_below(folder: Path) -> dict[str, tuple[bytes, int]]:
    """{path: (bytes, mode)} of all files below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = (path.read_bytes(), path.stat().st_mode & 0o777)
    return found


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a git and DVC repository of a name, with a remote beside it."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        run(folder, "git", "init", "-q", "-b", "main")
        dvc(folder, "init", "-q")
        dvc(folder, "remote", "add", "-q", "-d", "store", str(tmp_path / "remote"))
        return folder

    return make


@pytest.fixture
def twins(fresh: Callable[[str], Path], tmp_path: Path) -> Callable[[Callable[[Path], None]], tuple[Path, Path]]:
    """Two repositories with the same files: one for dvc, one for Tenfold."""

    def make(fill: Callable[[Path], None]) -> tuple[Path, Path]:
        theirs = fresh("theirs")
        fill(theirs)
        known = [
            path.name for path in theirs.iterdir() if path.suffix in (".yaml", ".json") or path.name == ".dvcignore"
        ]
        run(theirs, "git", "add", ".dvc", *known)
        run(theirs, "git", "commit", "-qm", "first")
        shutil.copytree(theirs, tmp_path / "ours", symlinks=True)
        return theirs, tmp_path / "ours"

    return make
