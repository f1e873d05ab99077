"""`metaflow.current`: what a task may know of itself."""

from __future__ import annotations

from typing import Any, NamedTuple


class Parallel(NamedTuple):
    """`current.parallel` of a task of a step with @parallel."""

    main_ip: str
    num_nodes: int
    node_index: int
    control_task_id: str | None


class Current:
    """Empty outside of a task. What it holds inside of one: see `tasks.py`."""

    is_running_flow = False

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"current.{name} is not known here. There are: {', '.join(sorted(vars(self))) or 'none'}")

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default."""
        return getattr(self, name, default)


current = Current()
