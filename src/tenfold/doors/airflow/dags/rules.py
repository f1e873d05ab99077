"""Trigger rules: whether a task runs, by how those before it ended. As of Airflow 3's TriggerRuleDep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

from tenfold.base.errors import Invalid
from tenfold.pipelines.work import Early

State = Literal["success", "failed", "upstream_failed", "skipped", "running"]
ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"


class TriggerRule(StrEnum):
    """Airflow's."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_SKIPPED = "none_skipped"
    ALWAYS = "always"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    ALL_SKIPPED = "all_skipped"


def rule_named(given: Any, task_id: str) -> str:
    """The rule's name. Raises Invalid for one there is not."""
    name = str(given.value if isinstance(given, TriggerRule) else given)
    if name not in set(TriggerRule):
        raise Invalid(f"Task {task_id!r}: there is no trigger_rule {name!r}. Take one of {', '.join(TriggerRule)}")
    return name


EARLY: dict[str, Early] = {"one_success": "finished", "one_failed": "failed", "one_done": "ended"}
"""By rule: how one of those before it must have ended for the task not to wait for the others."""


def kept_from_running(
    rule: str, states: Sequence[State], setups: Sequence[State] = ()
) -> Literal["skipped", "upstream_failed"] | None:
    """What a task becomes that its rule keeps from running; None when it runs.

    Args:
        states: Of all that stand directly before it and have ended, each item of those that expand.
        setups: Of those among them that are setups.

    >>> kept_from_running("all_success", ["success", "skipped"])
    'skipped'
    """
    if not states:
        return None
    counts = Counter(states)
    success, skipped, total = counts["success"], counts["skipped"], len(states)
    failed = counts["failed"] + counts["upstream_failed"]
    none_failed = "upstream_failed" if failed else None
    verdicts: dict[str, Any] = {
        "all_success": none_failed or ("skipped" if skipped else None),
        "all_failed": "skipped" if success or skipped else None,
        "all_done": None,
        "always": None,
        "one_success": "skipped" if skipped == total else None if success else "upstream_failed",
        "one_failed": None if failed else "skipped",
        "one_done": None if counts["failed"] or success else "skipped",
        "none_failed": none_failed,
        "none_failed_min_one_success": none_failed or (None if success else "skipped"),
        "none_skipped": "skipped" if skipped else None,
        "all_skipped": "skipped" if success or failed else None,
        "all_done_min_one_success": "skipped" if skipped else None if success else "upstream_failed",
        ALL_DONE_SETUP_SUCCESS: _after_setups(setups),
    }
    verdict: Literal["skipped", "upstream_failed"] | None = verdicts[rule]
    return verdict


def _after_setups(setups: Sequence[State]) -> str | None:
    if not setups or "success" in setups:
        return None
    return "skipped" if all(one == "skipped" for one in setups) else "upstream_failed"
