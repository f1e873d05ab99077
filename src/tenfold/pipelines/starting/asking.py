"""Runs of pipelines that somebody asks for, without a schedule: stored as 'created', for a process to begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.base import ids
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.pipelines.starting.filling import refuse_deep
from tenfold.records import Run

KEPT = ("target", "definition", "executor", "max_parallel")
"""What a run is begun by, of another's result."""


def ask_again(
    stores: Stores, run: Run, params: Mapping[str, Any], *, why: str = "", who: str = "", clock: Clock = now_ms
) -> Run:
    """Store a run of the same pipeline with these params in place of the other's; `resume` begins it.

    Raises:
        Invalid: A param that neither the run nor its pipeline has; a run that does not say which file its pipeline is in.
    """
    refuse_deep(params)
    newest = stores.versions.find("pipeline", run.name)
    declared = newest.metadata.get("params", {}).get("properties", {}) if newest is not None else {}
    known = {**run.params, **declared}
    if unknown := sorted(params.keys() - known.keys()):
        there = ", ".join(known) or "none"
        raise Invalid(f"Pipeline {run.name!r} has no param {unknown[0]!r}. There are: {there}", field="params")
    result = {name: run.result[name] for name in KEPT if run.result.get(name)}
    if not {"target", "definition"} & result.keys():
        raise Invalid(
            f"Run {run.id} does not say which file its pipeline is in. Run it with: tenfold run file.py:{run.name}",
            field="run_id",
        )
    now, id_ = clock(), ids.new_id()
    made = Run(
        id=id_, project=run.project, kind="pipeline", name=run.name, root_id=id_, user=who, created_at_ms=now,
        heartbeat_at_ms=now, params={**run.params, **params}, result=result,
        tags={"trigger": why or "by hand", "again": run.id},
    )  # fmt: skip
    stores.runs.create([made])
    return made
