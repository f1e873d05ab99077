"""What a step's code sees: `self` with its artifacts and inputs, and where it goes on."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from itertools import islice
from types import FunctionType, MethodType
from typing import Any

from tenfold.doors.metaflow.exceptions import (
    InvalidNextException,
    MetaflowException,
    MissingInMergeArtifactsException,
    UnhandledInMergeArtifactsException,
)
from tenfold.doors.metaflow.parameters import Config, ConfigValue, Parameter

NODES = "_parallel_nodes"
"""In place of an attribute's name: what `self.next(…, num_parallel=…)` spreads over."""


class FlowSpec:
    """The class flows derive from. Tenfold makes one for each task."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self).get("_given", ()):
            raise AttributeError("Flow level attributes and Parameters are not modifiable")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"Flow {type(self).__name__} has no attribute '{name}'")

    def __iter__(self) -> Iterator[Any]:
        raise MetaflowException("A flow's steps are listed by its graph, not by going through the flow")

    def next(
        self,
        *steps: Any,
        foreach: str | None = None,
        condition: str | None = None,
        num_parallel: int | None = None,
        **odd: Any,
    ) -> None:
        """Note where the step leads; the graph itself is read from its source. Checked as Metaflow checks it."""
        name = vars(self)["_step"]
        if odd:
            raise InvalidNextException(f"Step *{name}* passes an unknown keyword argument '{min(odd)}' to self.next().")
        if vars(self).get("_goes") is not None:
            raise InvalidNextException(
                f"Multiple self.next() calls detected in step *{name}*. Call self.next() only once."
            )
        vars(self)["_goes"] = ""
        if condition is not None:
            vars(self)["_goes"] = self._chosen(condition, steps[0])
        elif num_parallel is not None and num_parallel >= 1:
            vars(self)["_items"] = list(range(num_parallel))
        elif foreach:
            vars(self)["_items"] = self._spread(foreach)

    def _chosen(self, condition: str, cases: dict[Any, Any]) -> str:
        name = vars(self)["_step"]
        try:
            value = getattr(self, condition)
        except AttributeError:
            raise InvalidNextException(
                f"Condition variable *self.{condition}* in step *{name}* does not exist. Make sure you set "
                f"self.{condition} in this step."
            ) from None
        if value not in cases:
            raise RuntimeError(
                f"Switch condition variable '{condition}' has value '{value}' which is not in the available cases: "
                f"{list(cases)}"
            )
        chosen: str = cases[value].__name__
        return chosen

    def _spread(self, foreach: str) -> list[Any]:
        name = vars(self)["_step"]
        try:
            found = list(getattr(self, foreach))
        except AttributeError:
            raise InvalidNextException(
                f"Foreach variable *self.{foreach}* in step *{name}* does not exist. Check your variable."
            ) from None
        except TypeError as error:
            raise InvalidNextException(
                f"Foreach variable *self.{foreach}* in step *{name}* is not iterable. Please check details: {error}"
            ) from None
        if not found:
            raise InvalidNextException(
                f"Foreach iterator over *{foreach}* in step *{name}* produced zero splits. Check your variable."
            )
        return found

    @property
    def name(self) -> str:
        """The flow's name."""
        return type(self).__name__

    @property
    def index(self) -> int | None:
        """Position of the innermost foreach's item."""
        stack = vars(self).get("_stack")
        return stack[-1][0] if stack else None

    @property
    def input(self) -> Any:
        """The innermost foreach's item; None after a join that did not take the list over."""
        stack = vars(self).get("_stack")
        return self._item(len(stack) - 1) if stack else None

    def foreach_stack(self) -> list[tuple[int, int, Any]]:
        """(position, number of items, item) of each foreach around, the outermost first."""
        stack = vars(self).get("_stack") or []
        return [(index, count, self._item(level)) for level, (index, count, _) in enumerate(stack)]

    def _item(self, level: int) -> Any:
        """As Metaflow finds it: in the attribute as it is now, when it is first asked for."""
        seen = vars(self).setdefault("_seen", {})
        if level not in seen:
            index, _, name = vars(self)["_stack"][level]
            if name == NODES:
                seen[level] = index
            else:
                seen[level] = _at(getattr(self, name), index) if hasattr(self, name) else None
        return seen[level]

    def merge_artifacts(
        self, inputs: Inputs, exclude: Sequence[str] | None = None, include: Sequence[str] | None = None
    ) -> None:
        """Take over what the inputs agree on and this step did not set.

        Raises:
            MetaflowException: Both `include` and `exclude` are given, or the step is no join.
            UnhandledInMergeArtifactsException: They do not agree on some.
            MissingInMergeArtifactsException: They lack what `include` names.
        """
        step = vars(self)["_step"]
        if not vars(self).get("_joins"):
            raise MetaflowException(f"merge_artifacts can only be called in a join and step *{step}* is not a join")
        if include and exclude:
            raise MetaflowException("`exclude` and `include` are mutually exclusive in merge_artifacts")
        found: dict[str, Any] = {}
        torn: list[str] = []
        for one in inputs:
            for name, value in artifacts_of(one).items():
                wanted = name in include if include else name not in (exclude or ())
                if not wanted or hasattr(self, name):
                    continue
                if name in found and not _same(found[name], value):
                    torn.append(name)
                found.setdefault(name, value)
        if torn:
            raise UnhandledInMergeArtifactsException(
                f"Step *{step}* cannot merge the following artifacts due to them having conflicting values:\n"
                f"[{', '.join(torn)}].\nTo remedy this issue, be sure to explicitly set those artifacts (using "
                "self.<artifact_name> = ...) prior to calling merge_artifacts.",
                torn,
            )
        if missing := [name for name in include or () if name not in found and not hasattr(self, name)]:
            raise MissingInMergeArtifactsException(
                f"Step *{step}* specifies that [{', '.join(include or ())}] should be merged but [{', '.join(missing)}] "
                "are not present.\nTo remedy this issue, make sure that the values specified in only come from at least "
                "one branch",
                missing,
            )
        for name, value in found.items():
            setattr(self, name, value)


