"""A run's code and environment made again in a folder: the commit, the patch, the new files, the packages."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tenfold.base.errors import Invalid, VersionNotFound
from tenfold.contracts import Stores
from tenfold.records import CodeVersion, Run, Version
from tenfold.tracking.capture.code import PATCH, UNTRACKED
from tenfold.tracking.capture.packages import PACKAGES, lock_text
from tenfold.tracking.capture.patches import dirty_submodules, restored
from tenfold.tracking.secrets import MASK


def repository_of(run: Run, code: CodeVersion, given: Path | None) -> Path:
    """A repository on this machine that has the run's commit: the one given, this folder's, or the run's own.

    Raises:
        Invalid: None of them has it.
    """
    own = run.environment.get("folder")
    places = [given] if given is not None else [Path.cwd(), *([Path(str(own))] if own else [])]
    for place in places:
        if place.is_dir() and _git(place, "cat-file", "-e", f"{code.commit}^{{commit}}").returncode == 0:
            return place
    remote = f" Clone {code.remote}," if code.remote else " Clone the repository,"
    raise Invalid(
        f"No repository here has the commit {code.commit} of run {run.id}.{remote} then give its folder with --repository",
        field="repository",
    )


@contextmanager
def work_tree(
    stores: Stores, run: Run, code: CodeVersion, repository: Path, folder: Path, *, keep: bool
) -> Iterator[Path]:
    """The run's code in a new folder, as a work tree of the repository; removed at the end unless kept.

    Raises:
        Invalid: The folder is not empty, or the code cannot be made as it was; the message says why.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"The folder {folder} is not empty. Name a new one with --folder", field="folder")
    _done(_git(repository, "worktree", "add", "--detach", "--quiet", str(folder), str(code.commit)), "make a work tree")
    try:
        if (folder / ".gitmodules").exists():
            _done(_git(folder, "submodule", "update", "--init", "--recursive", "--quiet"), "fetch the submodules")
        files = _kept_files(stores, run, code)
        if PATCH in files:
            _apply(files.pop(PATCH), folder, str(code.commit))
        for path, data in files.items():
            target = folder / path.removeprefix(f"{UNTRACKED}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        yield folder
    finally:
        if not keep:
            _git(repository, "worktree", "remove", "--force", str(folder))


def interpreter(run: Run, code: CodeVersion, tree: Path, folder: Path, *, python: str | None) -> Path:
    """The Python of a new environment with the run's packages at their versions, made with uv.

    Args:
        tree: The work tree: what was installed from the repository itself is installed from here.
        python: A version or path of an interpreter; the run's version when not given.

    Raises:
        Invalid: The run kept no packages, there is no uv, or uv could not install one; with uv's own words.
    """
    if not run.environment.get(PACKAGES):
        raise Invalid(f"Run {run.id} kept no list of packages. Use this environment instead: --here", field="here")
    uv = _uv()
    lock = folder.with_name(f"{folder.name}.txt")
    lock.write_text(_moved(lock_text(run.environment), run, code, tree), "utf-8")
    wanted = python or str(run.environment.get("python", ""))
    _done(
        _run([*uv, "venv", "--quiet", *(["--python", wanted] if wanted else []), str(folder)], tree),
        f"make a Python {wanted}",
    )
    made = folder / "bin" / "python"
    _done(
        _run([*uv, "pip", "install", "--quiet", "--no-deps", "--python", str(made), "-r", str(lock)], tree),
        "install the packages of the run",
    )
    return made


def differences_here(run: Run) -> list[str]:
    """What is not as it was when a run is done again in this environment: one line for each matter."""
    from tenfold.tracking.capture.packages import SOURCES, installed

    then: dict[str, str] = run.environment.get(PACKAGES) or {}
    now, _ = installed()
    notes = []
    other = [
        f"{name} {now.get(name, 'missing')} (was {version})"
        for name, version in then.items()
        if now.get(name) != version
    ]
    if other:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        notes.append(f"Other versions than then: {', '.join(other[:5])}{more}")
    editable = [name for name, source in (run.environment.get(SOURCES) or {}).items() if source.get("editable")]
    if editable:
        notes.append(
            f"Imported as they are now, not as they were: {', '.join(sorted(editable))} (installed as editable)"
        )
    return notes


def _kept_files(stores: Stores, run: Run, code: CodeVersion) -> dict[str, bytes]:
    """The patch and new files of `code:<run id>`. Raises Invalid when they are not there."""
    if code.patch is None and not code.untracked:
        return {}
    version: Version | None = stores.versions.find("code", run.id)
    if version is None:
        raise VersionNotFound(
            f"The uncommitted code of run {run.id} is not in this store. Send it with: tenfold sync", field="run"
        )
    entries = stores.blobs.entries(version.digest)
    return {entry.path: stores.blobs.get_bytes(entry.digest) for entry in entries if entry.kind == "file"}


def _apply(patch: bytes, tree: Path, commit: str) -> None:
    text = patch.decode("utf-8", "surrogateescape")
    if dirty := dirty_submodules(text):
        raise Invalid(
            f"The submodule {dirty[0]} had changes of its own, which are not kept. Commit there and run again",
            field="run",
        )

    def before(path: str) -> str:
        shown = _git(tree, "show", f"{commit}:{path}")
        _done(shown, f"read {path} of the commit")
        return shown.stdout.decode("utf-8", "surrogateescape")

    whole = restored(text, before).encode("utf-8", "surrogateescape")
    _done(_git(tree, "apply", "--whitespace=nowarn", "-", data=whole), "apply the uncommitted changes")


def _moved(lock: str, run: Run, code: CodeVersion, tree: Path) -> str:
    """The lock with what was installed from the run's repository installed from the work tree."""
    own = Path(str(run.environment.get("folder", "")))
    top = own
    for _ in Path(code.folder or ".").parts:
        top = top.parent
    lines = []
    for line in lock.split("\n"):
        head, editable, url = line.rpartition("-e ") if line.startswith("-e ") else line.partition(" @ ")
        path = Path(unquote(urlsplit(url).path)) if url.startswith("file://") else None
        if path is not None and path.is_relative_to(top) and str(top) not in ("", "."):
            line = f"{head}{editable}{(tree / path.relative_to(top)).as_uri()}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _uv() -> list[str]:
    if found := shutil.which("uv"):
        return [found]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    raise Invalid(
        "To make the run's environment uv is needed. Get it with: pip install uv, or use this environment: --here"
    )


def _git(folder: Path, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return _run(["git", *words], folder, data=data)


def _run(command: list[str], folder: Path, *, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_") and key != "VIRTUAL_ENV"
    }
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            check=False,
            env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"},
            **given,
        )
    except FileNotFoundError as error:
        raise Invalid(f"The program {command[0]} is needed to do a run again, and is not installed") from error


def _done(process: subprocess.CompletedProcess[bytes], what: str) -> None:
    if process.returncode:
        said = process.stderr.decode("utf-8", "replace").strip() or process.stdout.decode("utf-8", "replace").strip()
        raise Invalid(f"Could not {what}: {said.replace(MASK, '…')}")
