"""Pipeline runs that somebody asks for from a page: stored, and begun in a process beside the server."""

from __future__ import annotations

import platform
import subprocess
import threading
from pathlib import Path

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.records import Run, RunChange
from tenfold.workspace.processes import resume_in_process
from tenfold.workspace.workspace import Workspace


def folder_of(run: Run, *, type_this: str) -> Path:
    """The folder that a run's pipeline is run in, here.

    Raises:
        Invalid: It is not on this machine; the message ends with `type_this`, for where it is.
    """
    folder = (run.result.get("target") or {}).get("folder")
    if run.host in ("", platform.node()) and folder and Path(folder).is_dir():
        return Path(folder)
    if run.result.get("definition"):
        return Path.cwd()
    where = f"in {folder} on {run.host}" if folder else "where its code is"
    raise Invalid(f"The code of run {run.id} is not on the server's machine. Type {where}: {type_this}", field="run_id")


def begin_beside(workspace: Workspace, run: Run, folder: Path) -> None:
    """Begin a stored run in a process of its own, which goes on when the server ends. Returns at once.

    When the process ends before it began the run, the run fails with the end of what it printed.
    """
    process = resume_in_process(workspace, run.id, str(folder))
    threading.Thread(target=_wait, args=(workspace, run.id, process), name="tenfold-asked", daemon=True).start()


def _wait(workspace: Workspace, run_id: str, process: subprocess.Popen[bytes]) -> None:
    process.wait()
    log = workspace.folder / "logs" / f"resume-{run_id}.log"
    said = log.read_text("utf-8", "replace").strip().rsplit("\n", 3)[-3:] if log.exists() else []
    change = RunChange(error=f"Its process ended before it began: {' '.join(said) or 'it said nothing'}")
    workspace.stores.runs.transition(run_id, "failed", expect=["created"], at_ms=now_ms(), change=change)
