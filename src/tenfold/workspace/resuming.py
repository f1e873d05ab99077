"""A pipeline run that somebody goes on with from a page: in a process beside the server, until it has begun."""

from __future__ import annotations

import platform
import threading
import time
from pathlib import Path

from tenfold.base.errors import Conflict, Invalid
from tenfold.records import LIVE_STATES, Run
from tenfold.workspace.processes import resume_in_process
from tenfold.workspace.workspace import Workspace

BEGIN_WAIT_S = 20.0
POLL_S = 0.1


def resume_beside(workspace: Workspace, run_id: str, *, wait_s: float = BEGIN_WAIT_S) -> Run:
    """Go on with a pipeline run that failed, was cancelled or lost its process; gives it once it is running again.

    It goes on when the server ends. Steps run on this machine, with the code as it is now in the folder of then.

    Raises:
        RunNotFound: No such run.
        Invalid: It is no pipeline run, it finished, or its folder is not on this machine.
        Conflict: It is running, or its process ended before the run went on; the end of what it printed is told.
    """
    stores = workspace.stores
    run = stores.runs.get([run_id])[0]
    folder = _folder_of(run)
    process = resume_in_process(workspace, run.id, str(folder))
    threading.Thread(target=process.wait, name="tenfold-resumed", daemon=True).start()  # else it stays as a zombie
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        now = stores.runs.get([run.id])[0]
        if now.state in LIVE_STATES or now.ended_at_ms != run.ended_at_ms:
            return now
        if ended:
            log = workspace.folder / "logs" / f"resume-{run.id}.log"
            said = log.read_text("utf-8", "replace").strip().rsplit("\n", 3)[-3:]
            raise Conflict(
                f"The run did not go on, its process ended: {' '.join(said) or 'it said nothing'}", field="run_id"
            )
        time.sleep(POLL_S)
    return stores.runs.get([run.id])[0]


def _folder_of(run: Run) -> Path:
    if run.kind != "pipeline":
        raise Invalid(f"Run {run.id} is a {run.kind}, not a pipeline run. See /runs/{run.id}", field="run_id")
    if run.state in LIVE_STATES:
        raise Conflict(f"Run {run.id} is {run.state}. Look at it again in a moment", field="run_id")
    if run.state == "finished":
        raise Invalid(f"Run {run.id} finished: there is nothing left of it to do", field="run_id")
    folder = (run.result.get("target") or {}).get("folder")
    here = run.host in ("", platform.node())
    if not folder or not here or not Path(folder).is_dir():
        where = f"in {folder} on {run.host}" if folder else "where its code is"
        raise Invalid(
            f"The code of run {run.id} is not on the server's machine. Go on with it {where}: tenfold pipelines resume {run.id}",
            field="run_id",
        )
    return Path(folder)
