"""Versions of registered models: Tenfold's own versions of kind `model`, whoever made them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from tenfold.base import ids
from tenfold.base.errors import RunNotFound
from tenfold.contracts import Stores
from tenfold.doors.mlflow import filters
from tenfold.doors.mlflow.calls import Call, page, pairs
from tenfold.doors.mlflow.checks import STAGES, check_key, check_length, check_model_name, check_source, version_number
from tenfold.doors.mlflow.checks import stage_of as spelled
from tenfold.doors.mlflow.errors import invalid, missing
from tenfold.doors.mlflow.experiments import HIDDEN, visible
from tenfold.doors.mlflow.files import REGISTERED, Files, ModelFiles, RegisteredFiles, RunFiles, files_at, within
from tenfold.models import Registered
from tenfold.records import Draft, Entry, Move, Ref, Tree, Version

KIND = "model"
REGISTERED_KIND = "registered-model"
"""Kind of the record that keeps description and tags of a model as a whole; see registry.py."""

UPDATED, STAGE = HIDDEN + "updated_ms", HIDDEN + "stage"
TAG_CHARACTERS = 100_000
PROMPT = "mlflow.prompt.is_prompt"
"""Tag of a model or version that is a prompt: those are searched for by this tag alone."""

_VERSION_URI = re.compile(r"models:/+([^/]+)/(\d+)/?")
_ATTRIBUTES = (
    "name", "version_number", "run_id", "source_path", "creation_timestamp", "last_updated_timestamp",
)  # fmt: skip


def load(stores: Stores, name: str, number: int) -> Version:
    """A version that is not in the bin. Raises MlflowError."""
    found = stores.versions.find(KIND, name, number)
    if found is None or found.deleted_at_ms is not None:
        raise missing(f"Model Version (name={name}, version={number}) not found")
    return found


def every_version(
    stores: Stores, name: str | None = None, run_id: str | None = None, *, deleted: bool = False
) -> list[Version]:
    """All versions, the highest number first. Of a run that is not here, as an import leaves some, all are looked at."""
    run_id = run_id if run_id and _run(stores, run_id) else None
    found: list[Version] = []
    while True:
        some = stores.versions.search(KIND, name, run_id=run_id, deleted=deleted, offset=len(found), limit=1000)
        found += some
        if len(some) < 1000:
            return sorted(found, key=lambda version: -version.number)


def touch_model(call: Call, name: str) -> None:
    """Note that a model as a whole changed, where a record is kept of it."""
    if (record := call.stores.versions.find(REGISTERED_KIND, name)) is not None:
        call.stores.versions.describe(record.id, tags={UPDATED: str(call.now)})


def touch(call: Call, version: Version, **change: Any) -> Version:
    """Change description or tags, and note when."""
    tags = {**(change.pop("tags", None) or {}), UPDATED: str(call.now)}
    return call.stores.versions.describe(version.id, tags=tags, **change)


def asked(call: Call) -> Version:
    """The version a call is about."""
    return load(call.stores, check_model_name(call.text("name")), version_number(call.text("version")))


def create(call: Call) -> dict[str, Any]:
    name, source = check_model_name(call.text("name")), call.text("source")
    tags = {
        check_key(k, "key", "Tag name"): check_length("value", v, TAG_CHARACTERS) for k, v in call.pairs("tags").items()
    }
    if call.stores.versions.find(REGISTERED_KIND, name) is None and call.stores.versions.find(KIND, name) is None:
        raise missing(f"Registered Model with name={name} not found")
    model_id = call.find("model_id") or _logged(source)
    if PROMPT not in tags:
        check_source(source, call.find("run_id") or "", model_id or "")
    given = call.find("run_id") or _run_of(call.stores, model_id)
    tree = call.stores.blobs.put_tree({}) if PROMPT in tags else _tree(call.stores, source)
    run_id = _run(call.stores, given)
    said = {
        "source": source,
        "storage": _storage(call.stores, source),
        "model_id": model_id,
        "run_link": call.find("run_link"),
        "run_id": given if not run_id else None,
    }
    draft = Draft(
        id=ids.new_id(),
        kind=KIND,
        name=name,
        digest=tree.digest,
        size_bytes=tree.size_bytes,
        files=tree.files,
        type="model/mlflow",
        metadata={key: value for key, value in said.items() if value},
        message="registered through MLflow's API",
        run_id=run_id,
        role="model",
        created_at_ms=call.now,
        description=call.find("description") or "",
        tags=tags,
    )
    return {"model_version": told(call.stores.versions.publish([draft])[0], [])}


def _run_of(stores: Stores, model_id: str | None) -> str:
    """The run that made a logged model, or ''."""
    return str(ModelFiles(stores, model_id).model.metadata["source_run_id"]) if model_id else ""


def _storage(stores: Stores, source: str) -> str | None:
    """Where the files of a version lie that is a copy of another whose files never came here."""
    named = _VERSION_URI.fullmatch(source)
    copied = stores.versions.find(KIND, unquote(named[1]), int(named[2])) if named else None
    return None if copied is None or copied.files else str(copied.metadata.get("storage") or _source(copied))


def _run(stores: Stores, run_id: str) -> str | None:
    try:
        return stores.runs.get([run_id])[0].id if run_id else None
    except RunNotFound:
        return None


def _logged(source: str) -> str | None:
    found = re.fullmatch(r"models:/+(m-[0-9a-f]{32})/?", source)
    return found[1] if found else None


def _tree(stores: Stores, source: str) -> Tree:
    """The files a source names, as a tree of their own that no deletion of the run takes away; nothing is copied.

    A source elsewhere, in a bucket say, is a tree without files: the client fetches it from there.
    """
    files, under = _files(stores, source)
    if files is None:
        return stores.blobs.put_tree({})
    prefix = f"{under}/" if under else ""
    kept: dict[str, Entry | bytes] = {}
    for file in files.all():
        if within(file.path, under) and file.path != under:
            kept[file.path[len(prefix) :]] = files.content(file)
    return stores.blobs.put_tree(kept)


def _files(stores: Stores, source: str) -> tuple[Files | None, str]:
    if model_id := _logged(source):
        return ModelFiles(stores, model_id), ""
    parts = urlsplit(source)
    path = parts.path.strip("/")
    if parts.scheme == "runs":
        run_id, _, under = path.partition("/")
        return (RunFiles(stores, run_id), under) if _run(stores, run_id) else (None, "")
    if named := _VERSION_URI.fullmatch(source):
        return RegisteredFiles(stores, unquote(named[1]), int(named[2])), ""
    if parts.scheme == "mlflow-artifacts" or "mlflow-artifacts/artifacts/" in path:
        return files_at(stores, path.partition("mlflow-artifacts/artifacts/")[2] or path)
    return None, ""


def get(call: Call) -> dict[str, Any]:
    version = asked(call)
    return _answer(call, version)


def update(call: Call) -> dict[str, Any]:
    return _answer(call, touch(call, asked(call), description=call.find("description") or ""))


def delete(call: Call) -> dict[str, Any]:
    version = asked(call)
    for ref in call.stores.refs.all(KIND, version.name):
        if ref.version_id == version.id:
            move = Move(ref=ref.ref, to=None, expect=version.id, why="the version was deleted")
            call.stores.refs.move(KIND, version.name, move, at_ms=call.now)
    call.stores.versions.set_deleted([version.id], at_ms=call.now)
    touch_model(call, version.name)
    return {}


def search(call: Call) -> dict[str, Any]:
    text = call.find("filter")
    clauses = filters.parse(text, attributes=_ATTRIBUTES)
    named, made_by = filters.wanted(clauses, "name"), filters.wanted(clauses, "run_id")
    found = filters.matching(every_version(call.stores, named, made_by), clauses, _value)
    if PROMPT not in (text or ""):
        found = [version for version in found if version.tags.get(PROMPT) != "true"]
    default, orders = ["name ASC", "version_number DESC"], call.texts("order_by")
    orders = orders or ["last_updated_timestamp DESC"]
    found = filters.ordered(found, orders, _value, allowed=_ATTRIBUTES, default=default)
    shown, following = page(call, found, default=200_000, most=200_000)
    refs = {name: call.stores.refs.all(KIND, name) for name in {version.name for version in shown}}
    return {"model_versions": [told(version, refs[version.name]) for version in shown], **following}


def _value(version: Version, family: str, key: str) -> Any:
    if family == "tags":
        return visible(version.tags).get(key, "false" if key == PROMPT else None)
    values = {
        "name": version.name,
        "version_number": version.number,
        "run_id": version.run_id or version.metadata.get("run_id") or "",
        "source_path": _source(version),
        "creation_timestamp": version.created_at_ms,
        "last_updated_timestamp": _updated(version),
    }
    return values.get(key)


def download_uri(call: Call) -> dict[str, Any]:
    """Where the files are: in the version itself, unless they never came here."""
    version = asked(call)
    if version.files:
        return {"artifact_uri": f"mlflow-artifacts:/{REGISTERED}/{version.name}/{version.number}/artifacts"}
    return {"artifact_uri": str(version.metadata.get("storage") or _source(version))}


def transition(call: Call) -> dict[str, Any]:
    """Bring a version into a stage. The ref of that name goes to it too, and so has the history of its moves."""
    version, stage = asked(call), spelled(call.text("stage"))
    archive = call.flag("archive_existing_versions")
    if archive and stage not in ("Staging", "Production"):
        raise invalid(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. Valid stages are Staging and Production"
        )
    refs = call.stores.refs.all(KIND, version.name)
    if archive:
        for other in every_version(call.stores, version.name):
            if other.id != version.id and stage_of(other, refs) == stage:
                touch(call, other, tags={STAGE: "Archived"})
    why = "brought into its stage through MLflow's API"
    if stage in ("Staging", "Production"):
        Registered(call.stores, version.name).set_alias(stage, version.id, why=why)
    for ref in refs:
        if ref.version_id == version.id and ref.ref in STAGES and ref.ref != stage:
            move = Move(ref=ref.ref, to=None, expect=version.id, why=why)
            call.stores.refs.move(KIND, version.name, move, at_ms=call.now)
    touch_model(call, version.name)
    return _answer(call, touch(call, version, tags={STAGE: stage}))


def set_tag(call: Call) -> dict[str, Any]:
    key = check_key(call.text("key"), "key", "Tag name")
    touch(call, asked(call), tags={key: check_length("value", call.find("value") or "", TAG_CHARACTERS)})
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    touch(call, asked(call), tags={call.text("key"): None})
    return {}


def stage_of(version: Version, refs: list[Ref]) -> str:
    """The stage a version is in: as a client said, or as a ref called Staging or Production says."""
    if said := version.tags.get(STAGE):
        return said
    return next((ref.ref for ref in refs if ref.version_id == version.id and ref.ref in STAGES), "None")


def _answer(call: Call, version: Version) -> dict[str, Any]:
    return {"model_version": told(version, call.stores.refs.all(KIND, version.name))}


def _source(version: Version) -> str:
    return str(
        version.metadata.get("source") or f"mlflow-artifacts:/{REGISTERED}/{version.name}/{version.number}/artifacts"
    )


def _updated(version: Version) -> int:
    return int(version.tags.get(UPDATED, version.created_at_ms))


def told(version: Version, refs: list[Ref]) -> dict[str, Any]:
    """A version as the client reads it."""
    said = {
        "name": version.name,
        "version": str(version.number),
        "creation_timestamp": version.created_at_ms,
        "last_updated_timestamp": _updated(version),
        "user_id": version.author,
        "current_stage": stage_of(version, refs),
        "description": version.description,
        "source": _source(version),
        "run_id": version.run_id or version.metadata.get("run_id") or "",
        "run_link": version.metadata.get("run_link") or "",
        "model_id": version.metadata.get("model_id") or "",
        "status": "READY",
        "tags": pairs(visible(version.tags)),
        "aliases": [ref.ref for ref in refs if ref.version_id == version.id and ref.ref not in STAGES],
    }
    return {key: value for key, value in said.items() if key == "description" or value not in ("", [])}
