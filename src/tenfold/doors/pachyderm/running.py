"""Running a spec now, and letting it follow its inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tenfold.base import ids
from tenfold.base.addresses import parse
from tenfold.doors.pachyderm.spec import Spec
from tenfold.pipelines.datums.ticks import add_tick, tick
from tenfold.pipelines.starting.calendar import is_cron
from tenfold.workspace.engines import pipeline_host
from tenfold.workspace.scheduling import schedule, trigger
from tenfold.workspace.workspace import Workspace


def run(
    workspace: Workspace, spec: Spec, *, project: str | None = None, on_event: Any = None, raises: bool = True
) -> Any:
    """Run the pipeline of a spec to its end over what its inputs are now; a cron input ticks once. Gives the run."""
    host = pipeline_host(workspace, project=project)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for one in spec.ticks:
        add_tick(workspace.stores, one.dataset, now, overwrite=one.overwrite, id=ids.new_id())
    host = replace(host, tags={**host.tags, **spec.tags}, workers=spec.workers or host.workers)
    return spec.pipeline.with_options(host=host, on_event=on_event, raises=raises).run()


def follow(workspace: Workspace, spec: Spec, *, project: str | None = None) -> list[str]:
    """Save the schedules that start the pipeline when its inputs move, and that make its ticks; gives their names.

    What its inputs hold already is run over at once, as in Pachyderm, unless a trigger says how much must move first.
    """
    names = []
    for one in spec.ticks:
        every = "" if is_cron(one.spec) else one.spec
        params = {"dataset": one.dataset, "at": "{due:%Y-%m-%dT%H:%M:%SZ}", "overwrite": one.overwrite}
        schedule(
            workspace, one.dataset, tick, cron="" if every else one.spec, every=every, params=params,
            starts_at_ms=one.starts_at_ms, catch_up=one.starts_at_ms is not None, project=project,
        )  # fmt: skip
        names.append(one.dataset)
    wanted = spec.triggers[0] if spec.triggers else None
    schedule(
        workspace, spec.pipeline.name, spec.pipeline, project=project,
        grown_bytes=wanted.size_bytes if wanted else 0, commits=wanted.commits if wanted else 0,
        rest=wanted.rest if wanted else "",
        any_threshold=wanted is not None and not wanted.all,
    )  # fmt: skip
    refs = [parse(address) for address in spec.pipeline.reads]
    if wanted is None and all(workspace.stores.refs.find("data", ref.name, ref.ref or "main") for ref in refs):
        trigger(workspace.stores, spec.pipeline.name, why="followed: what is there already")
    return [*names, spec.pipeline.name]
