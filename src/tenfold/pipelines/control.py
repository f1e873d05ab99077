"""Run a pipeline, go on with a run, cancel one, list what has run."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import iso, now_ms
from tenfold.base.errors import Invalid, StepFailed, TenfoldError
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.addresses import fix_addresses
from tenfold.pipelines.authoring.building import Graph
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.executor_names import ENGINES
from tenfold.pipelines.authoring.loading import refuse_while_importing, target_of
from tenfold.pipelines.authoring.params import shown
from tenfold.pipelines.authoring.templates import exact_versions, template
from tenfold.pipelines.choosing import Runner, runner_for
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.cancelling import cancel_places
from tenfold.pipelines.driving.limits import MAX_PARALLEL
from tenfold.pipelines.driving.owners import is_dead
from tenfold.pipelines.driving.places import GOOD
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.driving.scheduler import Scheduler
from tenfold.pipelines.driving.specs import publish, specs_of
from tenfold.pipelines.driving.turns import has_turn, wait_for_turn
from tenfold.pipelines.host import Host, current_host
from tenfold.pipelines.notices.notifiers import TAG
from tenfold.pipelines.notices.telling import tell_end
from tenfold.pipelines.runs import PipelineRun
from tenfold.pipelines.starting.beginning import as_prepared, begin, claim, error_line
from tenfold.pipelines.values import encode
from tenfold.pipelines.work import Spec, Target
from tenfold.records import Edge, Run, RunChange, RunState, Version

ENGINE = "engine"
"""Key of the result of a run whose steps another engine starts one by one, see single.py."""
SILENT_MS = 60_000
"""A run without a running step is taken for abandoned when its scheduler was silent for so long."""


def run_pipeline(pipeline: Pipeline[..., Any], params: dict[str, Any], *, prepared: Run | None = None) -> PipelineRun:
    """Run a pipeline with these params (all of them, see `Pipeline.bind`) to its end; see `Pipeline.run`.

    Args:
        prepared: The run, stored already, that this is to be. When it is not free to begin, it is given back as it is.
    """
    refuse_while_importing()
    host = pipeline.effective_host()
    stores = host.stores
    fixed = fix_addresses(stores, params)
    graph = pipeline.build(fixed)
    specs = specs_of(stores, pipeline.name, graph)
    published = publish(stores, pipeline.name, graph, specs, params=pipeline.schema)
    target = target_of(pipeline.function.__module__, pipeline.function.__qualname__)
    root = new_root(pipeline, host, fixed, graph, published, target)
    if prepared is not None:
        root = as_prepared(root, prepared)
    runner = runner_for(host, target, graph, specs, executor=pipeline.executor)  # what cannot run is not claimed
    if pipeline.max_active:
        root = wait_for_turn(stores, root, pipeline.max_active)
        while not claim(stores, root):
            if stores.runs.get([root.id])[0].state != "created" or has_turn(stores, root):
                return PipelineRun(root.id, host)  # begun elsewhere, cancelled, or held by its schedule
            wait_for_turn(stores, root, pipeline.max_active)
    elif prepared is not None and not claim(stores, root):
        return PipelineRun(root.id, host)
    with runner:
        try:
            board = _set_up(stores, root, pipeline.name, specs, published, runner)
        except Exception as error:  # the edge: the run is claimed, and nobody else will end it
            end_root(stores, root.id, "failed", error=error_line(error))
            raise
        scheduler = Scheduler(board, runner.start, folder=host.folder, fresh=True, on_event=pipeline.on_event)
        return _drive(scheduler, host, root, raises=pipeline.raises)


def _set_up(stores: Stores, root: Run, name: str, specs: dict[str, Spec], published: Version, runner: Runner) -> Board:
    """The board of a new run, with its tasks written down."""
    board = Board(stores, root, name)
    for key, spec in specs.items():
        board.add(key, spec)
    board.settle()
    tasks = [place.task for place in board.places.values()]
    runs = [root, *board.added.values()]
    board.added = {}
    if any(place.state == "ready" for place in board.places.values()):
        runner.start()  # its processes import the user's module while the tasks are written down
    stores.tasks.add(tasks, runs)
    add_root_edges(stores, root, specs, published)
    return board


def resume(
    root_id: str,
    *,
    host: Host | None = None,
    pipeline: Pipeline[..., Any] | None = None,
    executor: str | None = None,
    on_event: OnEvent | None = None,
    raises: bool = True,
) -> PipelineRun:
    """Go on with a pipeline run that failed, was killed, or whose process died. Finished steps are not run again.

    The others run with the code as it is now. A run that is finished is given back as it is.

    Args:
        pipeline: Needed only when its steps cannot be found by module and name (they are defined inside a function).

    Raises:
        RunNotFound, StepFailed.
        Invalid: It is no pipeline run.
    """
    host = host or (pipeline.effective_host() if pipeline is not None else current_host())
    stores = host.stores
    root = stores.runs.get([root_id])[0]
    if root.kind != "pipeline":
        raise Invalid(f"run:{root_id} is a {root.kind} run, not a pipeline's. Name one of: tenfold pipelines list")
    if root.state == "finished":
        return PipelineRun(root_id, host)
    if not stores.tasks.of_root(root_id):
        return begin(root, host, on_event=on_event, executor=executor, raises=raises)
    target = msgspec.convert(root.result["target"], Target) if root.result.get("target") else None
    board = Board(stores, root, root.name)
    board.load()
    graph = pipeline.build(fix_addresses(stores, root_params(root, pipeline))) if pipeline is not None else None
    executor = executor or root.result.get("executor")
    runner = runner_for(host, target, graph, {key: p.spec for key, p in board.places.items()}, executor=executor)
    with runner:
        reopen(board, runner.code_of)
        now = now_ms()
        stores.runs.transition(root_id, "running", expect=["created", "failed", "killed", "lost"], at_ms=now)
        scheduler = Scheduler(board, runner.start, folder=host.folder, on_event=on_event)
        scheduler.flush()
        board.load()
        return _drive(scheduler, host, root, raises=raises)


def root_params(root: Run, pipeline: Pipeline[..., Any]) -> dict[str, Any]:
    """The params of a run as the pipeline's body takes them."""
    return {name: root.params.get(name) for name in pipeline.signature.parameters}


