"""Attempts as Jobs of a cluster: created, looked at, deleted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tenfold.base.errors import Conflict, Invalid, NotFound, TenfoldError, Unavailable
from tenfold.contracts import Stores
from tenfold.pipelines.executors.engine import Engine
from tenfold.pipelines.executors.going import end_of
from tenfold.pipelines.executors.job import DONE_FILE, LOG_FILE, Job, Outcome, encode_outcome, job_name, of_rank
from tenfold.pipelines.executors.kubernetes import manifests, pods
from tenfold.pipelines.executors.kubernetes.cluster import Cluster
from tenfold.pipelines.executors.kubernetes.logs import PodLog
from tenfold.pipelines.executors.kubernetes.options import KubernetesOptions
from tenfold.pipelines.executors.kubernetes.pods import Seen
from tenfold.pipelines.executors.memory import asked_for
from tenfold.pipelines.executors.message import read_message
from tenfold.pipelines.executors.worker import opened_by
from tenfold.pipelines.work import State, Work

LOG_PATIENCE_S = 10.0
NO_POD_S = 10.0
"""A Job may have ended for so long before the end of its pods is seen."""
WARNING_LOOK_S = 5.0
OVERDUE_S = 15.0
"""A pod that should have ended by now, and so much more, is on a node that is lost."""


@dataclass
class _Attempt:
    job: Job
    place: Path
    stores: Callable[[], Stores]
    logs: dict[int, PodLog] = field(default_factory=dict)
    uids: dict[int, str] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)
    """Ranks whose outcome was written."""
    waits_since: dict[tuple[int, bool], float] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    warned: dict[str, tuple[float, str]] = field(default_factory=dict)
    """When events of an object were last asked for, and what they said."""
    over_since: float | None = None
    stopped: bool = False
    cut_short: bool = False
    """Something of it may still be there when its outcome is known."""

    def tell(self, rank: int, outcome: Outcome) -> None:
        """Write a rank's outcome to the place, with its log complete."""
        if rank in self.logs:
            self.logs[rank].finish(LOG_PATIENCE_S)
        self.told.add(rank)
        beside = self.place / f".{of_rank(DONE_FILE, rank)}"
        beside.write_bytes(encode_outcome(outcome))
        beside.replace(self.place / of_rank(DONE_FILE, rank))

    def tell_end(self, rank: int, state: State, error: str) -> None:
        self.cut_short = True
        self.tell(rank, Outcome(end_of(self.job.work, state, error)))

    def note(self, rank: int, line: str) -> None:
        """A line for the log, once."""
        if line and line not in self.said:
            self.said.add(line)
            with self.log_of(rank).open("a") as log:
                log.write(f"{line}\n")

    def waited_s(self, what: tuple[int, bool]) -> float:
        """Since when this has been waited for."""
        now = time.monotonic()
        return now - self.waits_since.setdefault(what, now)

    def log_of(self, rank: int) -> Path:
        one = self.job.work.resources.nodes == 1
        return Path(self.job.work.log) if one else self.place / of_rank(LOG_FILE, rank)


