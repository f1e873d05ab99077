"""From a built graph to what the store keeps of it: a spec for each place, and the pipeline's published version."""

from __future__ import annotations

from typing import Any

import msgspec

import tenfold.pipelines.authoring.functions  # noqa: F401 - arguments may be functions
from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Blobs, Stores
from tenfold.pipelines.authoring.building import Graph, Guard, Node
from tenfold.pipelines.authoring.options import Options
from tenfold.pipelines.authoring.steps import Step, file_stamp
from tenfold.pipelines.authoring.templates import dependencies, template
from tenfold.pipelines.caching.code import Reached, code_digest, reached, step_source
from tenfold.pipelines.caching.keys import environment
from tenfold.pipelines.values.skeleton import module_name
from tenfold.pipelines.work import Spec, SpecGuard
from tenfold.records import Draft, Version
from tenfold.records.version import INLINE_LIMIT_BYTES

KIND = "pipeline"
FILE = "pipeline.json"


class PlanNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place of a published pipeline: what a reader wants to see of it, without this run's params."""

    key: str
    step: str
    function: str
    inputs: dict[str, list[str]] = {}
    """Places by the parameter their values go into."""
    mapped: list[str] = []
    outputs: list[str] = []
    code: str = ""
    source: str = ""
    only_if: list[str] = []
    """Conditions under which it runs, in words."""
    reaches: dict[str, str] = {}
    """What of the project's code it may reach, as "module:name", each with what stands for its state."""
    sources: dict[str, str] = {}
    """The text of what it reaches, as far as no place before it does."""


def specs_of(stores: Stores, name: str, graph: Graph) -> dict[str, Spec]:
    """The spec of each place by key, in the graph's order. Raises Invalid for a constant that cannot be kept."""
    codes: dict[int, str] = {}
    specs: dict[str, Spec] = {}
    for node in graph.nodes:
        step = node.step
        if id(step) not in codes:
            if step.imported != file_stamp(step.function):
                raise Invalid(
                    f"{step.function.__code__.co_filename} changed since it was imported, so it cannot be told which code "
                    f"step {step.name!r} would run. Start the program again, or reload the module"
                )
            codes[id(step)] = code_digest(step)
        specs[node.key] = Spec(
            pipeline=name,
            step=step.name,
            module=module_name(step.function.__module__),
            qualname=step.function.__qualname__,
            arguments=_arguments(stores, node),
            mapped=list(node.mapped),
            guards=_guards(stores, node),
            outputs=list(step.outputs),
            code=codes[id(step)],
            environment=environment(step.packages, step.options),
            after=[other.key for other in node.after],
            runs=node.runs,
            early=node.early,
            hook=node.hook,
            program=step.program,
            **_options(node),
        )
    return specs


def _options(node: Node) -> dict[str, Any]:
    found = {name: getattr(node.step.options, name) for name in Options.__struct_fields__}
    return {**found, "cache": found["cache"] and not node.runs and not node.hook}


def _arguments(stores: Stores, node: Node) -> dict[str, Any]:
    made: dict[str, Any] = {}
    allow = node.step.options.allow_pickle

    def blobs() -> Blobs:
        return stores.blobs

    for name, value in node.arguments.items():
        what = f"Argument {name!r} of step {node.key!r}"
        if name in node.mapped and isinstance(value, (list, tuple, range)):
            made[name] = {"l": [template(item, blobs, what=what, allow_pickle=allow) for item in value]}
        else:
            made[name] = template(value, blobs, what=what, allow_pickle=allow)
    return made


def _guards(stores: Stores, node: Node) -> list[SpecGuard]:
    what = f"The condition of step {node.key!r}"
    return [
        SpecGuard(template(one.condition, lambda: stores.blobs, what=what), one.expected, _said(one))
        for one in node.guards
    ]


def _said(guard: Guard) -> str:
    return str(guard.condition) if guard.expected else f"not ({guard.condition})"


def publish(
    stores: Stores, name: str, graph: Graph, specs: dict[str, Spec], *, params: dict[str, Any] | None = None
) -> Version:
    """The version that holds this graph and its code: the newest one when it is the same, else a new one.

    Args:
        params: JSON schema of the pipeline's params.
    """
    nodes = [_plan_node(node.step, node.key, specs[node.key]) for node in graph.nodes]
    newest = stores.versions.find(KIND, name)
    content = digest(canonical_json([nodes, params or {}]))
    if newest is not None and newest.metadata.get("content") == content:
        return newest
    data = canonical_json(_with_sources(graph, nodes))
    inline = len(data) <= INLINE_LIMIT_BYTES
    tree = None if inline else stores.blobs.put_tree({FILE: data})
    draft = Draft(
        id=ids.new_id(),
        kind=KIND,
        name=name,
        digest=tree.digest if tree else digest(data),
        size_bytes=tree.size_bytes if tree else len(data),
        files=tree.files if tree else 0,
        inline=data if inline else None,
        type="json",
        metadata={"content": content, "steps": len(nodes), **({"params": params} if params else {})},
        created_at_ms=now_ms(),
    )
    return stores.versions.publish([draft])[0]


def _with_sources(graph: Graph, nodes: list[PlanNode]) -> list[PlanNode]:
    found: dict[int, Reached] = {}
    told: set[str] = set()
    whole = []
    for node, shown in zip(graph.nodes, nodes, strict=True):
        code = found[id(node.step)] if id(node.step) in found else reached(node.step)
        found[id(node.step)] = code
        sources = {name: text for name, text in code.sources.items() if name not in told}
        told |= sources.keys()
        whole.append(msgspec.structs.replace(shown, reaches=code.pieces, sources=sources))
    return whole


def published_nodes(stores: Stores, version: Version) -> list[PlanNode]:
    """The places of a published pipeline, in the graph's order."""
    data = version.inline
    if data is None:
        entry = stores.blobs.find_entry(version.digest, FILE)
        data = stores.blobs.get_bytes(entry.digest) if entry is not None else b"[]"
    return msgspec.json.decode(data, type=list[PlanNode])


def _plan_node(step: Step[..., Any], key: str, spec: Spec) -> PlanNode:
    inputs = {name: sorted(set(dependencies(value))) for name, value in spec.arguments.items()}
    return PlanNode(
        key,
        spec.step,
        f"{spec.module}:{spec.qualname}",
        {name: keys for name, keys in inputs.items() if keys},
        spec.mapped,
        spec.outputs,
        spec.code,
        step_source(step),
        [guard.says for guard in spec.guards],
    )