def reopen(board: Board, code_of: Callable[[Spec], str]) -> None:
    """Let every place that did not end well wait again, with the digest of its code as it is now."""
    for place in list(board.places.values()):
        if place.state in GOOD:
            continue
        spec = msgspec.structs.replace(place.spec, code=code_of(place.spec))
        if place.task.state == "running" or place.fanned_out:
            board.respecify(place, spec)
        else:
            board.reopen(place, spec)


def cancel(root_id: str, *, host: Host | None = None) -> int:
    """Stop a pipeline run: its running steps are ended, within seconds, with every process they started.

    Gives the number of steps that had not ended. `resume` can go on with it later.
    """
    stores = (host or current_host()).stores
    root = stores.runs.get([root_id])[0]
    now = now_ms()
    count = cancel_places(stores, root.id, at_ms=now)
    change = RunChange(error=f"Cancelled at {iso(now)}")
    stores.runs.transition(root.id, "killed", expect=["created", "running", "lost"], at_ms=now, change=change)
    return count


def abandoned(stores: Stores) -> list[str]:
    """Pipeline runs that nobody drives any more, oldest first: `resume` them. Their scheduler died, or is silent."""
    now = now_ms()
    found = []
    for root_id in stores.tasks.open_roots():
        if stores.runs.get([root_id])[0].result.get(ENGINE):  # another engine starts its steps, in its own time
            continue
        running = [task for task in stores.tasks.of_root(root_id) if task.state == "running" and task.lease_owner]
        if running:
            left = all((t.lease_until_ms or 0) <= now or is_dead(t.lease_owner or "") for t in running)
        else:
            root = stores.runs.get([root_id])[0]
            left = now - (root.heartbeat_at_ms or root.created_at_ms) > SILENT_MS
        if left:
            found.append(root_id)
    return found


