"""A pipeline's graph as another engine needs it: plain values, made without a store. What the exporters stand on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.authoring.building import Graph, Node, nodes_in
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.loading import target_of
from tenfold.pipelines.authoring.options import Options
from tenfold.pipelines.work import Runs


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a pipeline."""

    key: str
    name: str
    """The key as an identifier, different from those of the others."""
    waits: list[str]
    """Keys of the steps whose end it waits for, in the graph's order."""
    mapped: bool
    options: Options
    only_if: list[str]
    """Conditions under which it runs, in words."""
    runs: Runs
    """When: '' if all went well before it; 'always'; 'on_failure'."""
    hook: bool
    lenient: bool
    """It is to be started whatever became of those before it, and decides for itself whether it runs."""

    @property
    def pool(self) -> tuple[str, int]:
        """Its pool and the slots it takes there; ('', 1) without one."""
        name, _, slots = self.options.pool.partition("*")
        return name, int(slots or 1)


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A whole pipeline."""

    name: str
    address: str
    """As `tenfold run` takes it: /flows/train.py:training."""
    folder: str
    """That its steps run in."""
    params: dict[str, Any]
    """By name, plain JSON values."""
    kinds: dict[str, str]
    """The JSON type of each param whose annotation is one: integer, number, string, boolean."""
    nodes: list[Drawn]
    max_parallel: int | None = None
    max_active: int | None = None

    @property
    def leaves(self) -> list[Drawn]:
        """Steps that no other waits for."""
        waited = {key for node in self.nodes for key in node.waits}
        return [node for node in self.nodes if node.key not in waited]


def draw(pipeline: Pipeline[..., Any], params: dict[str, Any], *, folder: str | None = None) -> Drawing:
    """The graph of a pipeline for these params; its others take their defaults.

    Args:
        folder: Where the pipeline's file lies on the machines that will run it; not given: where it lies here.

    Raises:
        Invalid: A param without a value or that is no plain JSON, a pipeline without steps, or one that no other
            process can import.
    """
    missing = [
        name
        for name, one in pipeline.signature.parameters.items()
        if one.default is one.empty and name not in params and one.kind not in (2, 4)
    ]
    if missing:
        raise Invalid(
            f"The param {missing[0]!r} has no default, and what is exported needs one. Give it: --param {missing[0]}=VALUE",
            field="param",
        )
    given = pipeline.bind((), params)
    for name, value in given.items():
        if msgspec.json.decode(_json(name, value)) != value:
            raise Invalid(_not_plain(name, value), field=f"params.{name}")
    graph = pipeline.build(given)
    if not graph.nodes:
        raise Invalid(f"Pipeline {pipeline.name!r} has no steps for these params, so there is nothing to export")
    address, home = _address(pipeline, folder)
    return Drawing(
        name=pipeline.name,
        address=address,
        folder=home,
        params=given,
        kinds=_kinds(pipeline),
        nodes=_nodes(graph),
        max_parallel=pipeline.max_parallel,
        max_active=pipeline.max_active,
    )


_KINDS = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}


def _kinds(pipeline: Pipeline[..., Any]) -> dict[str, str]:
    said = {
        name: one.annotation if isinstance(one.annotation, str) else getattr(one.annotation, "__name__", "")
        for name, one in pipeline.signature.parameters.items()
    }
    return {name: _KINDS[kind] for name, kind in said.items() if kind in _KINDS}


def _json(name: str, value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError):
        raise Invalid(_not_plain(name, value), field=f"params.{name}") from None


def _not_plain(name: str, value: Any) -> str:
    return (
        f"The param {name} is {value!r}, and other engines take plain JSON: numbers, texts, true, false, null, lists and "
        "objects. Make it one of these"
    )


def _address(pipeline: Pipeline[..., Any], folder: str | None) -> tuple[str, str]:
    function = pipeline.function
    target = target_of(function.__module__, function.__qualname__)
    file = function.__code__.co_filename
    if target is None or "<locals>" in function.__qualname__ or not Path(file).is_file():
        raise Invalid(
            f"Pipeline {pipeline.name!r} is not at the top of a .py file. Put it there, to be found elsewhere"
        )
    here = Path(file).resolve()
    if target.file is None and "." in target.module:  # of a package: found by its name
        return f"{target.module}:{target.name}", folder or str(Path.cwd())
    home = folder or str(here.parent)
    return f"{home.rstrip('/')}/{here.name}:{target.name}", home


def _nodes(graph: Graph) -> list[Drawn]:
    drawn: list[Drawn] = []
    names: set[str] = set()
    for node in graph.nodes:
        name = _identifier(node.key, names)
        waited = _waited(node)
        mapped_on = [one for one in waited if one.mapped and one.step.options.allow_failures]
        drawn.append(
            Drawn(
                key=node.key,
                name=name,
                waits=[one.key for one in graph.nodes if one in waited],
                mapped=bool(node.mapped),
                options=node.step.options,
                only_if=[str(g.condition) if g.expected else f"not ({g.condition})" for g in node.guards],
                runs=node.runs,
                hook=node.hook,
                lenient=bool(node.runs or node.hook or mapped_on),
            )
        )
    return drawn


def _waited(node: Node) -> list[Node]:
    given: Iterable[Any] = [*node.arguments.values(), *(guard.condition for guard in node.guards)]
    return [*(one for value in given for one in nodes_in(value)), *node.after]


def _identifier(key: str, taken: set[str]) -> str:
    name = re.sub(r"\W", "_", key, flags=re.ASCII)
    name = name if name[0].isalpha() else f"step_{name}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name
