"""Logged models: what MLflow 3 calls a model before it is registered.

Each is an artifact of kind `logged-model` whose name is the model's id. Its newest version holds the files that have
arrived so far as one tree; the ref `head` is moved along, so that two uploads at once lose nothing. Status and metrics
are tags of that version that only the door sees.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import RefMoved, RunNotFound
from tenfold.contracts import Stores
from tenfold.doors.mlflow import experiments, filters
from tenfold.doors.mlflow.calls import Call, number, page, pairs
from tenfold.doors.mlflow.checks import check_logged_model_name
from tenfold.doors.mlflow.errors import MlflowError, invalid, missing
from tenfold.doors.mlflow.experiments import HIDDEN, visible
from tenfold.records import Draft, Entry, Move, Version

if TYPE_CHECKING:
    from tenfold.doors.mlflow.values import Metric

KIND, ROLE, HEAD = "logged-model", "logged-model", "head"
_STATUS, _UPDATED, _METRIC = HIDDEN + "status", HIDDEN + "updated_ms", HIDDEN + "metric."
_STATUSES = {"1": "LOGGED_MODEL_PENDING", "2": "LOGGED_MODEL_READY", "3": "LOGGED_MODEL_UPLOAD_FAILED"}
_ATTRIBUTES = (
    "name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "creation_time",
    "last_updated_timestamp", "experiment_id",
)  # fmt: skip
_ATTEMPTS = 200

Files = Mapping[str, Path | bytes | Entry]


def load(stores: Stores, model_id: str) -> Version:
    """The newest version of a logged model. Raises MlflowError."""
    found = stores.versions.find(KIND, model_id) if model_id else None
    if found is None:
        raise missing(f"Logged model with ID '{model_id}' not found.")
    return _whole(stores, found)


def _whole(stores: Stores, model: Version) -> Version:
    """A logged model with all that the door reads of one, also when an import made it of what MLflow kept."""
    if "experiment_id" in model.metadata and _STATUS in model.tags:
        return model
    run_id = _run(stores, model.run_id or "")
    project = stores.runs.get([run_id])[0].project if run_id else experiments.DEFAULT
    own = {"experiment_id": experiments.of_projects(stores, {project})[project].id, "source_run_id": run_id or ""}
    others = {"name": model.name, "model_type": "", "params": {}, "created_ms": model.created_at_ms}
    tags = {_STATUS: _STATUSES["2"], **model.tags}
    return msgspec.structs.replace(model, metadata={**own, **others, **model.metadata}, tags=tags)


def create(call: Call) -> dict[str, Any]:
    experiment = experiments.active(call.stores, call.text("experiment_id"))
    given = call.find("name")
    name = check_logged_model_name(given) if given is not None else f"model-{secrets.token_hex(4)}"
    metadata = {
        "experiment_id": experiment.id,
        "name": name,
        "model_type": call.find("model_type") or "",
        "source_run_id": call.find("source_run_id") or "",
        "params": call.pairs("params"),
        "created_ms": call.now,
    }
    tags = {**call.pairs("tags"), _STATUS: _STATUSES["1"]}
    model_id = f"m-{secrets.token_hex(16)}"
    tree = call.stores.blobs.put_tree({})
    head = Move(ref=HEAD, expect=None)
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=model_id, digest=tree.digest, type="model/mlflow", metadata=metadata,
        created_at_ms=call.now, moves=[head], tags=tags,
    )  # fmt: skip
    return {"model": told(call.stores, call.stores.versions.publish([draft])[0])}


def change(
    stores: Stores,
    model_id: str,
    files: Callable[[dict[str, Entry]], Files] | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    finished: bool = False,
    at_ms: int,
) -> Version:
    """Publish the next version of a logged model: other files, metadata or tags. Two changes at once both come to be."""
    for _ in range(_ATTEMPTS):
        now = load(stores, model_id)
        digest, size, count = now.digest, now.size_bytes, now.files
        if files is not None:
            tree = stores.blobs.put_tree(files({entry.path: entry for entry in stores.blobs.entries(now.digest)}))
            digest, size, count = tree.digest, tree.size_bytes, tree.files
        said = {**now.metadata, **(metadata or {})}
        draft = Draft(
            id=ids.new_id(),
            kind=KIND,
            name=model_id,
            digest=digest,
            size_bytes=size,
            files=count,
            type=now.type,
            metadata=said,
            parents=[now.id],
            run_id=_run(stores, said["source_run_id"]) if finished else now.run_id,
            role=ROLE,
            created_at_ms=at_ms,
            moves=[Move(ref=HEAD, expect=now.id if stores.refs.find(KIND, model_id, HEAD) else None)],
            tags={**now.tags, **(tags or {}), _UPDATED: str(at_ms)},
        )
        try:
            return stores.versions.publish([draft])[0]
        except RefMoved:
            continue
    raise MlflowError("RESOURCE_CONFLICT", f"Too many changes of logged model '{model_id}' at once. Try again")


def _run(stores: Stores, run_id: str) -> str | None:
    try:
        return stores.runs.get([run_id])[0].id if run_id else None
    except RunNotFound:
        return None


def get(call: Call) -> dict[str, Any]:
    return {"model": told(call.stores, load(call.stores, call.text("model_id")))}


def finalize(call: Call) -> dict[str, Any]:
    status = str(call.get("status") or "")
    status = _STATUSES.get(status, status)
    if status not in ("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"):
        raise invalid(
            f"Invalid model status: {status}. Expected statuses: LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED"
        )
    tags = {_STATUS: status}
    model = change(call.stores, call.text("model_id"), tags=tags, finished=True, at_ms=call.now)
    return {"model": told(call.stores, model)}


def delete(call: Call) -> dict[str, Any]:
    model = load(call.stores, call.text("model_id"))
    every = call.stores.versions.search(KIND, model.name, limit=100_000)
    call.stores.versions.set_deleted([version.id for version in every], at_ms=call.now)
    return {}


def set_tags(call: Call) -> dict[str, Any]:
    model = load(call.stores, call.text("model_id"))
    tags: dict[str, str | None] = {**call.pairs("tags"), _UPDATED: str(call.now)}
    return {"model": told(call.stores, call.stores.versions.describe(model.id, tags=tags))}


def delete_tag(call: Call) -> dict[str, Any]:
    model, key = load(call.stores, call.text("model_id")), call.text("tag_key")
    if key not in visible(model.tags):
        raise missing(f"No tag with key {key!r} found for model with ID {model.name!r}.")
    call.stores.versions.describe(model.id, tags={key: None})
    return {}


def log_params(call: Call) -> dict[str, Any]:
    model = load(call.stores, call.text("model_id"))
    params = {**model.metadata["params"], **call.pairs("params")}
    change(call.stores, model.name, metadata={"params": params}, at_ms=call.now)
    return {}


def note_metrics(stores: Stores, run_id: str, metrics: list[Metric]) -> None:
    """Keep the latest of each metric that a run logged of a model, beside the run's own series."""
    of_model: dict[str, dict[str, str | None]] = {}
    for metric in metrics:
        said = {
            "key": metric.key,
            "value": number(metric.value),
            "timestamp": metric.timestamp,
            "step": metric.step,
            "model_id": metric.model_id,
            "run_id": run_id,
            "dataset_name": metric.dataset_name,
            "dataset_digest": metric.dataset_digest,
        }
        kept = {key: value for key, value in said.items() if value is not None}
        tag = f"{_METRIC}{metric.key}@{metric.dataset_name or ''}"
        of_model.setdefault(metric.model_id or "", {})[tag] = msgspec.json.encode(kept).decode()
    for model_id, tags in of_model.items():
        stores.versions.describe(load(stores, model_id).id, tags=tags)