def registered(stores: Stores) -> list[Version]:
    """The newest version of each pipeline that has run in this store, sorted by name: its graph and code."""
    found = [stores.versions.find("pipeline", name) for _, name, _, _ in stores.versions.names("pipeline")]
    return [version for version in found if version is not None]


def _drive(scheduler: Scheduler, host: Host, root: Run, *, raises: bool) -> PipelineRun:
    stores, board = host.stores, scheduler.board
    try:
        scheduler.drive()
    except KeyboardInterrupt:
        end_root(stores, root.id, "killed", error="Stopped by Ctrl-C")
        raise
    except Exception as error:  # the edge: whatever broke the scheduler is the run's error too
        end_root(stores, root.id, "failed", error=error_line(error))
        raise
    said = end_by(board)
    if board.trouble and raises:
        raise StepFailed(
            f"{said}. Pipeline run {root.id}: see tenfold pipelines show {root.id}, "
            f"go on with tenfold pipelines resume {root.id}"
        )
    return PipelineRun(root.id, host)


def end_by(board: Board) -> str:
    """End the run of a board as its places ended. Gives what went wrong, in a line; '' when nothing did."""
    bad = board.trouble
    cancelled = any(place.state == "cancelled" for place in bad)
    failed = [place for place in bad if place.state == "failed" and not place.spec.mapped] or bad
    said = ""
    if bad:
        first = failed[0]
        said = first.task.outcome.get("error", "").partition("\n")[0]
        said = "Cancelled" if cancelled else f"Step {first.key!r} failed: {said}"
    end_root(board.stores, board.root.id, "killed" if cancelled else "failed" if bad else "finished", error=said)
    return said


def end_root(stores: Stores, root_id: str, to: RunState, *, error: str) -> None:
    """End a pipeline's run, and tell who wants to be told."""
    change = RunChange(error=error) if error else None
    try:
        stores.runs.transition(root_id, to, expect=["created", "running", "lost"], at_ms=now_ms(), change=change)
    except TenfoldError:
        if to == "finished":
            raise
    tell_end(stores, root_id)


def new_root(
    pipeline: Pipeline[..., Any],
    host: Host,
    params: dict[str, Any],
    graph: Graph,
    published: Version,
    target: Target | None,
) -> Run:
    """The record of a pipeline run that begins now."""
    now, id_ = now_ms(), ids.new_id()
    returns = template(graph.returned, lambda: host.stores.blobs, what="What the pipeline returns")
    return Run(
        id=id_,
        project=host.project,
        kind="pipeline",
        name=pipeline.name,
        state="running",
        root_id=id_,
        user=host.user,
        host=socket.gethostname(),
        created_at_ms=now,
        started_at_ms=now,
        heartbeat_at_ms=now,
        params={name: encode(value, shown) for name, value in params.items()},
        tags={**host.tags, **({TAG: ",".join(pipeline.notify)} if pipeline.notify else {})},
        result={
            "pipeline": published.address,
            "returns": returns,
            "target": msgspec.to_builtins(target) if target else None,
            **({"executor": pipeline.executor} if pipeline.executor in ENGINES else {}),
            **({MAX_PARALLEL: pipeline.max_parallel} if pipeline.max_parallel else {}),
        },
    )


def add_root_edges(stores: Stores, root: Run, specs: dict[str, Spec], published: Version) -> None:
    """Note what a pipeline run uses: its definition, and the versions among its params."""
    used = {published.id: "pipeline"}
    for spec in specs.values():
        for name, given in spec.arguments.items():
            used |= {id_: name for id_ in exact_versions(given) if id_ not in used}
    stores.lineage.add(
        [
            Edge(run_id=root.id, version_id=id_, direction="used", role=role, at_ms=root.created_at_ms)
            for id_, role in used.items()
        ]
    )
