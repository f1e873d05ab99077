"""Why a step ran instead of being found in the cache: its key compared, part by part, with the run before."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tenfold.contracts import Stores
from tenfold.pipelines.caching.keys import KeyParts
from tenfold.records import And, Compare, Run, RunQuery, Task

LOOKED_AT = 5
"""Earlier runs of the pipeline in which a step is looked for."""


class Comparison:
    """Compares tasks with the newest earlier task of the same key."""

    def __init__(self, earlier: Mapping[str, Task]) -> None:
        self._earlier = earlier

    def reasons(self, task: Task) -> list[str]:
        """Why this task's step ran, most telling first; empty when it was cached or its key is not known yet."""
        if task.state == "cached" or "parts" not in task.outcome:
            return []
        before = self._earlier.get(task.key)
        if task.payload.get("cache") is False:
            return ["its cache is off"]
        return differences(_parts(task), None if before is None else _parts(before), before)

    def reasons_of(self, key: str, parts: KeyParts) -> list[str]:
        """Why the step at this place would run now."""
        before = self._earlier.get(key)
        return differences(parts, None if before is None else _parts(before), before)


def _parts(task: Task) -> KeyParts:
    return msgspec.convert(task.outcome["parts"], KeyParts)


def differences(now: KeyParts, before: KeyParts | None, task_before: Task | None = None) -> list[str]:
    """What changed between two keys, in words."""
    if before is None:
        return ["first run"]
    found = ["code changed"] if now.code != before.code else []
    for what, new, old in (("input", now.inputs, before.inputs), ("param", now.params, before.params)):
        found += [f"{what} {name} changed" for name in new if new[name] != old.get(name) and name in old]
        found += [
            f"{what} {name} is new"
            for name in new
            if name not in old and name not in {**before.inputs, **before.params}
        ]
        found += [f"{what} {name} is gone" for name in old if name not in {**now.inputs, **now.params}]
    changed = [name for name, version in now.environment.items() if before.environment.get(name) != version]
    if changed or before.environment.keys() - now.environment.keys():
        found.append(f"environment changed: {', '.join(changed) or 'fewer packages declared'}")
    if not found:
        ended_well = task_before is not None and task_before.state in ("finished", "cached")
        found = ["its stored output is gone or damaged" if ended_well else "it did not finish the last time"]
    return found


def earlier_tasks(stores: Stores, root: Run) -> dict[str, Task]:
    """The newest task with a known key for each place, from the runs of this pipeline before `root`."""
    query = RunQuery(
        projects=[root.project],
        kinds=["pipeline"],
        where=And([Compare("name", "=", root.name), Compare("created_at_ms", "<=", root.created_at_ms)]),
        limit=LOOKED_AT + 1,
        count=False,
    )
    found: dict[str, Task] = {}
    for run in stores.runs.search(query).items:
        if run.id < root.id:
            for task in stores.tasks.of_root(run.id):
                if "parts" in task.outcome:
                    found.setdefault(task.key, task)
            if found:
                break  # the run before is what one compares with
    return found


def why_ran(stores: Stores, run_id: str) -> dict[str, list[str]]:
    """Why each step of a pipeline run was run, by key; an empty list for one found in the cache.

    Given a step's run, only that step. Raises RunNotFound.
    """
    run = stores.runs.get([run_id])[0]
    root = run if run.root_id in (None, run.id) else stores.runs.get([run.root_id or run.id])[0]
    compare = Comparison(earlier_tasks(stores, root))
    tasks = [t for t in stores.tasks.of_root(root.id) if run.id in (root.id, t.id) and not t.payload.get("mapped")]
    return {task.key: compare.reasons(task) or _not_run(task) for task in tasks}


def _not_run(task: Task) -> list[str]:
    return [str(task.outcome["because"])] if "because" in task.outcome else []
