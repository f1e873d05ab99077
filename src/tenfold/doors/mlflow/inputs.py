"""What runs say they read and made: data sets and logged models. They become edges of the lineage graph."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.hashing import digest, json_digest
from tenfold.doors.mlflow import logged_models, runs
from tenfold.doors.mlflow.around import KIND, role_of
from tenfold.doors.mlflow.calls import Call
from tenfold.doors.mlflow.checks import check_length
from tenfold.doors.mlflow.errors import invalid
from tenfold.records import Draft, Edge

_FIELDS = {"name": 500, "digest": 36, "source_type": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}


def log_inputs(call: Call) -> dict[str, Any]:
    run = runs.active(call.stores, call.run_id())
    drafts, edges = [], []
    for index, each in enumerate(call.many("datasets")):
        data = each.get("dataset") if isinstance(each, dict) else None
        if not isinstance(data, dict):
            raise invalid(f"Missing value for required parameter 'datasets[{index}].dataset'.")
        draft = _draft(data, call.now, f"datasets[{index}].dataset")
        role = role_of({tag["key"]: str(tag.get("value", "")) for tag in each.get("tags") or [] if _is_tag(tag)})
        drafts.append(draft)
        at_ms = call.now + index  # edges are told in order of time, data sets in the order they were logged
        edges.append(Edge(run_id=run.id, version_id=draft.id, direction="used", role=role, at_ms=at_ms))
    for each in call.many("models"):
        model = logged_models.load(call.stores, str(each.get("model_id")) if isinstance(each, dict) else "")
        edges.append(Edge(run_id=run.id, version_id=model.id, direction="used", role="model", at_ms=call.now))
    if drafts:
        call.stores.versions.publish(list({draft.id: draft for draft in drafts}.values()))
    if edges:
        call.stores.lineage.add(edges)
    return {}


def log_outputs(call: Call) -> dict[str, Any]:
    run = runs.active(call.stores, call.run_id())
    edges = []
    for each in call.many("models"):
        given = each if isinstance(each, dict) else {}
        model = logged_models.load(call.stores, str(given.get("model_id")))
        step = int(given.get("step") or 0)
        role = f"{logged_models.ROLE}@{step}" if step else logged_models.ROLE
        edges.append(Edge(run_id=run.id, version_id=model.id, direction="produced", role=role, at_ms=call.now))
    if edges:
        call.stores.lineage.add(edges)
    return {}


def _is_tag(given: object) -> bool:
    return isinstance(given, dict) and isinstance(given.get("key"), str)


def _draft(data: dict[str, Any], now: int, path: str) -> Draft:
    """A data set as a version; the same one in a second run is the same version."""
    kept: dict[str, str] = {}
    for field, limit in _FIELDS.items():
        value = data.get(field)
        if value is None and field not in ("schema", "profile"):
            raise invalid(f"Missing value for required parameter '{path}.{field}'.")
        if value is not None:
            kept[field] = check_length(f"{path}.{field}", str(value), limit)
    content = msgspec.json.encode(kept)
    return Draft(
        id=ids.encode(0, int(json_digest(["mlflow", kept])[:20], 16)),
        kind=KIND,
        name=kept["name"],
        digest=digest(content),
        inline=content,
        size_bytes=len(content),
        files=1,
        type="dataset/mlflow",
        metadata={"digest": kept["digest"], "source_type": kept["source_type"]},
        created_at_ms=now,
    )
