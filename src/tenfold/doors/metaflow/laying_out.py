"""A flow as a pipeline: each of its steps a step, a foreach a map, a switch a condition.

Inside a foreach a step is mapped over what the tasks before it left, so small steps of our own stand between: `spread`
lays out a foreach inside a foreach, `together` groups what a join takes, `arrived` picks the tasks that went this way. Their
names have a "-", which Metaflow's have not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.metaflow.graph import Graph, Node, read_graph
from tenfold.doors.metaflow.stand_in import load_flow
from tenfold.doors.metaflow.tasks import Launch, Token, run_task, seconds_of
from tenfold.pipelines import Step, fixed, pipeline, step
from tenfold.pipelines.authoring.building import Choice, Condition, Open, building


@step(cache=False)
def spread(splits: list[list[int]]) -> list[list[int]]:
    """[which list, position] of all that a foreach inside a foreach spreads over."""
    return [[outer, inner] for outer, one in enumerate(splits) for inner in one]


@step(cache=False)
def arrived(lists: list[list[Token]], name: str) -> list[Token]:
    """Of what tasks left, that which goes on with the step `name`, in the order of the items."""
    found = [one for tokens in lists for one in tokens if one["goes"] in ("", name)]
    return sorted(found, key=_place)


@step(cache=False)
def together(lists: list[list[Token]], depth: int) -> list[list[Token]]:
    """What tasks left, grouped by the outermost `depth` items; in a group list by list, then in the order of the items."""
    groups: dict[tuple[int, ...], list[Token]] = {}
    for tokens in lists:
        for one in sorted(tokens, key=_place):
            groups.setdefault(_place(one)[:depth], []).append(one)
    return [groups[place] for place in sorted(groups)]


def _place(token: Token) -> tuple[int, ...]:
    return tuple(level[0] for level in token["stack"])


@pipeline
def metaflow(launch: dict[str, Any]) -> Any:
    """The steps of the flow in a file; `launch` as `tasks.py` says."""
    graph = read_graph(load_flow(launch["file"], launch["configs"]), launch["with"])
    handles: dict[str, Any] = {}
    for node in graph.values():
        handles[node.name] = _Laying(graph, handles, launch).step(node)
    return handles[next(node.name for node in graph.values() if node.is_end)]["task"]


class _Laying:
    """What is known while the graph is laid out."""

    def __init__(self, graph: Graph, handles: dict[str, Any], launch: Launch) -> None:
        self.graph, self.handles, self.launch = graph, handles, launch

    def step(self, node: Node) -> Any:
        """The node's step called, or mapped over the items of the foreach it stands in."""
        made, first = task_step(node, self.launch), (self.launch, node.name)
        if not node.came_from:
            return made(*first)
        if self.depth(node):
            return made.map(*first, *self.inside(node))
        guard = self.guard(node)
        if guard is None:
            return self.outside(made, first, node)
        graph = building()
        assert graph is not None
        with graph.only_if(guard, True):
            return self.outside(made, first, node)

    def depth(self, node: Node) -> int:
        """How many foreaches it stands in."""
        return sum(bool(self.graph[one].foreach) for one in node.splits)

    def outside(self, made: Step[..., Any], first: tuple[Any, ...], node: Node) -> Any:
        """Called once: it stands in no foreach."""
        if not node.is_join:
            return made(*first, self.merged(node.came_from, node.name))
        if self.graph[node.joins].foreach:
            return made(*first, self.tokens(node.came_from, node))
        return made(*first, [self.merged(parents, node.name) for parents in self.by_branch(node)])

    def inside(self, node: Node) -> tuple[Any, ...]:
        """What it is mapped over: what came, and the item's position."""
        before = self.graph[node.came_from[0]]
        if node.is_join:
            parents = [node.came_from] if self.graph[node.joins].foreach else self.by_branch(node)
            lists = [self.tokens(one, node) for one in parents]
            return (self.between(together, f"{node.name}-inputs")(lists, self.depth(node)),)
        if not before.foreach:
            return (self.tokens(node.came_from, node),)
        splits, left = self.handles[before.name]["splits"], self.handles[before.name]["task"]
        cells = self.between(spread, f"{node.name}-items")(splits) if self.depth(before) else splits
        return fixed(left), cells

    def between(self, made: Step[..., Any], name: str) -> Step[..., Any]:
        """A step of ours between two of the flow."""
        return Step(
            made.function, name=name, outputs=made.outputs, cache=False, allow_pickle=self.launch["allow_pickle"]
        )

    def tokens(self, parents: Sequence[str], node: Node) -> Any:
        """The list of what tasks of these steps left that go on here."""
        lists = [self.handles[one]["task"] for one in parents]
        if len(lists) == 1 and not self.graph[parents[0]].switch:
            return lists[0]
        return self.between(arrived, f"{node.name}-arrived")(lists, node.name)

    def by_branch(self, node: Node) -> list[list[str]]:
        """The steps before a join by the branch they end, in the order of the split."""
        return [
            [one for one in node.came_from if self.branch_of(one, node.joins) == branch]
            for branch in self.graph[node.joins].next
        ]

    def branch_of(self, name: str, split: str) -> str:
        """Which of the split's steps it comes after."""
        node = self.graph[name]
        return node.branches[node.splits.index(split)]

    def merged(self, parents: Sequence[str], name: str) -> Any:
        """What the one of these steps left that ran."""
        *others, last = [(one, self.handles[one]["task"]) for one in parents]
        return reduce(
            lambda rest, pair: Choice(_open(self.taken(pair[0], name)), pair[1], rest), reversed(others), last[1]
        )

    def guard(self, node: Node) -> Open | None:
        """When it runs, where that is not said by the step before it."""
        if node.is_join or all(not self.graph[one].switch for one in node.came_from):
            return None
        if len(node.came_from) == 1:
            return Condition("==", self.handles[node.came_from[0]]["goes"], node.name)
        found = self.ran(node.name)
        return found if isinstance(found, Open) else None

    def taken(self, parent: str, name: str) -> Open | bool:
        """Whether the flow goes from one step to another, asking nothing of steps that did not run."""
        goes = Condition("==", self.handles[parent]["goes"], name) if self.graph[parent].switch else True
        ran = self.ran(parent)
        if ran is True or goes is True:
            return goes if ran is True else ran
        return Choice(_open(ran), goes, False)

    def ran(self, name: str) -> Open | bool:
        """Whether a step outside of foreaches runs."""
        node = self.graph[name]
        if node.is_join:
            return self.ran(node.joins)
        found: Open | bool = not node.came_from
        for parent in node.came_from:
            taken = self.taken(parent, name)
            if taken is True or found is True:
                return True
            found = Choice(_open(found), True, taken) if isinstance(found, Open) else taken
        return found


