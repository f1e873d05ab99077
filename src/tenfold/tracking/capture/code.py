"""Which code runs: git commit, branch, remote, uncommitted changes and new source files, entry point and arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tenfold.base.hashing import digest
from tenfold.records import CodeVersion
from tenfold.tracking.capture.patches import masked_file, masked_patch
from tenfold.tracking.secrets import masked, masked_arguments

LARGEST_PATCH_BYTES = 10 * 1024 * 1024
LARGEST_FILE_BYTES = 512 * 1024
LARGEST_UNTRACKED_BYTES = 10 * 1024 * 1024
MOST_UNTRACKED = 1000
_SUFFIXES = """
    py pyi ipynb pyx sh bash sql toml yaml yml json cfg ini conf md rst r jl c cc cpp cu cuh h hpp rs go java scala kt
    js ts tsx jsx css html proto jinja j2 tf gin lock txt
"""
SOURCE_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
SOURCE_NAMES = frozenset(["Dockerfile", "Makefile", "Snakefile", "Procfile", "Justfile"])
PATCH, UNTRACKED = "patch.diff", "untracked"
_TIMEOUT_S = 20
_DIFF = (
    "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


@dataclass
class Code:
    """A code version, and the files of it that git does not have: {path in `code:<run id>`: content}."""

    version: CodeVersion
    files: dict[str, bytes] = field(default_factory=dict)


def read_code(folder: Path, *, git: bool = True) -> Code:
    """The code in a folder. Outside a repository, or without git, only how it was started."""
    top = _git(folder, "rev-parse", "--show-toplevel") if git else None
    started = _entry_point(Path(top) if top else folder)
    arguments = masked_arguments(sys.argv[1:])
    if not top:
        return Code(CodeVersion(entry_point=started, arguments=arguments))
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    remote = _git(folder, "config", "--get", "remote.origin.url")
    status = _git(folder, "status", "--porcelain", "--untracked-files=normal")
    omitted: list[str] = []
    patch, places = _patch(Path(top), omitted) if commit and status else (None, [])
    new = _untracked(Path(top), omitted) if status else {}
    files = {} if patch is None else {PATCH: patch}
    for path, data in new.items():
        text, numbers = masked_file(data.decode(), path)
        files[f"{UNTRACKED}/{path}"] = text.encode()
        places = [*places, *(f"{path}:{number}" for number in numbers)]
    version = CodeVersion(
        commit=commit or None,
        branch=_git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or None,
        remote=masked(remote) if remote else None,
        dirty=bool(status),
        patch=None if patch is None else digest(patch),
        entry_point=started,
        arguments=arguments,
        folder=_relative(folder, Path(top)),
        untracked=sorted(new),
        masked=places,
        omitted=omitted,
    )
    return Code(version, files)


def _patch(top: Path, omitted: list[str]) -> tuple[bytes | None, list[str]]:
    diff = _git_bytes(top, *_DIFF)
    if diff and len(diff) > LARGEST_PATCH_BYTES:
        omitted.append(f"uncommitted changes of {len(diff):,} bytes")
    if not diff or len(diff) > LARGEST_PATCH_BYTES:
        return None, []
    patch, places = masked_patch(diff.decode("utf-8", "surrogateescape"))
    return patch.encode("utf-8", "surrogateescape"), places


def _untracked(top: Path, omitted: list[str]) -> dict[str, bytes]:
    """New source files that .gitignore lets through, as far as they are text and small."""
    listed = _git_bytes(top, "ls-files", "--others", "--exclude-standard", "-z") or b""
    found: dict[str, bytes] = {}
    room = LARGEST_UNTRACKED_BYTES
    for name in sorted(os.fsdecode(listed).split("\0")):
        path = top / name
        if not name or not _is_source(name) or path.is_symlink() or len(found) == MOST_UNTRACKED:
            continue
        try:
            if path.stat().st_size > min(LARGEST_FILE_BYTES, room):
                omitted.append(name)
                continue
            data = path.read_bytes()
            data.decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if b"\0" not in data:
            found[name] = data
            room -= len(data)
    return found


def _is_source(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in SOURCE_SUFFIXES or path.name in SOURCE_NAMES


def _entry_point(top: Path) -> str:
    """The script or module that was started, relative to the repository."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name and not spec.name.startswith("tenfold."):  # `-m tenfold run` names the script
        return f"-m {spec.name.removesuffix('.__main__')}"
    script = sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else ""
    if not script:
        return "python -c" if sys.argv and sys.argv[0] == "-c" else "python"
    path = Path(script).absolute()
    return _relative(path, top) or script


def _relative(path: Path, top: Path) -> str | None:
    path, top = path.resolve(), top.resolve()
    return str(path.relative_to(top)) if path.is_relative_to(top) else None


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
