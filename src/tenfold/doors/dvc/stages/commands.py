"""Running the command lines of a stage as dvc does: by the user's shell, in the stage's folder, all processes ended with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tenfold.base.errors import StepFailed
from tenfold.pipelines.executors.processes import die_with_parent, kill_tree

_WITHOUT_SETTINGS = {"zsh": ["--no-rcs"], "bash": ["--noprofile", "--norc"]}


def run_commands(
    cmd: str | list[str], folder: Path, *, name: str, environ: Mapping[str, str], log: Path | None
) -> None:
    """Run lines one after another until one fails. What they print goes to stderr, or to a file.

    Raises:
        StepFailed: A line ended with another code than 0; those after it were not run.
    """
    shell = os.environ.get("SHELL") or "/bin/sh"
    options = _WITHOUT_SETTINGS.get(Path(shell).name, [])
    for line in cmd if isinstance(cmd, list) else cmd.splitlines():
        out = log.open("ab") if log is not None else _stderr()
        try:
            process = subprocess.Popen(
                [shell, *options, "-c", line], cwd=folder, env={**os.environ, **environ}, stdout=out, stderr=out,
                preexec_fn=partial(die_with_parent, os.getpid()),
            )  # fmt: skip
            try:
                code = process.wait()
            except BaseException:  # Ctrl-C among them: nothing it started goes on
                kill_tree(process.pid)
                process.wait()
                raise
        finally:
            if not isinstance(out, int):
                out.close()
        if code != 0:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            raise StepFailed(f"Stage {name}: {line!r} {how}. Mend it, then: tenfold dvc repro {name}")


def _stderr() -> int:
    """The file behind `sys.stderr`; the process's own where that is none, as in a notebook."""
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return 2
