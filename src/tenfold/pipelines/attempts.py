"""What is written down of a place's attempts, and whether and when it is tried again."""

from __future__ import annotations

from typing import Any

from tenfold.pipelines.places import Place
from tenfold.pipelines.work import Done


def failures(place: Place) -> int:
    """Attempts that failed by themselves: those whose scheduler died are not counted."""
    return sum(one["state"] != "unattended" for one in place.task.outcome.get("attempts", ()))


def may_retry(place: Place, done: Done) -> bool:
    """True when an attempt that ended so is followed by another."""
    return done.state in ("failed", "lost", "timeout") and failures(place) < place.spec.retries


def wait_ms(place: Place) -> int:
    """How long to wait before the attempt that follows the one that failed just now."""
    return int(place.spec.retry_delay_s * 2 ** failures(place) * 1000)


def with_attempt(place: Place, done: Done, at_ms: int, *, state: str = "") -> dict[str, Any]:
    attempt = {
        "attempt": place.task.attempt,
        "state": state or done.state,
        "error": error_of(place, done).partition("\n")[0],
        "at_ms": at_ms,
        "seconds": round(done.seconds, 6),
    }
    return {**place.task.outcome, "attempts": [*place.task.outcome.get("attempts", ()), attempt]}


def error_of(place: Place, done: Done) -> str:
    if done.state == "timeout":
        return f"It took longer than {place.spec.timeout_s:g} s and was ended with everything it had started"
    return done.error
