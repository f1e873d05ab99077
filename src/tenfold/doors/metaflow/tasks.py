"""One task of a flow, as a step of a pipeline."""

from __future__ import annotations

import signal
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.user import user_name
from tenfold.doors.metaflow.current import Parallel, current
from tenfold.doors.metaflow.exceptions import FailureHandledByCatch, TimeoutException, wrapped
from tenfold.doors.metaflow.flow import NODES, FlowSpec, Inputs, artifacts_of, new_task
from tenfold.doors.metaflow.graph import Graph, Node, read_graph
from tenfold.doors.metaflow.stand_in import load_flow, standing_in
from tenfold.pipelines import step
from tenfold.pipelines.host import at_hand
from tenfold.pipelines.values import encode
from tenfold.pipelines.values.codecs import codec_for

Token = dict[str, Any]
"""What a task leaves: "step", "stack" (of each foreach around: position, number of items, attribute), "goes" (of a switch:
where to), "count" (of items it spreads over) and "artifacts" by name."""
Launch = dict[str, Any]
"""How the flow was started: "file", "configs" (texts), "params" by attribute, "with" (decorators), "tags", "allow_pickle",
"max_splits", "workers"."""


@step(outputs=("task", "splits", "goes"), cache=False)
def run_task(launch: Launch, step_name: str, came: Any = None, cell: Any = None) -> tuple[Token, list[int], str]:
    """Run a step of a flow; gives what it leaves, the positions of the items it spreads over, and where a switch goes.

    A switch that goes back to its own step runs it again, here.

    Args:
        came: What the step before it left; of a join, the list of these; of a foreach inside a foreach, also.
        cell: Position of the foreach's item, or [which of `came`, position].
    """
    flow = load_flow(launch["file"], launch["configs"])
    graph = read_graph(flow, launch["with"])
    node = graph[step_name]
    while True:
        task, inputs = _made(flow, graph, node, launch, came, cell)
        _run(task, inputs, node, launch)
        state = vars(task)
        items, goes = state.get("_items") or [], state.get("_goes") or ""
        token = {"step": step_name, "stack": state["_stack"], "goes": goes, "count": len(items)}
        token["artifacts"] = artifacts_of(task)
        if goes != step_name:
            break
        came, cell = token, None
    _check_width(node, items, launch)
    if not launch["allow_pickle"]:
        _check_formats(task, step_name)
    return token, list(range(len(items))), goes


def _run(task: FlowSpec, inputs: Inputs | None, node: Node, launch: Launch) -> None:
    catch = node.decorators.get("catch")
    with standing_in(), _currently(task, node, launch) as tried:
        try:
            if catch and tried > _retries(node):
                raise FailureHandledByCatch(tried)
            with _time_limit(node):
                method = getattr(task, node.name)
                method(inputs) if inputs is not None else method()
        except Exception as error:
            if catch is None or tried < _retries(node):
                raise
            if catch["print_exception"]:
                _tell(task, node)
            if catch["var"]:
                setattr(task, catch["var"], wrapped(error))
        else:
            if catch and catch["var"]:
                setattr(task, catch["var"], None)
            if node.next and vars(task).get("_goes") is None:
                raise Invalid(f"Step {node.name!r} ended without calling self.next(…). Call it as its last statement")


def _tell(task: FlowSpec, node: Node) -> None:
    print(f"@catch caught an exception from <flow {task.name} step {node.name}>")  # noqa: T201 - it is the step's log
    for line in traceback.format_exc().splitlines():
        print(f">  {line}", flush=True)  # noqa: T201


def _retries(node: Node) -> int:
    return int(node.decorators.get("retry", {}).get("times", 0))


def _made(
    flow: type[FlowSpec], graph: Graph, node: Node, launch: Launch, came: Any, cell: Any
) -> tuple[FlowSpec, Inputs | None]:
    """The object that the step's method is called on, and the inputs of a join."""
    params = launch["params"]
    if node.is_join:
        depth = sum(bool(graph[one].foreach) for one in node.splits)
        inputs = Inputs([_restored(flow, one, params) for one in came])
        return new_task(flow, node.name, params, stack=came[0]["stack"][:depth], artifacts={}, joins=True), inputs
    if came is None:
        return new_task(flow, node.name, params, stack=[], artifacts={}), None
    outer, index = cell if isinstance(cell, list) else (None, cell)
    before = came if outer is None else came[outer]
    stack = before["stack"]
    if index is not None:
        stack = [*stack, [index, before["count"], graph[before["step"]].foreach]]
    return new_task(flow, node.name, params, stack=stack, artifacts=before["artifacts"]), None


