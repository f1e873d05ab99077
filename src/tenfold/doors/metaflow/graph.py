"""A flow's graph, from the last `self.next` of each step's source, and what Metaflow's checker would say of it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.metaflow.flow import NODES, FlowSpec


@dataclass
class Node:
    """One step of a flow."""

    name: str
    is_join: bool
    next: list[str]
    foreach: str
    """Attribute whose items it spreads over; "" when it does not."""
    switch: bool
    """It goes on with one of `next`."""
    decorators: dict[str, dict[str, Any]]
    came_from: list[str] = field(default_factory=list)
    """Without itself."""
    splits: tuple[str, ...] = ()
    """Steps that have split before it and were not joined yet, the innermost last."""
    branches: tuple[str, ...] = ()
    """Of each split, which of its steps this one comes after."""
    joins: str = ""
    """The step whose split it joins."""
    is_end: bool = False

    @property
    def loops(self) -> bool:
        """It may go on with itself."""
        return self.name in self.next


Graph = dict[str, Node]


def read_graph(flow: type[FlowSpec], extra: dict[str, dict[str, Any]] | None = None) -> Graph:
    """Its steps, each after those that lead to it, `start` first.

    Args:
        extra: Decorators added to each step that has not got them.

    Raises:
        Invalid: It is no flow that Metaflow would run.
    """
    methods = {name: getattr(flow, name) for name in dir(flow) if getattr(getattr(flow, name), "is_step", False)}
    nodes = {name: _node(name, method, extra or {}) for name, method in methods.items()}
    start = _only(flow, methods, "start")
    nodes[_only(flow, methods, "end")].is_end = True
    for node in nodes.values():
        for name in node.next:
            if name not in nodes:
                raise Invalid(f"Step {node.name!r} leads to {name!r}, which is no step. Mark it with @step")
            if name != node.name:
                nodes[name].came_from.append(node.name)
            elif not node.switch:
                raise Invalid(f"Step {name!r} leads to itself, which only a switch may. Give it a condition=")
        if not node.next and not node.is_end:
            raise Invalid(f"Step {node.name!r} does not end with self.next(…). Add it as its last statement")
        if node.next and node.is_end:
            raise Invalid(f"Step {node.name!r} is the last one. Remove its self.next")
    return _ordered(start, nodes)


def _only(flow: type[FlowSpec], methods: dict[str, Any], which: str) -> str:
    marked = [name for name, method in methods.items() if getattr(method, f"is_{which}", False)]
    if len(marked) > 1 or (marked and which in methods and marked != [which]):
        raise Invalid(f"Flow {flow.__name__} has several {which} steps: {', '.join(marked)}. Keep one")
    if not marked and which not in methods:
        raise Invalid(f"Flow {flow.__name__} has no step {which!r}. Add it")
    return marked[0] if marked else which


def _ordered(start: str, nodes: Graph) -> Graph:
    ordered: Graph = {}
    while ready := [
        node for node in nodes.values() if node.name not in ordered and all(one in ordered for one in node.came_from)
    ]:
        for node in ready:
            if not node.came_from and node.name != start:
                raise Invalid(f"No step leads to {node.name!r}. Remove it, or name it in self.next")
            _place(node, nodes)
            ordered[node.name] = node
    if left := sorted(nodes.keys() - ordered.keys()):
        raise Invalid(f"Steps {', '.join(left)} lead to each other. Only a switch may lead back, and to itself")
    return ordered


def _place(node: Node, nodes: Graph) -> None:
    """Which splits it stands in, by the steps that lead to it, which have their places."""
    if not node.came_from:
        if node.is_join:
            raise Invalid(f"Step {node.name!r} takes inputs, but nothing was split before it. Drop its second argument")
        return
    around = [_after(nodes[one], node.name) for one in node.came_from]
    if node.is_join:
        _join(node, nodes, around)
        return
    if len(node.came_from) > 1 and not _by_choice(node, nodes, around):
        names = ", ".join(node.came_from)
        raise Invalid(f"Step {node.name!r} follows {names}; a step that joins takes a second argument, inputs")
    node.splits, node.branches = around[0]
    if node.is_end and node.splits:
        raise Invalid(f"Step {node.name!r} comes before the split of {node.splits[-1]!r} was joined. Add a join before")
    spread = [one for one in node.came_from if nodes[one].foreach]
    if spread and len(node.came_from) > 1:
        raise Invalid(f"Step {node.name!r} follows a foreach and another step. Give the foreach a step of its own")
    if ("parallel" in node.decorators) != any(nodes[one].foreach == NODES for one in spread):
        raise Invalid(f"Step {node.name!r}: @parallel and self.next(…, num_parallel=…) go together")


def _by_choice(node: Node, nodes: Graph, around: list[Any]) -> bool:
    """Whether only one of the steps before it runs: all are in the same split's same branch."""
    return len(set(around)) == 1 and not any(
        len(nodes[one].next) > 1 and not nodes[one].switch for one in node.came_from
    )


