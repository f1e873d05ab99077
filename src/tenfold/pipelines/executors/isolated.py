"""Warm processes in a virtual environment of their own, for steps with `env=`.

The environment is made by the process that then becomes its fork server, so making one holds up no other step. Where it
cannot be made, or does not hold what the steps' file imports, the steps that wanted it fail, and no others.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import msgspec

from tenfold.base.errors import StepFailed, TenfoldError
from tenfold.pipelines.environments import Environment
from tenfold.pipelines.executors.contract import Executor
from tenfold.pipelines.executors.local import NOT_IMPORTED, LocalExecutor
from tenfold.pipelines.executors.wire import Ready, Setup, frame
from tenfold.pipelines.making_environments import CANNOT, become, ensure_environment, own_path
from tenfold.pipelines.work import Done, Work

_MAKE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2])[0]; "
    "from tenfold.pipelines.executors.isolated import main; main(int(sys.argv[1]), *sys.argv[3:])"
)
_INSIDE = (
    "import json, sys; fd = int(sys.argv[1]); own, sys.argv[:] = json.loads(sys.argv[2]); sys.path[:0] = own; "
    "from tenfold.pipelines.executors.forkserver import main; main(fd)"
)


class IsolatedExecutor(Executor):
    """Warm processes of one environment; started when the first work comes."""

    def __init__(self, environment: Environment, setup: Setup, *, workers: int, cache: Path) -> None:
        self.slots = workers
        target = msgspec.structs.replace(setup.target, path=own_path(setup.target.path))
        self._setup = msgspec.structs.replace(setup, target=target)
        self._environment, self._cache = environment, cache
        self._inner: LocalExecutor | None = None
        self._going: dict[str, Work] = {}
        self._ended: list[Done] = []

    def submit(self, work: Work) -> None:
        self._going[work.task_id] = work
        try:
            if self._inner is None:
                words = [
                    json.dumps([own_path(sys.path), sys.argv]),
                    msgspec.json.encode(self._environment).decode(),
                    str(self._cache),
                ]
                self._inner = LocalExecutor(self._setup, workers=self.slots, boot=_MAKE, arguments=words)
            self._inner.submit(work)
        except (StepFailed, OSError) as error:
            self._fail_all(str(error))

    def poll(self, timeout_s: float) -> list[Done]:
        if self._inner is not None:
            try:
                self._take(self._inner.poll(0 if self._ended else timeout_s))
            except StepFailed as error:
                self._fail_all(_said(str(error)))
        ended, self._ended = self._ended, []
        return ended

    def cancel(self, task_ids: list[str]) -> None:
        if self._inner is not None:
            self._inner.cancel(task_ids)

    def close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.close()

    def _take(self, ended: list[Done]) -> None:
        for done in ended:
            self._going.pop(done.task_id, None)
        self._ended += ended

    def _fail_all(self, error: str) -> None:
        going, self._going = self._going, {}
        self._ended += [
            Done(task_id=work.task_id, token=work.token, state="failed", error=error, error_kinds=["StepFailed"])
            for work in going.values()
        ]
        self.close()


def _said(error: str) -> str:
    """What went wrong, in a line; then all of it."""
    told = error.removeprefix(f"{NOT_IMPORTED}\n")
    if told == error or told.startswith(CANNOT):
        return told
    last = told.strip().splitlines()[-1]
    return (
        f"The pipeline's module cannot be imported in the step's environment: {last}. Import it inside the step, or add "
        f"the package to env\n{told}"
    )


def main(fd: int, paths: str, environment: str, cache: str) -> None:
    """Make the environment, then be its fork server; what goes wrong is said to the scheduler at the other end."""
    try:
        python = ensure_environment(msgspec.json.decode(environment, type=Environment), Path(cache))
    except (TenfoldError, OSError) as error:
        with socket.socket(fileno=fd) as control:
            control.sendall(frame(Ready(error=str(error))))
        return
    become(fd, python, _INSIDE, [paths])
