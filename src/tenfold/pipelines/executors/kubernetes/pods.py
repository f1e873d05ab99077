"""What a pod's status says, in words: what it waits for, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.executors.kubernetes.manifests import CONTAINER, INDEX, PROGRAM
from tenfold.pipelines.executors.memory import asked_for

Seen = dict[str, Any]
"""A Job or a pod, as the API gives it."""

_NEVER_STARTS = ("InvalidImageName", "ErrImageNeverPull")
"""Waiting does not cure these."""
_NEVER_STARTED = ("ContainerCannotRun", "StartError")


def rank_of(pod: Seen) -> int:
    """Its index; 0 for the only one."""
    return int(pod["metadata"].get("annotations", {}).get(INDEX, 0))


def created_s(pod: Seen) -> float:
    """When it was created, in seconds since 1970."""
    return seconds(pod["metadata"]["creationTimestamp"])


def seconds(stamp: str) -> float:
    """A time of the API in seconds since 1970.

    >>> seconds("1970-01-01T00:01:00Z")
    60.0
    """
    return datetime.fromisoformat(stamp).timestamp()


def ended(pod: Seen) -> bool:
    """True when its container runs no more and will not again."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def told(pod: Seen) -> bool:
    """True when the step's container runs no more; what stands beside it may still be ending."""
    return ended(pod) or "terminated" in _state(pod)


def started(pod: Seen) -> bool:
    """True once the step's container has printed something, or may have."""
    state = _state(pod)
    return "running" in state or "terminated" in state


def all_started(pod: Seen) -> bool:
    """True once every container runs, or did."""
    states = _states(pod)
    return len(states) == len(pod["spec"]["containers"]) and not any("waiting" in state for state in states)


def cannot_start(pod: Seen) -> str:
    """What stands in the way of a container that was to run beside the step and will not; '' when nothing does."""
    over = _state(pod, PROGRAM).get("terminated", {})
    if over.get("reason") not in _NEVER_STARTED:
        return ""
    return f"Pod {pod['metadata']['name']} could not start the container of the step's image, which needs /bin/sh: {over.get('message', over['reason'])}"


def out_of_memory(pod: Seen) -> bool:
    """True when the kernel killed what ran beside the step."""
    return bool(_state(pod, PROGRAM).get("terminated", {}).get("reason") == "OOMKilled")


def message(pod: Seen) -> str:
    """What its container left as its last words."""
    return str(_state(pod).get("terminated", {}).get("message", ""))


def what_it_waits_for(pod: Seen) -> tuple[str, bool, bool]:
    """Why a pending pod does not run: (in words, it has a node, waiting can help); ('', …) when all is well."""
    for state in _states(pod):
        waiting = state.get("waiting", {})
        reason = waiting.get("reason", "")
        if reason and reason not in ("ContainerCreating", "PodInitializing"):
            return f"{reason}: {waiting.get('message', '')}".rstrip(": "), True, reason not in _NEVER_STARTS
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"{condition.get('reason', '')}: {condition.get('message', '')}".strip(": "), False, True
    return "", bool(pod.get("spec", {}).get("nodeName")), True


def how_it_ended(pod: Seen, asked: Resources) -> str:
    """Why a pod ended without a word of the attempt's."""
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    over = _state(pod).get("terminated", {})
    if over.get("reason") == "OOMKilled":
        return f"It ran out of memory: Kubernetes killed pod {name} (OOMKilled).{asked_for(asked)}"
    if over.get("reason") in _NEVER_STARTED:
        return f"Pod {name} could not start its container: {over.get('message', over['reason'])}"
    words = [_disruption(pod), f"{status.get('reason', '')} {status.get('message', '')}".strip()]
    if over:
        words += [f"exit code {over.get('exitCode')} ({over.get('reason', '')})", over.get("message", "")[-1000:]]
    said = "; ".join(word for word in words if word) or f"it is {status.get('phase', 'gone')}"
    return f"Pod {name} on node {pod.get('spec', {}).get('nodeName', '?')} ended without an outcome: {said}"


def how_it_went_away(pod: Seen) -> str:
    """Why a pod that had not ended is being deleted."""
    status = pod.get("status", {})
    said = _disruption(pod) or status.get("reason", "") or "somebody or something deleted it"
    return f"Pod {pod['metadata']['name']} on node {pod.get('spec', {}).get('nodeName', '?')} went away: {said}"


def how_the_job_ended(job: Seen) -> tuple[str, str]:
    """(reason, in words) of a Job that has failed or is complete; ('', '') while it goes on."""
    for condition in job.get("status", {}).get("conditions", ()):
        if condition["type"] in ("Failed", "Complete") and condition["status"] == "True":
            reason = condition.get("reason", condition["type"])
            return reason, f"{reason}: {condition.get('message', '')}".rstrip(": ")
    return "", ""


def _disruption(pod: Seen) -> str:
    """Evicted, preempted, its node lost: what Kubernetes says it does to the pod."""
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return f"{condition.get('reason', '')}: {condition.get('message', '')}".rstrip(": ")
    return ""


def _states(pod: Seen) -> list[Seen]:
    return [one.get("state", {}) for one in pod.get("status", {}).get("containerStatuses", ())]


def _state(pod: Seen, container: str = CONTAINER) -> Seen:
    for one in pod.get("status", {}).get("containerStatuses", ()):
        if one["name"] == container:
            state: Seen = one.get("state", {})
            return state
    return {}
