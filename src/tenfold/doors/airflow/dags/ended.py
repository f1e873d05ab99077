"""What became of a run's other tasks: their states and XComs, from the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.doors.airflow.dags.rules import State
from tenfold.doors.airflow.dags.xcom_args import NOTHING, RETURN_VALUE
from tenfold.pipelines.authoring.templates import make, value_template
from tenfold.pipelines.ids import derived_id
from tenfold.pipelines.ids import task_id as id_of
from tenfold.pipelines.values import keep, value_of
from tenfold.records import Draft, Edge
from tenfold.records import Task as Row

if TYPE_CHECKING:
    from tenfold.doors.airflow.dags.operators import Task

PUSHED = "xcom"
"""Output that has what a task pushed besides its return value."""


class Ended:
    """The tasks of one run of a DAG, read when asked for."""

    def __init__(self, stores: Stores, root_id: str, run_id: str, scratch: Path) -> None:
        self._stores, self._root_id, self._run_id, self._scratch = stores, root_id, run_id, scratch
        self._rows: dict[str, Row] = {}
        self._values: dict[tuple[str, str], Any] = {}

    def states(self, task: Task, *, like: Task, index: int) -> list[State]:
        """How a task ended, each of its items; of one in the same group that expands, only the item of this round."""
        if index >= 0 and shares_rounds(task, like):
            return [self._state(f"{task.task_id}[{index}]")]
        return [self._state(key) for key in self._keys(task.task_id)]

    def _state(self, key: str) -> State:
        row = self._row(key)
        if row.state in ("waiting", "ready", "running"):
            return "running"
        if row.state in ("finished", "cached"):
            return "success"
        if row.state != "skipped":
            return "failed"
        return "skipped" if row.outcome.get("by_choice") else "upstream_failed"

    def _keys(self, name: str) -> list[str]:
        row = self._row(name)
        if "items" in row.outcome:
            return [f"{name}[{index}]" for index in range(row.outcome["items"])]
        return [name]

    def xcoms(self, name: str, key: str) -> list[Any]:
        """What a task, or each of its items that did, left under a key."""
        found = [self._xcom(one, key) for one in self._keys(name)]
        return [value for value in found if value is not NOTHING]

    def xcom(self, name: str, key: str, index: int) -> Any:
        """What a task (-1) or one item of it left under a key; NOTHING without."""
        keys = self._keys(name)
        wanted = name if index < 0 else f"{name}[{index}]"
        return self._xcom(wanted, key) if wanted in keys else NOTHING

    def for_argument(self, task: Task, key: str, *, like: Task, index: int, default: Any) -> Any:
        """What a task left, for one that takes it: of one that expands, a list, but within their group only one item's."""
        if task.expansion is None and (task.group is None or task.group.mapped is None):
            return self.xcom(task.task_id, key, -1)
        if index >= 0 and shares_rounds(task, like):
            return self.xcom(task.task_id, key, index)
        return self.xcoms(task.task_id, key)

    def _xcom(self, place: str, key: str) -> Any:
        output = RETURN_VALUE if key == RETURN_VALUE else PUSHED
        value = self._output(place, output)
        if output == PUSHED:
            return NOTHING if value is None else value.get(key, NOTHING)
        return NOTHING if value is None else value

    def _output(self, place: str, output: str) -> Any:
        if (place, output) not in self._values:
            id_ = self._row(place).outcome.get("outputs", {}).get(output)
            if id_ is None:
                self._values[place, output] = (
                    left(self._stores, self._row(place), self._scratch) if output == PUSHED else None
                )
            else:
                self._values[place, output] = self._loaded(id_, place, output)
        return self._values[place, output]

    def _loaded(self, id_: str, place: str, output: str) -> Any:
        version = self._stores.versions.get([id_])[0]
        value = value_of(version, lambda: self._stores.blobs)
        edge = Edge(run_id=self._run_id, version_id=id_, direction="used", role=f"{place}.{output}", at_ms=now_ms())
        if output == RETURN_VALUE:
            self._stores.lineage.add([edge])
        return make(value_template(value), lambda: self._stores.blobs, self._scratch)

    def _row(self, key: str) -> Row:
        if key not in self._rows:
            self._rows[key] = self._stores.tasks.get(id_of(self._root_id, key))
        return self._rows[key]


def leave(stores: Stores, row: Row, pushed: dict[str, Any]) -> None:
    """Keep what a task had pushed when it failed or was skipped. `row`: as it runs."""
    kept = keep(pushed, lambda: stores.blobs, what=f"What task {row.key!r} pushed")
    draft = Draft(
        id=_left_id(row), kind="output", name=f"{row.key}.{PUSHED}", digest=kept.digest, size_bytes=kept.size_bytes,
        files=kept.files, inline=kept.inline, type=kept.type, metadata=kept.metadata, run_id=row.id, role=PUSHED,
        created_at_ms=now_ms(),
    )  # fmt: skip
    stores.versions.publish([draft])


def left(stores: Stores, row: Row, scratch: Path) -> dict[str, Any] | None:
    """What a task had pushed in its last attempt, which failed or was skipped; None for nothing."""
    if row.state not in ("failed", "skipped"):
        return None
    found = [one for one in stores.versions.search("output", run_id=row.id) if one.id == _left_id(row)]
    if not found:
        return None
    value = value_of(found[0], lambda: stores.blobs)
    made: dict[str, Any] = make(value_template(value), lambda: stores.blobs, scratch)
    return made


def _left_id(row: Row) -> str:
    return derived_id(row.id, "left", str(row.attempt), str(row.outcome.get("cleared", 0)))


def shares_rounds(task: Task, other: Task) -> bool:
    """Both stand in one group that expands."""
    mapped = task.group.mapped if task.group else None
    return mapped is not None and other.group is not None and other.group.mapped is mapped


def before(task: Task) -> Iterator[Task]:
    """The tasks directly before one."""
    yield from (task.dag.task_dict[name] for name in sorted(task.upstream_task_ids))
