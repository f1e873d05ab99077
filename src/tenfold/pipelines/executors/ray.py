"""Ray: attempts as tasks of a running cluster, never retried by Ray itself. Cancelling interrupts the task, which takes
the attempt's process along with everything it started."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import StepFailed, Unavailable
from tenfold.base.extras import require
from tenfold.pipelines.executors.carried import run_carried
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.job import DONE_FILE, Job, encode_job, of_rank


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
    many_nodes = True

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
        self._meet = self._ray.remote(max_retries=0, num_cpus=0)(meeting_place)
        self._refs: dict[str, list[Any]] = {}
        self._groups: dict[str, Any] = {}
        self._waiting: dict[str, tuple[Job, Any]] = {}
        """Steps on several nodes whose rank 0 does not know its address yet."""

    def start(self, job: Job, place: Path) -> str:
        asked = job.work.resources
        wanted: dict[str, Any] = {"num_cpus": asked.cpu or 1, "name": job.work.step or job.name, **self.options.options}
        wanted |= {"memory": asked.memory_bytes} if asked.memory_bytes else {}
        wanted |= {"num_gpus": asked.gpu} if asked.gpu else {}
        try:
            if asked.nodes > 1:
                self._start_group(job, wanted)
            else:
                self._refs[job.name] = [self._run.options(**wanted).remote(encode_job(job))]
        except ValueError as error:  # an option that Ray does not know
            raise StepFailed(f"Ray refused the task: {error}. Correct [executors.ray] in tenfold.toml") from error
        return job.name

    def _start_group(self, job: Job, wanted: dict[str, Any]) -> None:
        """Reserve a place on each node, all at once, and ask the first for its address."""
        util = self._ray.util
        nodes = job.work.resources.nodes
        alive = sum(1 for node in self._ray.nodes() if node["Alive"])
        bundle = {"CPU": wanted["num_cpus"], **wanted.get("resources", {})}
        bundle |= {"GPU": wanted["num_gpus"]} if wanted.get("num_gpus") else {}
        bundle |= {"memory": wanted["memory"]} if wanted.get("memory") else {}
        how = "STRICT_SPREAD" if alive >= nodes else "SPREAD"
        group = self._groups[job.name] = util.placement_group([bundle] * nodes, strategy=how)
        strategy = util.scheduling_strategies.PlacementGroupSchedulingStrategy
        meeting = self._meet.options(scheduling_strategy=strategy(group, placement_group_bundle_index=0)).remote()
        options = [
            {**wanted, "scheduling_strategy": strategy(group, placement_group_bundle_index=rank)}
            for rank in range(nodes)
        ]
        self._refs[job.name], self._waiting[job.name] = [meeting], (job, options)

    def _start_ranks(self, handle: str) -> None:
        job, options = self._waiting.pop(handle)
        master = self._ray.get(self._refs[handle][0])
        jobs = [msgspec.structs.replace(job, rank=rank, master=master) for rank in range(len(options))]
        self._refs[handle] = [
            self._run.options(**wanted).remote(encode_job(one)) for one, wanted in zip(jobs, options, strict=True)
        ]

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        refs = [ref for handle in places for ref in self._refs[handle]]
        ready = set(self._ray.wait(refs, num_returns=len(refs), timeout=0)[0])
        gone = {}
        for handle, place in places.items():
            try:
                if handle in self._waiting:
                    if self._refs[handle][0] in ready:
                        self._start_ranks(handle)
                    continue
                for rank, ref in enumerate(self._refs[handle]):
                    if ref in ready and not (place / of_rank(DONE_FILE, rank)).exists():
                        (place / of_rank(DONE_FILE, rank)).write_bytes(self._ray.get(ref))
            except self._ray.exceptions.RayError as error:
                gone[handle] = f"Ray lost it: {type(error).__name__}: {' '.join(str(error).split())[:500]}"
                self.stop([handle])
        return gone

    def stop(self, handles: list[str]) -> None:
        """Interrupt what runs, take back what waits."""
        for handle in handles:
            for ref in self._refs.get(handle, ()):
                with contextlib.suppress(self._ray.exceptions.RayError):
                    self._ray.cancel(ref)

    def release(self, handle: str) -> None:
        self._refs.pop(handle, None)
        self._waiting.pop(handle, None)
        group = self._groups.pop(handle, None)
        if group is not None:
            self._ray.util.remove_placement_group(group)

    def close(self) -> None:
        self._refs.clear()
        if self._ours:
            self._ours = False
            self._ray.shutdown()


def meeting_place() -> str:
    """host:port of the node this runs on, where rank 0 can be met."""
    ray = require("ray", extra="ray", why="run steps on Ray")
    with socket.socket() as found:
        found.bind(("", 0))
        return f"{ray.util.get_node_ip_address()}:{found.getsockname()[1]}"
