"""Steps on several nodes, tried on this machine: one process a rank, told apart as on a cluster, met at the loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import JOB_FILE, MASTER_VARIABLE, RANK_VARIABLE, Job
from tenfold.pipelines.executors.ranks import free_port


class ProcessesOptions(msgspec.Struct, frozen=True, kw_only=True):
    """There is nothing to say."""


class ProcessesEngine(Engine):
    """Processes of this machine. A handle is an attempt's name."""

    Options = ProcessesOptions
    slots = 1  # its ranks run at the same time, and share the cores
    look_s = 0.1
    same_machine = True
    many_nodes = True

    def __init__(self, options: ProcessesOptions) -> None:
        self._processes: dict[str, list[subprocess.Popen[bytes]]] = {}

    def start(self, job: Job, place: Path) -> str:
        master = f"127.0.0.1:{free_port()}"
        words = [sys.executable, "-P", "-m", "tenfold.pipelines.executors.attempt", str(place / JOB_FILE)]
        ranks = self._processes[job.name] = []
        with (place / "engine.log").open("ab") as said:
            for rank in range(job.work.resources.nodes):
                environ = {**os.environ, RANK_VARIABLE: str(rank), MASTER_VARIABLE: master}
                ranks.append(
                    subprocess.Popen(
                        words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environ, start_new_session=True
                    )
                )
        return job.name

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        gone = {}
        for handle, place in places.items():
            codes = [process.poll() for process in self._processes[handle]]
            if None not in codes:
                said = (place / "engine.log").read_text("utf-8", "replace")[-1000:]
                gone[handle] = f"Its processes ended with exit codes {codes} and wrote no outcome. {said}".rstrip()
        return gone

    def stop(self, handles: list[str]) -> None:
        for handle in handles:
            for process in self._processes.get(handle, ()):
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)

    def release(self, handle: str) -> None:
        for process in self._processes.pop(handle, ()):
            process.wait()
