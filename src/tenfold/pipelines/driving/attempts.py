"""What is written down of a place's attempts, and whether and when it is tried again."""

from __future__ import annotations

from typing import Any

from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.driving.growth import grown, shown
from tenfold.pipelines.driving.places import Place
from tenfold.pipelines.driving.retrying import delay_s, error_names, is_worth_it
from tenfold.pipelines.work import Done


def failures(place: Place) -> int:
    """Attempts that failed by themselves since the run was begun or resumed: those whose scheduler died do not count."""
    known = place.task.outcome.get("attempts", ())
    return sum(one["state"] != "unattended" for one in known[place.task.outcome.get("tries_from", 0) :])


def may_retry(place: Place, done: Done) -> bool:
    """True when an attempt that ended so is followed by another."""
    if done.state not in ("failed", "lost", "timeout") or failures(place) >= place.spec.retries:
        return False
    return is_worth_it(place.spec.backoff, error_names(TimeoutError()) if done.state == "timeout" else done.error_kinds)


def wait_ms(place: Place) -> int:
    """How long to wait before the attempt that follows the one that failed just now."""
    spec = place.spec
    return int(delay_s(spec.backoff, spec.retry_delay_s, failures(place), seed=place.task.id) * 1000)


def resources_now(place: Place) -> Resources:
    """What the attempt that comes, or runs, asks for."""
    return grown(place.spec.resources, place.spec.growth, failures(place))


def with_attempt(place: Place, done: Done, at_ms: int, *, state: str = "") -> dict[str, Any]:
    attempt = {
        "attempt": place.task.attempt,
        "state": state or done.state,
        "error": error_of(place, done).partition("\n")[0],
        "at_ms": at_ms,
        "seconds": round(done.seconds, 6),
    }
    if asked := shown(resources_now(place)):
        attempt["resources"] = asked
    return {**place.task.outcome, "attempts": [*place.task.outcome.get("attempts", ()), attempt]}


def error_of(place: Place, done: Done) -> str:
    if done.state == "timeout":
        return f"It took longer than {place.spec.timeout_s:g} s and was ended with everything it had started"
    return done.error