def _open(condition: Open | bool) -> Open:
    if isinstance(condition, bool):
        raise Invalid("A step is reached by two ways at once. Join them in a step that takes inputs")
    return condition


def task_step(node: Node, launch: Launch) -> Step[..., Any]:
    """The step that runs a node's tasks, with what its decorators ask for."""
    given = node.decorators
    options: dict[str, Any] = {"cache": False, "allow_pickle": launch["allow_pickle"]}
    times = int(given.get("retry", {}).get("times", 0)) + (
        "catch" in given
    )  # the last one is caught without being tried
    if times:
        wait = float(given.get("retry", {}).get("minutes_between_retries", 0)) * 60
        options |= {"retries": times, "retry_delay_s": wait, "backoff": 1.0}
    limit = seconds_of(node)
    if limit:
        options["timeout_s"] = limit + (10 if "catch" in given else 0)
    if "environment" in given:
        options["environ"] = {name: str(value) for name, value in given["environment"]["vars"].items()}
    if "secrets" in given:
        options["secrets"] = _secrets(node)
    if launch["environment"] and (env := packages_of(node, launch["environment"])):
        options["env"] = env
    if launch["executor"]:
        options["resources"] = _resources(given.get("resources", {}))
    return Step(run_task.function, name=node.name, outputs=run_task.outputs, **options)


def _secrets(node: Node) -> list[str]:
    sources = node.decorators["secrets"]["sources"]
    if odd := [one for one in sources if not isinstance(one, str)]:
        raise Invalid(
            f"Step {node.name!r}: @secrets takes names of secrets here, not {odd[0]!r}. See: tenfold secrets set"
        )
    return list(sources)


def packages_of(node: Node, kind: str) -> dict[str, Any] | None:
    """What `env=` is told, by the step's @pypi or @conda."""
    given = node.decorators.get(kind)
    if given is None or given["disabled"]:
        return None
    listed = {**given.get("libraries", {}), **given["packages"]}
    packages = [f"{name}{'==' if version[:1].isdigit() else ''}{version}" for name, version in listed.items()]
    return {"packages": packages, **({"python": given["python"]} if given["python"] else {})} if packages else None


def _resources(given: dict[str, Any]) -> dict[str, Any] | None:
    found = {name: float(given[name]) for name in ("cpu", "gpu") if given.get(name)}
    memory = {"memory": f"{int(given['memory'])}MiB"} if given.get("memory") else {}
    return {**found, **memory} or None
