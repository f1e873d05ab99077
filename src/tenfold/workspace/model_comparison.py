"""Versions of a model side by side: what they came to, what made them, what they expect, what they were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tenfold.base.flat import flat
from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there, versions_there
from tenfold.models.figures import columns_of, metrics_of, requirements_of
from tenfold.records import Run, Version
from tenfold.workspace.lineage import walk

SECTIONS = ("facts", "metrics", "params", "signature", "requirements", "data", "tags")
_SAID = frozenset({"blessing", "verdict", "evaluation"})


class ModelComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Each section is {key: one value a version, in the order of `addresses`}; None where a version has none.

    `data` says which version of each dataset a version descends from.
    """

    addresses: list[str]
    facts: dict[str, list[Any]]
    metrics: dict[str, list[float | None]]
    params: dict[str, list[Any]]
    signature: dict[str, list[str | None]]
    requirements: dict[str, list[str | None]]
    data: dict[str, list[str | None]]
    tags: dict[str, list[str | None]]


def compare_models(stores: Stores, versions: Sequence[Version]) -> ModelComparison:
    """Two or more versions side by side, of one model or several. Params are those of the runs that trained them."""
    runs = runs_there(stores, list(dict.fromkeys(v.run_id for v in versions if v.run_id)))
    judged = [v.tags["evaluation"] for v in versions if "evaluation" in v.tags]
    evaluations = versions_there(stores, list(dict.fromkeys(judged)))
    ancestry = [_ancestry(stores, version) for version in versions]
    trained = runs_there(stores, list(dict.fromkeys(run for run, _ in ancestry if run)))
    made = [
        trained.get(run_id or "") or runs.get(v.run_id or "") for v, (run_id, _) in zip(versions, ancestry, strict=True)
    ]
    metrics = [metrics_of(v, runs.get(v.run_id or ""), evaluations.get(v.tags.get("evaluation", ""))) for v in versions]
    return ModelComparison(
        addresses=[version.address for version in versions],
        facts=_beside([_facts(v, run) for v, run in zip(versions, made, strict=True)]),
        metrics=_beside(metrics),
        params=_beside([flat(run.params) if run else {} for run in made]),
        signature=_beside([columns_of(version) for version in versions]),
        requirements=_beside([requirements_of(version) for version in versions]),
        data=_beside([data for _, data in ancestry]),
        tags=_beside([{k: t for k, t in v.tags.items() if k not in _SAID} for v in versions]),
    )


def differing(section: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The rows of a section in which the versions differ."""
    return {key: values for key, values in section.items() if any(value != values[0] for value in values)}


def _facts(version: Version, run: Run | None) -> dict[str, Any]:
    return {
        "created_at_ms": version.created_at_ms,
        "verdict": version.tags.get("blessing"),
        "format": version.type.partition("/")[2] or version.type,
        "size_bytes": version.size_bytes,
        "files": version.files,
        "trained by": f"run:{run.id}" if run else None,
        "commit": run.code.commit if run and run.code else None,
        "author": version.author or (run.user if run else None) or None,
        "message": version.message or None,
        "description": version.description or None,
    }


def _ancestry(stores: Stores, version: Version) -> tuple[str | None, dict[str, str]]:
    """The run that trained a version, behind those that registered it; and {dataset: versions it descends from}."""
    graph = walk(stores, f"version:{version.id}", direction="up", descent=True)
    data: dict[str, set[int]] = {}
    for node in graph.nodes:
        if node.sort == "version" and node.kind == "data":
            name, _, number = node.address.rpartition("@v")
            data.setdefault(name, set()).add(int(number))
    models = {node.id for node in graph.nodes if node.sort == "version" and node.kind == "model"}
    makers = {link.source for link in graph.links if link.target in models}
    runs = [node for node in graph.nodes if node.sort == "run" and node.id in makers]
    trained = min(runs, key=lambda node: node.depth, default=None)
    said = {name: ", ".join(f"v{number}" for number in sorted(numbers)) for name, numbers in sorted(data.items())}
    return (trained.id.partition(":")[2] if trained else None), said


def _beside(columns: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for column in columns for key in column)
    return {key: [column.get(key) for column in columns] for key in keys}