def _join(node: Node, nodes: Graph, around: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
    if any(nodes[one].switch for one in node.came_from):
        raise Invalid(f"Step {node.name!r} joins right after a switch. Put a step between")
    if any(nodes[one].foreach for one in node.came_from):
        raise Invalid(f"Step {node.name!r} joins right after a foreach. Put a step between")
    if not around[0][0]:
        raise Invalid(f"Step {node.name!r} takes inputs, but nothing was split before it. Drop its second argument")
    if len({splits for splits, _ in around}) > 1:
        raise Invalid(f"Step {node.name!r} joins branches of different splits. Join the inner ones first")
    splits, branches = around[0]
    split = nodes[splits[-1]]
    if {one[-1] for _, one in around} != set(split.next):
        raise Invalid(f"Step {node.name!r} does not join all that {split.name!r} leads to: {', '.join(split.next)}")
    node.joins, node.splits, node.branches = split.name, splits[:-1], branches[:-1]


def _after(node: Node, child: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if node.foreach or (len(node.next) > 1 and not node.switch):
        return (*node.splits, node.name), (*node.branches, child)
    return node.splits, node.branches


def _node(name: str, method: Any, extra: dict[str, dict[str, Any]]) -> Node:
    tree = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) not in (1, 2):
        raise Invalid(f"Step {name!r} is a method with self, and a join's with self and inputs")
    last = tree.body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    decorators = {**extra, **getattr(method, "_decorators", {})}
    made = Node(name, len(tree.args.args) > 1, [], "", False, decorators)
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "next"):
        return made
    words = {str(keyword.arg): keyword.value for keyword in call.keywords}
    if unknown := words.keys() - {"foreach", "condition", "num_parallel"}:
        raise Invalid(f"Step {name!r}: self.next has no option {min(unknown)!r}")
    given = [value for one in call.args for value in (one.values if isinstance(one, ast.Dict) else [one])]
    for one in given:
        if not isinstance(one, ast.Attribute):
            raise Invalid(f"Step {name!r}: self.next takes steps like self.{name}_more, not {ast.unparse(one)}")
        if one.attr not in made.next:
            made.next.append(one.attr)
    made.switch = "condition" in words
    if isinstance(words.get("foreach"), ast.Constant):
        made.foreach = str(words["foreach"].value)  # type: ignore[attr-defined]
    elif "foreach" in words:
        raise Invalid(f"Step {name!r}: foreach= is the name of an attribute, in quotes")
    if "num_parallel" in words:
        made.foreach = NODES
    _check(made)
    return made


def _check(made: Node) -> None:
    if made.foreach and len(made.next) != 1:
        raise Invalid(f"Step {made.name!r}: a foreach leads to one step")
    if made.switch and len(made.next) < 2:
        raise Invalid(f"Step {made.name!r}: a switch leads to at least two steps")
    if made.is_join and (made.foreach or len(made.next) > 1):
        raise Invalid(f"Step {made.name!r} both joins and splits. Add a step, so that one joins and the next splits")
    if "catch" in made.decorators and (made.foreach or made.switch):
        raise Invalid(f"Step {made.name!r}: @catch is not supported in steps with a foreach or a switch")
