"""Steps that run whatever became of others, or only when something failed; and order without data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Node, building, nodes_in

if TYPE_CHECKING:
    from tenfold.pipelines.work import Runs


def always(target: Any, *args: Any, after: Any = None, **kwargs: Any) -> Any:
    """Run a step whatever became of those before it: `always(cleanup, folder)`, or `always(cleanup(folder))`.

    It begins when all of `after` have ended (not given: every step called before it in the body). What a step that
    failed would have given it is None. Such a step is never taken from the cache. Cancelling ends it like any other.

    Args:
        target: A step and its arguments, or what calling it gave, or a function without arguments that calls steps.
    """
    return _marked("always", target, args, kwargs, after)


def on_failure(target: Any, *args: Any, after: Any = None, **kwargs: Any) -> Any:
    """Run a step only when something before it failed: `on_failure(alarm, "training broke")`; else it is skipped.

    What counts is each of `after` with all that leads to it (not given: every step called before it in the body). The
    run stays failed. In plain Python, outside of a run, nothing has failed, so the step is not called.
    """
    return _marked("on_failure", target, args, kwargs, after)


def _marked(runs: Runs, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], after: Any) -> Any:
    graph = building()
    if graph is None:
        if not callable(target):
            return target
        return target(*args, **kwargs) if runs == "always" else None
    before = len(graph.nodes)
    if callable(target):
        given = target(*args, **kwargs)
        nodes = graph.nodes[before:]
    else:
        given, nodes = target, list(nodes_in(target))
        if args or kwargs:
            raise Invalid(f"{target!r} was called already, so it takes no more arguments here")
    if not nodes:
        raise Invalid(f"tenfold.{runs}(…) takes a step, or a function that calls steps, not {target!r}")
    first = graph.nodes.index(nodes[0])
    waits = sinks(graph.nodes[graph.start : first]) if after is None else list(nodes_in(after))
    for node in nodes:
        node.runs = runs
        node.after = (*node.after, *(one for one in waits if one not in nodes))
    return given


def sinks(nodes: Iterable[Node]) -> list[Node]:
    """Those that no other of them waits for: when they have ended, all have.

    What waits for failures too does not stand for what it waits for: it is not run again when those are resumed.
    """
    found = list(nodes)
    waited: set[int] = set()
    for node in (one for one in found if not one.runs):
        given = [*node.arguments.values(), *(guard.condition for guard in node.guards)]
        waited |= {id(one) for value in given for one in nodes_in(value)} | {id(one) for one in node.after}
    return [node for node in found if id(node) not in waited]