class KubernetesEngine(Engine):
    """Jobs of a namespace. A handle is a Job's name."""

    Options = KubernetesOptions
    look_s = 0.5
    many_nodes = True

    def __init__(self, options: KubernetesOptions) -> None:
        self.options, self.slots, self.carries = options, options.jobs, options.environ
        self.ships_code, self.unattended_s = options.ship_code, options.unattended_s
        self._cluster = Cluster(options)
        self._attempts: dict[str, _Attempt] = {}

    def shares(self, folder: Path) -> bool:
        return self.options.sees(folder)

    def keeps(self, work: Work) -> bool:
        """With the code it has now: what other code gives must not be taken for it."""
        try:
            found = self._cluster.job(job_name(work))["metadata"]
        except NotFound:
            return False
        same = found.get("annotations", {}).get(manifests.CODE) == work.code
        return same and manifests.is_of(found, work) and "deletionTimestamp" not in found

    def start(self, job: Job, place: Path) -> str:
        manifests.image_of(job, self.options)
        if job.only_host:
            raise Invalid(
                f"The store is a folder of {job.only_host}, which pods do not see. Use a PostgreSQL store with a bucket, a "
                "server (tenfold up), or a volume that shows the folder under its own path: see docs/executors.md",
                field="store",
            )
        if job.work.token > 1:
            self._end_earlier(job)
        try:
            made = self._cluster.create(manifests.job_manifest(job, self.options))
        except Conflict:
            made = self._own_job(job)
        extras = [manifests.service_manifest] if job.work.resources.nodes > 1 else []
        extras.append(manifests.secret_manifest)  # last: pods wait for it
        try:
            for one in extras:
                with contextlib.suppress(Conflict):
                    self._cluster.create(one(job, self.options, made["metadata"]["uid"]))
        except Unavailable:
            raise  # the next call finds the Job and goes on from there
        except TenfoldError:
            self._cluster.delete_job(job.name, wait=False)
            raise
        self._attempts[job.name] = _Attempt(job, place, opened_by(job.setup))
        return job.name

    def _own_job(self, job: Job) -> Seen:
        """The Job of this attempt that is there already: its creation was not heard of."""
        found = self._cluster.job(job.name)
        if not manifests.is_of(found["metadata"], job.work) or "deletionTimestamp" in found["metadata"]:
            raise Unavailable(f"There is another Job named {job.name}. See: kubectl get job {job.name}")
        return found

    def _end_earlier(self, job: Job) -> None:
        """Attempts must not overlap: what an earlier one has left is deleted, and waited for."""
        selector = f"{manifests.STEP_RUN_LABEL}={manifests.label_value(job.work.task_id)},{manifests.TOKEN_LABEL}!={job.work.token}"
        going = [one for one in self._cluster.jobs(selector) if pods.how_the_job_ended(one) == ("", "")]
        for one in going:
            if "deletionTimestamp" not in one["metadata"]:
                self._cluster.delete_job(one["metadata"]["name"], wait=True)
        left = [pod for pod in self._cluster.pods(selector) if not pods.ended(pod) and not _is_overdue(pod)]
        if left:
            name = left[0]["metadata"]["name"]
            raise Unavailable(f"Pod {name} of an earlier attempt is still ending. See: kubectl describe pod {name}")

    def look(self, places: dict[str, Path]) -> dict[str, str]:
        runs = sorted({manifests.label_value(self._attempts[handle].job.work.root_id) for handle in places})
        selector = f"{manifests.DOMAIN}/run in ({','.join(runs)})"
        seen = {one["metadata"]["name"]: one for one in self._cluster.jobs(selector)}
        there: dict[str, list[Seen]] = {}
        for pod in sorted(self._cluster.pods(selector), key=pods.created_s):
            there.setdefault(pod["metadata"]["labels"].get(manifests.JOB_LABEL, ""), []).append(pod)
        gone = {}
        for handle in places:
            one = self._attempts[handle]
            for pod in there.get(handle, []):
                self._look_at(one, pod)
            if handle in seen and handle not in there and not one.uids and not one.told:
                self._wait_for_pods(one)
            if handle not in seen:
                gone[handle] = f"Job {handle} is gone: somebody or something deleted it"
                one.stopped = True
            else:
                gone[handle] = self._job_over(one, seen[handle])
        return {handle: said for handle, said in gone.items() if said}

    def _look_at(self, one: _Attempt, pod: Seen) -> None:
        rank = pods.rank_of(pod)
        if rank in one.told:
            return
        if one.uids.setdefault(rank, pod["metadata"]["uid"]) != pod["metadata"]["uid"]:  # versions before 1.26 do that
            one.tell_end(rank, "lost", f"Its pod was deleted, and Kubernetes began another: {pod['metadata']['name']}")
            return
        if pods.started(pod) and rank not in one.logs:
            one.logs[rank] = PodLog(self._cluster, pod["metadata"]["name"], manifests.CONTAINER, one.log_of(rank))
        if pods.told(pod):
            outcome = read_message(pods.message(pod), one.stores)
            if outcome is not None:
                one.tell(rank, _explained(outcome, pod, one.job.work))
            elif pod["status"].get("reason") == "DeadlineExceeded":
                one.tell_end(rank, "timeout", "")
            else:
                one.tell_end(rank, "lost", pods.how_it_ended(pod, one.job.work.resources))
        elif "deletionTimestamp" in pod["metadata"]:
            if _is_overdue(pod):
                one.tell_end(rank, "lost", pods.how_it_went_away(pod))
        elif said := pods.cannot_start(pod):
            one.tell_end(rank, "failed", said)
        elif not pods.all_started(pod):
            self._wait_for(one, rank, pod)

    def _wait_for(self, one: _Attempt, rank: int, pod: Seen) -> None:
        """A pod that does not run yet: what it waits for goes into the log; waiting has an end."""
        said, has_node, curable = pods.what_it_waits_for(pod)
        name = pod["metadata"]["name"]
        waited_s = one.waited_s((rank, has_node))
        said = said or (self._warning(one, name) if has_node else "")
        one.note(rank, f"Pod {name} waits: {said}" if said else "")
        limit_s = self.options.start_s if has_node else self.options.pending_s
        if curable and waited_s <= limit_s:
            return
        line = "start_s" if has_node else "pending_s"
        after = f"after {waited_s:,.0f} s ({line} under [executors.kubernetes])" if curable else "and never will"
        see = f"See: kubectl -n {self._cluster.namespace} describe pod {name}"
        one.tell_end(
            rank, "failed", f"Pod {name} did not start {after}: {said or 'Kubernetes does not say why'}. {see}"
        )

    def _wait_for_pods(self, one: _Attempt) -> None:
        """A Job without pods: its quota is used up, its service account does not exist, or it is only new."""
        waited_s = one.waited_s((-1, False))
        said = self._warning(one, one.job.name)
        one.note(0, f"Job {one.job.name} has no pod yet: {said}" if said else "")
        if waited_s > self.options.start_s:
            see = f"See: kubectl -n {self._cluster.namespace} describe job {one.job.name}"
            one.tell_end(0, "failed", f"Job {one.job.name} had no pod after {waited_s:,.0f} s: {said}. {see}")

    def _warning(self, one: _Attempt, name: str) -> str:
        """What Kubernetes warns of about an object; asked for now and then."""
        now = time.monotonic()
        asked_at, said = one.warned.setdefault(name, (now, ""))
        if now - asked_at > WARNING_LOOK_S:
            said = self._cluster.warning(name)
            one.warned[name] = (now, said)
        return said

    def _job_over(self, one: _Attempt, job: Seen) -> str:
        """Why the attempt will not give an outcome any more; '' while it may."""
        reason, said = pods.how_the_job_ended(job)
        if not reason or len(one.told) == one.job.work.resources.nodes:
            return ""
        one.over_since = one.over_since or time.monotonic()
        if reason == "DeadlineExceeded":
            for rank in set(range(one.job.work.resources.nodes)) - one.told:
                one.tell_end(rank, "timeout", "")
        elif time.monotonic() - one.over_since > NO_POD_S:
            return f"Job {one.job.name} ended as {said}. Its pods are gone: deleted by hand, or with their node"
        return ""

    def stop(self, handles: list[str]) -> None:
        for handle in handles:
            self._cluster.delete_job(handle, wait=True)
            if handle in self._attempts:
                self._attempts[handle].stopped = True

    def release(self, handle: str) -> None:
        one = self._attempts.pop(handle, None)
        if one is None or one.stopped:
            return  # its Secret and Service go with the Job
        if one.cut_short or not self.options.keep_s:
            self._cluster.delete_job(handle, wait=False)
        else:
            self._cluster.delete_extras(handle, service=one.job.work.resources.nodes > 1)

    def close(self) -> None:
        self._cluster.close()


def _explained(outcome: Outcome, pod: Seen, work: Work) -> Outcome:
    """What came of an attempt, with what only Kubernetes knows of it: which container ran out of memory."""
    if outcome.done.state != "failed" or not pods.out_of_memory(pod):
        return outcome
    error = f"It ran out of memory: Kubernetes killed its container (OOMKilled).{asked_for(work.resources)}\n{outcome.done.error}"
    return msgspec.structs.replace(outcome, done=msgspec.structs.replace(outcome.done, error=error))


def _is_overdue(pod: Seen) -> bool:
    stamp = pod["metadata"].get("deletionTimestamp")
    return stamp is not None and time.time() > pods.seconds(stamp) + OVERDUE_S
