"""Processes that drive pipeline runs beside a server."""

from __future__ import annotations

import os
import subprocess
import sys

from tenfold.workspace.workspace import Workspace


def resume_in_process(workspace: Workspace, root_id: str, folder: str) -> subprocess.Popen[bytes]:
    """Begin a pipeline run, or go on with it, in a process of its own that works in this folder.

    What it prints goes into `logs/resume-<run>.log` of the store's folder.
    """
    logs = workspace.folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with open(logs / f"resume-{root_id}.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tenfold", "pipelines", "resume", root_id],
            cwd=folder, env=environment_of(workspace), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


def environment_of(workspace: Workspace) -> dict[str, str]:
    """The variables of a process that works in this workspace."""
    environment = {**os.environ, "TENFOLD_STORE": workspace.location.store}
    if workspace.location.blobs:
        environment["TENFOLD_BLOBS"] = workspace.location.blobs
    return environment