def search(call: Call) -> dict[str, Any]:
    wanted = set(call.texts("experiment_ids"))
    found: dict[str, Version] = {}
    start = 0
    while some := call.stores.versions.search(KIND, offset=start, limit=1000):
        for each in some:
            version = _whole(call.stores, each)
            known = found.get(version.name)
            inside = not wanted or version.metadata["experiment_id"] in wanted
            if inside and (known is None or known.number < version.number):
                found[version.name] = version
        start += len(some)
    clauses = filters.parse(call.find("filter"), attributes=_ATTRIBUTES)
    datasets = _datasets(call)

    def value_of(model: Version, family: str, key: str) -> Any:
        return _value(model, family, key, datasets)

    models = [model for model in found.values() if not datasets or _metrics(model, datasets)]
    models = filters.matching(models, clauses, value_of)
    orders = []
    for by in call.many("order_by"):
        if not isinstance(by, dict) or not by.get("field_name"):
            raise invalid("Missing value for required parameter 'order_by.field_name'.")
        orders.append(f"{by['field_name']} {'ASC' if by.get('ascending', True) else 'DESC'}")
    default = ["creation_timestamp DESC", "model_id ASC"]
    models = filters.ordered(models, orders, value_of, allowed=_ATTRIBUTES, default=default)
    shown, following = page(call, models, default=100, most=1000)
    return {"models": [told(call.stores, model) for model in shown], **following}