class Inputs:
    """What a join gets: iterable, by position, and by the name of the step."""

    def __init__(self, flows: list[FlowSpec]) -> None:
        self.flows = flows
        for flow in flows:
            setattr(self, vars(flow)["_step"], flow)

    def __iter__(self) -> Iterator[FlowSpec]:
        return iter(self.flows)

    def __getitem__(self, position: Any) -> Any:
        return self.flows[position]

    def __len__(self) -> int:
        return len(self.flows)


def _at(held: Any, index: int) -> Any:
    try:
        return held[index]
    except TypeError:  # a set, or something else that is only gone through
        return next(islice(held, index, index + 1))


INNER = frozenset({"_goes", "_seen", "_items", "_stack", "_step", "_given", "_joins"})


def artifacts_of(flow: FlowSpec) -> dict[str, Any]:
    """What a task has set or inherited: attributes, without its flow's parameters and constants."""
    given = vars(flow).get("_given", {})
    return {name: value for name, value in vars(flow).items() if name not in INNER and name not in given}


def constants_of(flow: type[FlowSpec]) -> dict[str, Any]:
    """Plain attributes of the class, which Metaflow keeps as artifacts of every task."""
    found = {}
    for name in dir(flow):
        value = getattr(flow, name)
        if name.startswith("_") or hasattr(FlowSpec, name):
            continue
        if not isinstance(value, (MethodType, FunctionType, property, type, Parameter)):
            found[name] = value
    return found


def new_task(
    flow: type[FlowSpec],
    step: str,
    params: dict[str, Any],
    *,
    stack: list[Any],
    artifacts: dict[str, Any],
    joins: bool = False,
) -> FlowSpec:
    """The object a step's method is called on."""
    made = flow.__new__(flow)
    given = {name: _config(flow, name, value) for name, value in params.items()}
    vars(made).update(artifacts)
    vars(made).update(given)
    vars(made).update(_step=step, _stack=stack, _given={**constants_of(flow), **given}, _joins=joins)
    return made


def _config(flow: type[FlowSpec], name: str, value: Any) -> Any:
    declared = getattr(flow, name, None)
    if isinstance(declared, Config) and isinstance(value, dict) and not declared.options.get("plain"):
        return ConfigValue(value)
    return value


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        if type(one) is type(other) and bool(one == other):
            return True
    except (ValueError, TypeError):  # arrays and tables answer by element
        pass
    try:
        return pickle.dumps(one) == pickle.dumps(other)
    except Exception:
        return False
