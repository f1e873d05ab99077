"""The graph while a pipeline's body runs: calling a step adds a node and gives a handle for what it will make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid

if TYPE_CHECKING:
    from tenfold.pipelines.authoring.steps import Step
    from tenfold.pipelines.work import Early, Runs


@dataclass(frozen=True)
class Fixed:
    """An argument of `.map` that is not mapped over."""

    value: Any


class Summary:
    """Stands in a hook's arguments for what became of the run, which is known only when the hook runs."""

    def __repr__(self) -> str:
        return "what became of the run"


@dataclass(eq=False)
class Node:
    """One call of a step in the body. `key` is its place: the step's name, with a number from the second call on."""

    key: str
    step: Step[..., Any]
    arguments: dict[str, Any]
    mapped: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    """It runs only when all of them hold."""
    after: tuple[Node, ...] = ()
    """Nodes whose end it waits for, besides those it takes values from."""
    runs: Runs = ""
    """When, see `Spec.runs`."""
    early: Early = ""
    """See `Spec.early`."""
    hook: bool = False


class Open:
    """What is known only at run time. Comparing it gives a `Condition`, for `when`."""

    def __lt__(self, other: Any) -> Condition:
        return Condition("<", self, other)

    def __le__(self, other: Any) -> Condition:
        return Condition("<=", self, other)

    def __gt__(self, other: Any) -> Condition:
        return Condition(">", self, other)

    def __ge__(self, other: Any) -> Condition:
        return Condition(">=", self, other)

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition("==", self, other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return Condition("!=", self, other)

    __hash__ = object.__hash__

    def __and__(self, other: Any) -> Condition:
        return Condition("and", self, other)

    def __or__(self, other: Any) -> Condition:
        return Condition("or", self, other)

    def __invert__(self) -> Condition:
        return Condition("not", self)

    def __bool__(self) -> bool:
        raise Invalid(f"{self} is known only at run time. Decide on it with tenfold.when(…), or inside a step")


@dataclass(frozen=True, eq=False, repr=False)
class Condition(Open):
    """A comparison that is made at run time, once what it compares is known."""

    op: str
    left: Any
    right: Any = None

    def __repr__(self) -> str:
        return f"not {self.left}" if self.op == "not" else f"{self.left} {self.op} {self.right!r}"


@dataclass(frozen=True, eq=False)
class Choice(Open):
    """What `when` gives: the value of the branch that was taken."""

    condition: Open
    then: Any
    otherwise: Any

    def __getitem__(self, name: str) -> Choice:
        return Choice(self.condition, *(side if side is None else side[name] for side in (self.then, self.otherwise)))

    def __repr__(self) -> str:
        return f"the choice by {self.condition}"


@dataclass(frozen=True)
class Guard:
    """A node that has it runs only when the condition comes out as `expected`."""

    condition: Open
    expected: bool


@dataclass(frozen=True, eq=False)
class Handle(Open):
    """What a step will give. With several outputs, take one by name or unpack them; its value is known only later."""

    node: Node
    output: str | None = None

    def __getitem__(self, name: str) -> Handle:
        outputs = self.node.step.outputs
        if self.output is None and name in outputs:
            return Handle(self.node, name)
        raise Invalid(
            f"Step {self.node.step.name!r} has no output {name!r}; it declares {', '.join(outputs)}. "
            f"Declare it with @step(outputs=(…)), or take the item inside the next step"
        )

    def __iter__(self) -> Iterator[Handle]:
        outputs = self.node.step.outputs
        if self.output is not None or len(outputs) == 1 or self.node.mapped:
            raise Invalid(
                f"What {self.node.key!r} gives is known only at run time. Go through it with another step's .map"
            )
        return iter([Handle(self.node, name) for name in outputs])

    def after(self, *others: Any) -> Handle:
        """Have this step wait until the steps of these handles have ended well. Gives the handle itself.

        In plain Python there are no handles: write `load.after(made)(x)` where the body is also called so.
        """
        self.node.after = (*self.node.after, *(one for one in nodes_in(others) if one is not self.node))
        return self

    def __len__(self) -> int:
        raise Invalid(f"What {self.node.key!r} gives is known only at run time. Count it inside a step")

    def __repr__(self) -> str:
        return f"{self.node.key}{'.' + self.output if self.output else ''}"


def nodes_in(value: Any) -> Iterator[Node]:
    """The nodes of handles in a value, also deep in it; plain values have none."""
    if isinstance(value, Handle):
        yield value.node
        return
    inner: Iterable[Any] = ()
    if isinstance(value, Fixed):
        inner = [value.value]
    elif isinstance(value, Condition):
        inner = [value.left, value.right]
    elif isinstance(value, Choice):
        inner = [value.condition, value.then, value.otherwise]
    elif isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, (list, tuple)):
        inner = value
    for item in inner:
        yield from nodes_in(item)


@dataclass
class Graph:
    """Nodes in the order the body made them, which is an order of dependence."""

    nodes: list[Node] = field(default_factory=list)
    returned: Any = None
    guards: tuple[Guard, ...] = ()
    """Of the branches the body is in."""
    start: int = 0
    """Where the nodes of the body that runs now begin: a pipeline called inside another has its own."""
    _calls: dict[str, int] = field(default_factory=dict)
    """By step's name."""

    def add(
        self,
        step: Step[..., Any],
        arguments: dict[str, Any],
        *,
        mapped: list[str] | None = None,
        after: tuple[Node, ...] = (),
    ) -> Handle:
        """Add a call of a step; gives its handle."""
        calls = self._calls.get(step.name, 0)
        self._calls[step.name] = calls + 1
        key = step.name if calls == 0 else f"{step.name}-{calls + 1}"
        node = Node(key, step, arguments, tuple(mapped or ()), self.guards, after)
        self.nodes.append(node)
        return Handle(node)

    @contextmanager
    def only_if(self, condition: Open, expected: bool) -> Iterator[None]:
        """Nodes added inside run only when the condition comes out so."""
        before = self.guards
        self.guards = (*before, Guard(condition, expected))
        try:
            yield
        finally:
            self.guards = before


_building: ContextVar[Graph | None] = ContextVar("tenfold_graph", default=None)


def building() -> Graph | None:
    """The graph being made in this context, or None outside a pipeline's body."""
    return _building.get()


@contextmanager
def new_graph() -> Iterator[Graph]:
    """Calls of steps inside become nodes of the graph this gives."""
    graph = Graph()
    token = _building.set(graph)
    try:
        yield graph
    finally:
        _building.reset(token)
