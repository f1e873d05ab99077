"""What lies round runs, as MLflow tells it: the data sets they read, the logged models they read and made."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from tenfold.contracts import Stores
from tenfold.doors.mlflow import logged_models
from tenfold.doors.mlflow.calls import pairs
from tenfold.records import Edge, Version

KIND = "reference"
"""Data that lies somewhere else: named, described and used by runs, but not kept here."""

CONTEXT = "mlflow.data.context"


class Around(msgspec.Struct):
    """What lies round one run."""

    datasets: list[dict[str, Any]] = []
    models_in: list[dict[str, Any]] = []
    models_out: list[dict[str, Any]] = []


def around_runs(stores: Stores, run_ids: list[str]) -> dict[str, Around]:
    """By run; runs with neither data sets nor models are left out."""
    edges = [edge for edge in stores.lineage.of_runs(run_ids) if edge.direction == "used" or _is_model(edge)]
    if not edges:
        return {}
    versions = {v.id: v for v in stores.versions.get(list({edge.version_id for edge in edges}))}
    found: dict[str, Around] = {}
    for edge in edges:
        version = versions[edge.version_id]
        around = found.setdefault(edge.run_id, Around())
        if version.kind == logged_models.KIND:
            if edge.direction == "used":
                around.models_in.append({"model_id": version.name})
            elif all(model["model_id"] != version.name for model in around.models_out):
                around.models_out.append({"model_id": version.name, "step": _step(edge)})
        elif edge.direction == "used":
            around.datasets.append({"tags": pairs(tags_of(edge.role)), "dataset": _dataset(version)})
    return found


def role_of(tags: dict[str, str]) -> str:
    """An input's tags as the role of an edge: its context, and behind a ? what more was said, as a query."""
    context = tags.get(CONTEXT, "")
    plain = tags == {CONTEXT: context} and context and "?" not in context
    return context if plain else f"{context.partition('?')[0] or 'input'}?{urlencode(tags)}"


def tags_of(role: str) -> dict[str, str]:
    """The tags that a role was made from; of another's role, the role as context."""
    context, query, said = role.partition("?")
    return dict(parse_qsl(said, keep_blank_values=True)) if query else {CONTEXT: context}


def _is_model(edge: Edge) -> bool:
    return edge.role == logged_models.ROLE or edge.role.startswith(logged_models.ROLE + "@")


def _step(edge: Edge) -> int:
    _, _, step = edge.role.partition("@")
    return int(step) if step.lstrip("-").isdecimal() else 0


def _dataset(version: Version) -> dict[str, str]:
    if version.kind == KIND and version.inline is not None:
        return dict(msgspec.json.decode(version.inline))
    return {"name": version.name, "digest": version.digest[:8], "source_type": "tenfold", "source": version.address}
