"""Ray: attempts as tasks of a running cluster, never retried by Ray itself. Cancelling interrupts the task, which takes
the attempt's process along with everything it started."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import StepFailed, Unavailable
from tenfold.base.extras import require
from tenfold.pipelines.executors.carried import run_carried
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import DONE_FILE, Job, encode_job


class RayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of [executors.ray]."""

    address: str = "auto"
    """Of the cluster: "auto" finds the one of this machine or RAY_ADDRESS; "ray://head:10001" a far one."""
    jobs: int = 100
    """Tasks handed to Ray at once."""
    options: dict[str, Any] = {}
    """More of Ray's task options: {resources = {TPU = 1}, accelerator_type = "A100"}."""
    environ: tuple[str, ...] = ("TENFOLD_*", "AWS_*")
    """Variables that go along."""


class RayEngine(Engine):
    """Tasks of Ray. A handle is the attempt's name."""

    Options = RayOptions
    look_s = 0.1

    def __init__(self, options: RayOptions) -> None:
        self._ray = require("ray", extra="ray", why="run steps on Ray")
        self.options, self.slots, self.carries = options, options.jobs, options.environ
        self._ours = not self._ray.is_initialized()
        if self._ours:
            try:
                self._ray.init(address=options.address, log_to_driver=False, configure_logging=False)
            except (ConnectionError, TimeoutError) as error:
                raise Unavailable(
                    f"No Ray cluster answers at {options.address!r}: {error}. Start one with: ray start --head"
                ) from error
        self._run = self._ray.remote(max_retries=0)(run_carried)
        self._refs: dict[str, Any] = {}

    def start(self, job: Job, place: Path) -> str:
        asked = job.work.resources
        wanted: dict[str, Any] = {"num_cpus": asked.cpu or 1, "name": job.work.step or job.name, **self.options.options}
        wanted |= {"memory": asked.memory_bytes} if asked.memory_bytes else {}
        wanted |= {"num_gpus": asked.gpu} if asked.gpu else {}
        try:
            self._refs[job.name] = self._run.options(**wanted).remote(encode_job(job))
        except ValueError as error:  # an option that Ray does not know
            raise StepFailed(f"Ray refused the task: {error}. Correct [executors.ray] in tenfold.toml") from error
        return job.name

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        refs = {self._refs[handle]: handle for handle in places}
        ready, _ = self._ray.wait(list(refs), num_returns=len(refs), timeout=0)
        gone = {}
        for ref in ready:
            handle = refs[ref]
            try:
                outcome = self._ray.get(ref)
            except self._ray.exceptions.RayError as error:
                gone[handle] = f"Ray lost it: {type(error).__name__}: {' '.join(str(error).split())[:500]}"
            else:
                (places[handle] / DONE_FILE).write_bytes(outcome)
        return gone

    def stop(self, handles: list[str]) -> None:
        """Interrupt what runs, take back what waits."""
        for handle in handles:
            if handle in self._refs:
                with contextlib.suppress(self._ray.exceptions.RayError):
                    self._ray.cancel(self._refs[handle])

    def release(self, handle: str) -> None:
        self._refs.pop(handle, None)

    def close(self) -> None:
        self._refs.clear()
        if self._ours:
            self._ours = False
            self._ray.shutdown()
