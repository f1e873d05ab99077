"""A process that has imported what driving a pipeline run takes, and waits to be told which: `tenfold/cli/spare.py`.

Python and the stores take most of a second to start on a busy machine. A schedule's run that finds them started begins
that much sooner after the moment it is due.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from tenfold.workspace.processes import environment_of
from tenfold.workspace.workspace import Workspace


class Order(msgspec.Struct, frozen=True):
    """What a spare process is told: one line of JSON on its stdin."""

    root_id: str
    folder: str
    log: str


def start_spare(workspace: Workspace) -> subprocess.Popen[bytes]:
    """A new one. It ends by itself when its stdin does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tenfold.cli.spare"], env=environment_of(workspace), stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def use_spare(process: subprocess.Popen[bytes], workspace: Workspace, root_id: str, folder: str) -> bool:
    """Tell it to begin a run, or go on with it, as `resume_in_process` does; False when it is gone."""
    logs = workspace.folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    order = Order(root_id, str(Path(folder).absolute()), str((logs / f"resume-{root_id}.log").absolute()))
    assert process.stdin is not None
    try:
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.close()
    except OSError:
        return False
    return True