def _restored(flow: type[FlowSpec], token: Token, params: dict[str, Any]) -> FlowSpec:
    return new_task(flow, token["step"], params, stack=token["stack"], artifacts=token["artifacts"])


def _check_width(node: Node, items: list[Any], launch: Launch) -> None:
    if len(items) > launch["max_splits"] and node.foreach != NODES:
        raise Invalid(
            f"Foreach in step {node.name} yielded {len(items)} child steps which is more than the current maximum of "
            f"{launch['max_splits']} children. You can raise the maximum with the --max-num-splits option."
        )
    if node.foreach == NODES and len(items) > launch["workers"]:
        raise Invalid(
            f"Step {node.name!r} wants {len(items)} nodes at once, and {launch['workers']} tasks run at a time. Start the "
            f"flow with --max-workers {len(items)}"
        )


@contextmanager
def _currently(task: FlowSpec, node: Node, launch: Launch) -> Iterator[int]:
    """`current` as it is in this task; gives how often it was tried before."""
    here = at_hand()
    stores = here.stores()
    run, kept = stores.runs.get([here.run_id])[0], stores.tasks.get(here.run_id)
    outcome = kept.outcome
    tried = sum(one["state"] != "unattended" for one in outcome.get("attempts", ())[outcome.get("tries_from", 0) :])
    flow, user = type(task).__name__, user_name()
    with tempfile.TemporaryDirectory(dir=here.scratch if here.scratch.is_dir() else None) as folder:
        known: dict[str, Any] = {
            "flow_name": flow, "run_id": run.root_id, "step_name": node.name, "task_id": run.id, "retry_count": tried,
            "parameter_names": list(launch["params"]), "username": user, "namespace": f"user:{user}",
            "origin_run_id": None, "pathspec": f"{flow}/{run.root_id}/{node.name}/{run.id}", "tags": frozenset(launch["tags"]),
            "is_running_flow": True, "is_production": False, "tempdir": folder, **_project(type(task), user),
        }  # fmt: skip
        if "parallel" in node.decorators:
            index, count, _ = vars(task)["_stack"][-1]
            known |= {
                "is_parallel": True,
                "parallel": Parallel("127.0.0.1", count, index, run.id if index == 0 else None),
            }
        vars(current).update(known)
        try:
            yield tried
        finally:
            vars(current).clear()


def _project(flow: type[FlowSpec], user: str) -> dict[str, Any]:
    given = vars(flow).get("_decorators", {}).get("project")
    if given is None:
        return {}
    branch = f"test.{given['branch']}" if given["branch"] else f"user.{user}"
    name = given["name"]
    return {"project_name": name, "branch_name": branch, "project_flow_name": f"{name}.{branch}.{flow.__name__}"}


@contextmanager
def _time_limit(node: Node) -> Iterator[None]:
    """Of a step that catches what goes wrong: an error in its own process. Others are ended by the engine."""
    limit = seconds_of(node)
    if not limit or "catch" not in node.decorators:
        yield
        return
    if threading.current_thread() is not threading.main_thread():
        raise Invalid(f"Step {node.name!r} has @timeout and @catch, which need a process of its own. Run it locally")

    def too_long(*_: Any) -> None:
        hours, rest = divmod(limit, 3600)
        raise TimeoutException(
            f"Step {node.name} timed out after {hours} hours, {rest // 60} minutes, {rest % 60} seconds"
        )

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def seconds_of(node: Node) -> int:
    """The limit of its @timeout; 0 without one."""
    given = node.decorators.get("timeout", {})
    return int(given.get("seconds", 0) + 60 * given.get("minutes", 0) + 3600 * given.get("hours", 0))


def _check_formats(task: FlowSpec, step_name: str) -> None:
    """Refuse what no format is known for, by the attribute's name."""
    for name, value in artifacts_of(task).items():

        def known(part: Any, name: str = name) -> Any:
            if codec_for(part) is None:
                raise Invalid(
                    f"self.{name} of step {step_name!r} is or holds a {type(part).__name__}, for which there is no format. "
                    "Run it with --allow-pickle, or keep plain values, arrays or tables"
                )
            return None

        encode(value, known)
