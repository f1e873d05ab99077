"""Pipeline runs whose process died go on by themselves beside a server."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from tenfold.workspace.processes import resume_in_process
from tenfold.workspace.workspace import Workspace


class Recovery:
    """Resumes the abandoned pipeline runs of this machine, each once, one process at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._tried: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self) -> str | None:
        """Start to resume one abandoned run, unless one is being resumed; gives its id."""
        from tenfold.pipelines import abandoned

        if self._process is not None and self._process.poll() is None:
            return None
        self._process = None
        stores = self._workspace.stores
        for root_id in abandoned(stores):
            root = stores.runs.get([root_id])[0]
            folder = (root.result.get("target") or {}).get("folder") or "."
            if root_id in self._tried or root.host not in ("", platform.node()) or not Path(folder).is_dir():
                continue
            self._tried.add(root_id)
            self._process = resume_in_process(self._workspace, root_id, folder)
            return root_id
        return None

    def wait(self) -> None:
        """Return once the run being resumed has ended."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End the process that resumes a run, as Ctrl-C would; the run can be resumed again."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