def _datasets(call: Call) -> set[tuple[str, str | None]]:
    """The data sets whose metrics alone count, by name and, where given, digest."""
    found: set[tuple[str, str | None]] = set()
    for index, each in enumerate(call.many("datasets")):
        if not isinstance(each, dict) or not each.get("dataset_name"):
            raise invalid(f"Missing value for required parameter 'datasets[{index}].dataset_name'.")
        found.add((each["dataset_name"], each.get("dataset_digest")))
    return found


def _value(model: Version, family: str, key: str, datasets: set[tuple[str, str | None]]) -> Any:
    if family == "tags":
        return visible(model.tags).get(key)
    if family == "params":
        return model.metadata["params"].get(key)
    if family == "metrics":
        values = [float(metric["value"]) for metric in _metrics(model, datasets) if metric["key"] == key]
        return values[0] if values else None
    values_of: dict[str, Any] = {
        "model_id": model.name,
        "status": model.tags[_STATUS].removeprefix("LOGGED_MODEL_"),
        "creation_timestamp": model.metadata["created_ms"],
        "creation_time": model.metadata["created_ms"],
        "last_updated_timestamp": int(model.tags.get(_UPDATED, model.created_at_ms)),
    }
    return values_of.get(key, model.metadata.get(key))


def _metrics(model: Version, datasets: set[tuple[str, str | None]] | None = None) -> list[dict[str, Any]]:
    found = [msgspec.json.decode(value) for key, value in sorted(model.tags.items()) if key.startswith(_METRIC)]
    if not datasets:
        return found
    sets = [(metric.get("dataset_name"), metric.get("dataset_digest")) for metric in found]
    return [
        metric for metric, (name, digest) in zip(found, sets, strict=True) if {(name, digest), (name, None)} & datasets
    ]


def uri(model: Version) -> str:
    """Where the client finds the model's files."""
    return f"mlflow-artifacts:/{model.metadata['experiment_id']}/models/{model.name}/artifacts"


def told(stores: Stores, model: Version) -> dict[str, Any]:
    """A logged model as the client reads it."""
    said = (model := _whole(stores, model)).metadata
    registered = [
        {"name": version.name, "version": version.number}
        for version in reversed(stores.versions.search("model", digest=model.digest, limit=1000))
        if version.metadata.get("model_id") == model.name
    ]
    tags = visible(model.tags)
    if registered:  # as MLflow keeps them too; whoever reads the tag finds it as it was written there
        tags["mlflow.modelVersions"] = json.dumps(registered)
    info = {
        "model_id": model.name,
        "experiment_id": said["experiment_id"],
        "name": said["name"],
        "creation_timestamp_ms": said["created_ms"],
        "last_updated_timestamp_ms": int(model.tags.get(_UPDATED, model.created_at_ms)),
        "artifact_uri": uri(model),
        "status": model.tags[_STATUS],
        "model_type": said["model_type"],
        "source_run_id": said["source_run_id"],
        "tags": pairs(tags),
        "registrations": [{**each, "version": str(each["version"])} for each in registered],
    }
    return {
        "info": {key: value for key, value in info.items() if value != ""},
        "data": {"params": pairs(said["params"]), "metrics": _metrics(model)},
    }
