"""What a run of a flow left: its tasks and their artifacts."""

from __future__ import annotations

from typing import Any, NamedTuple

from tenfold.base.errors import NotFound
from tenfold.doors.metaflow.exceptions import MetaflowExceptionWrapper
from tenfold.pipelines import PipelineRun

TAG = "metaflow"
"""Of a flow's run: the file of the flow."""


class TaskLeft(NamedTuple):
    """A task that ended well."""

    step: str
    key: str
    """The place in the pipeline: "train", "train[2]"."""
    run_id: str
    stack: tuple[int, ...]
    """Positions of the foreach items around it, the outermost first."""
    artifacts: dict[str, Any]


def artifacts(run: PipelineRun, step: str | None = None, *, allow_pickle: bool = False) -> list[TaskLeft]:
    """What each task that ended well left, in the graph's order; parameters and constants are not among it.

    Args:
        step: Only of this step.
        allow_pickle: Load also what was kept as a pickle, which runs code of whoever could write to the store.

    Raises:
        Forbidden: An artifact was kept as a pickle, and that is not allowed.
        NotFound: The run has no such step.
    """
    found, steps = [], run.steps
    names = {one.step for one in steps.values() if is_task(one.step)}
    if step is not None and step not in names:
        raise NotFound(f"Run {run.id} has no step {step!r}. It has: {', '.join(sorted(names))}")
    for key, one in steps.items():
        if is_task(one.step) and step in (None, one.step) and one.state == "finished" and one.items is None:
            token = run.output(key, "task", allow_pickle=allow_pickle)
            stack = tuple(level[0] for level in token["stack"])
            found.append(TaskLeft(one.step, key, one.run_id, stack, token["artifacts"]))
    return found


def is_task(step: str) -> bool:
    """Whether a step of the pipeline is one of the flow, and not one of ours between."""
    return "-" not in step


def shown(value: Any) -> str:
    """An artifact in a line."""
    text = f"{value.type}: {value.exception}" if isinstance(value, MetaflowExceptionWrapper) else repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
