"""Dask: a scheduler of dask.distributed takes attempts as tasks.

Dask cannot end a task that runs: the attempt sees its stop file, or in the store that it was cancelled, and ends itself.
Dask starts tasks of a lost worker again on another: the second start sees the first one's mark, and is a lost attempt.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid, Unavailable
from tenfold.base.extras import require
from tenfold.pipelines.executors.carried import run_carried
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import DONE_FILE, Job, encode_job


class DaskOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of [executors.dask]."""

    address: str = ""
    """Of the scheduler, such as "tcp://head:8786"; when empty, what Dask itself is configured with (DASK_SCHEDULER_ADDRESS)."""
    resources: dict[str, str] = {}
    """Names of the workers' abstract resources by ours: {gpu = "GPU", memory = "MEMORY"}. Dask holds tasks to no others."""
    environ: tuple[str, ...] = ("TENFOLD_*", "AWS_*")
    """Variables that go along."""


class DaskEngine(Engine):
    """Tasks of a Dask scheduler. A handle is a task's key."""

    Options = DaskOptions
    look_s = 0.1

    def __init__(self, options: DaskOptions) -> None:
        distributed = require("distributed", extra="dask", why="run steps on Dask")
        config = require("dask", extra="dask", why="run steps on Dask").config
        address = options.address or config.get("scheduler-address", None)
        if not address:
            raise Invalid(
                'No Dask scheduler is named. Write address = "tcp://…" under [executors.dask] in tenfold.toml',
                field="executor",
            )
        self.options, self.carries = options, options.environ
        try:
            self._client = distributed.Client(address, set_as_default=False, timeout="30s")
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"No Dask scheduler answers at {address}: {error}. See whether it runs") from error
        self._futures: dict[str, Any] = {}
        self.slots = max(1, sum(self._client.nthreads().values())) + 2  # a few wait there, so that no thread idles

    def start(self, job: Job, place: Path) -> str:
        asked = job.work.resources
        amounts = {"cpu": asked.cpu, "memory": asked.memory_bytes, "gpu": asked.gpu}
        wanted = {
            self.options.resources[name]: n for name, n in amounts.items() if n and name in self.options.resources
        }
        self._futures[job.name] = self._client.submit(
            run_carried, encode_job(job), key=job.name, pure=False, retries=0, resources=wanted or None
        )
        return job.name

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        gone = {}
        for handle, place in places.items():
            future = self._futures[handle]
            if not future.done():
                continue
            if future.status == "finished":
                try:
                    (place / DONE_FILE).write_bytes(future.result(timeout="30s"))
                except (OSError, TimeoutError) as error:
                    raise Unavailable(
                        f"Dask does not bring an outcome: {error}. See whether its scheduler runs"
                    ) from error
            elif future.status == "error":
                gone[handle] = f"Dask lost it: {future.exception()}"
            else:
                gone[handle] = f"Dask's task is {future.status}: the scheduler was restarted, or it was cancelled there"
        return gone

    def stop(self, handles: list[str]) -> None:
        """Take back what waits; what runs ends itself."""
        with contextlib.suppress(OSError, TimeoutError):  # its scheduler is gone, and the tasks with it
            running = {key for keys in self._client.processing().values() for key in keys}
            waiting = [self._futures[handle] for handle in handles if handle in self._futures and handle not in running]
            self._client.cancel(waiting)

    def release(self, handle: str) -> None:
        future = self._futures.pop(handle, None)
        if future is not None:
            future.release()

    def close(self) -> None:
        self._futures.clear()
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close()
