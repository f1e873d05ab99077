"""Runs: created, read, searched, ended, put into the bin. Params, tags and metrics are written in values.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import InvalidSearch, RunNotFound
from tenfold.contracts import Stores
from tenfold.doors.mlflow import datasets, experiments
from tenfold.doors.mlflow.around import Around, around_runs
from tenfold.doors.mlflow.calls import Call, max_results, number, offset, pairs, token
from tenfold.doors.mlflow.checks import TAG_CHARACTERS, check_key, check_length
from tenfold.doors.mlflow.errors import invalid, missing
from tenfold.doors.mlflow.experiments import Experiment
from tenfold.records import And, CodeVersion, Compare, Not, Or, Order, Run, RunChange, RunQuery, RunState, SeriesInfo
from tenfold.records.search import Expression

NAME, USER, PARENT, NOTE = "mlflow.runName", "mlflow.user", "mlflow.parentRunId", "mlflow.note.content"
COMMIT, SOURCE = "mlflow.source.git.commit", "mlflow.source.name"

NO_HEARTBEAT_MS = 253_402_300_799_000
"""MLflow's client says nothing while nothing is logged: its runs are never called lost for their silence."""

_STATUS: dict[RunState, str] = {
    "created": "SCHEDULED",
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
    "lost": "FAILED",
}
_STATES: dict[str, RunState] = {
    "SCHEDULED": "created", "RUNNING": "running", "FINISHED": "finished", "FAILED": "failed", "KILLED": "killed",
    "1": "running", "2": "created", "3": "finished", "4": "failed", "5": "killed",
}  # fmt: skip
_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_FIELDS = {f"tags.{NAME}": "name", f"tags.{USER}": "user", f"tags.{PARENT}": "parent_id"}
_VIEWS = {"ACTIVE_ONLY": False, "DELETED_ONLY": True, "ALL": None, "1": False, "2": True, "3": None}


def load(stores: Stores, run_id: str) -> Run:
    """A run, also one in the bin. Raises MlflowError."""
    if not _ID.fullmatch(run_id):
        raise invalid(f"Invalid value {json.dumps(run_id)} for parameter 'run_id' supplied.")
    try:
        return stores.runs.get([run_id])[0]
    except RunNotFound:
        raise missing(f"Run with id={run_id} not found") from None


def is_there(stores: Stores, run_id: str) -> bool:
    """True of the id of a run, also one in the bin."""
    try:
        return bool(_ID.fullmatch(run_id)) and bool(stores.runs.get([run_id]))
    except RunNotFound:
        return False


def active(stores: Stores, run_id: str) -> Run:
    """A run that may be changed."""
    run = load(stores, run_id)
    if run.deleted_at_ms is not None:
        raise invalid(f"The run {run_id} must be in the 'active' state. Current state is deleted.")
    return run


def create(call: Call) -> dict[str, Any]:
    experiment = experiments.active(call.stores, call.find("experiment_id") or experiments.DEFAULT_ID)
    tags = call.pairs("tags")
    for index, (key, value) in enumerate(tags.items()):
        check_length(f"tags[{index}].value", value, TAG_CHARACTERS)
        check_key(key, f"tags[{index}].key", "Tag name")
    name, tagged = call.find("run_name") or "", tags.pop(NAME, "")
    if name and tagged and name != tagged:
        raise invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
            f"different values (run_name='{name}', mlflow.runName='{tagged}')."
        )
    id_ = ids.new_id()
    run = Run(
        id=id_,
        project=experiment.name,
        name=name or tagged or _name_of(id_),
        state="running",
        user=tags.pop(USER, "") or call.find("user_id") or "",
        parent_id=tags.pop(PARENT, "") or None,
        notes=tags.pop(NOTE, ""),
        created_at_ms=call.now,
        started_at_ms=call.find_integer("start_time") or call.now,
        heartbeat_at_ms=NO_HEARTBEAT_MS,
        code=CodeVersion(commit=tags.get(COMMIT), entry_point=tags.get(SOURCE))
        if {COMMIT, SOURCE} & tags.keys()
        else None,
        tags=tags,
    )
    call.stores.runs.create([run])
    return {"run": told(run, experiment)}


def get(call: Call) -> dict[str, Any]:
    return {"run": _whole(call.stores, [load(call.stores, call.run_id())])[0]}


def update(call: Call) -> dict[str, Any]:
    run = active(call.stores, call.run_id())
    status, name = call.get("status"), call.find("run_name")
    ended = call.find_integer("end_time")
    change = RunChange(name=name) if name else None
    if status is not None:
        to = _STATES.get(str(status))
        if to is None:
            raise invalid(f"Invalid run status {status!r}. It is one of {', '.join(_STATUS.values())}")
        every: list[RunState] = list(_STATUS)
        at_ms = call.now if ended is None or to == "running" else ended
        call.stores.runs.transition(run.id, to, expect=every, at_ms=at_ms, change=change)
        if to == "running":
            call.stores.runs.heartbeat([run.id], at_ms=NO_HEARTBEAT_MS)
    elif change is not None:
        call.stores.runs.update(run.id, change)
    new = load(call.stores, run.id)
    return {"run_info": _info(new, experiments.of_projects(call.stores, {new.project})[new.project])}


def delete(call: Call) -> dict[str, Any]:
    call.stores.runs.set_deleted([load(call.stores, call.run_id()).id], at_ms=call.now)
    return {}


def restore(call: Call) -> dict[str, Any]:
    call.stores.runs.set_deleted([load(call.stores, call.run_id()).id], at_ms=None)
    return {}


def search(call: Call) -> dict[str, Any]:
    from tenfold.tracking import parse_order, parse_search

    size, start = max_results(call, default=1000, most=50_000), offset(call)
    view = str(call.get("run_view_type") or "ACTIVE_ONLY")
    if view not in _VIEWS:
        raise invalid(f"Invalid run_view_type {view!r}. It is ACTIVE_ONLY, DELETED_ONLY or ALL")
    projects = [name for id_ in call.texts("experiment_ids") if (name := _project(call.stores, id_)) is not None]
    try:
        where = parse_search(datasets.resolved(call.stores, call.find("filter") or ""))
        order = [each for text in call.texts("order_by") for each in parse_order(text)]
    except InvalidSearch as error:
        raise invalid(error.message) from error
    order = [Order(_FIELDS.get(each.field, each.field), each.descending) for each in order]
    if all(each.field != "started_at_ms" for each in order):
        order.append(Order("started_at_ms", descending=True))
    order.append(Order("id"))
    query = RunQuery(
        projects=projects,
        where=None if where is None else _here(where),
        order=order,
        deleted=_VIEWS[view],
        offset=start,
        limit=size,
        count=False,
    )
    found = call.stores.runs.search(query)
    following = {"next_page_token": token(found.next)} if found.next is not None else {}
    return {"runs": _whole(call.stores, found.items), **following}


def _project(stores: Stores, experiment_id: str) -> str | None:
    """The project of an experiment; None of one that is not there, which MLflow's search passes over too."""
    version = stores.versions.find(experiments.KIND, experiment_id)
    if version is not None and version.inline is not None:
        return version.inline.decode()
    binned = stores.versions.search(experiments.KIND, experiment_id, deleted=True, limit=1)
    if binned:
        return (binned[0].inline or b"").decode()
    return experiments.DEFAULT if experiment_id == experiments.DEFAULT_ID else None


def _here(expression: Expression) -> Expression:
    """The search with the tags that MLflow keeps names, users and parents in as what they are here."""
    if isinstance(expression, And):
        return And([_here(term) for term in expression.terms])
    if isinstance(expression, Or):
        return Or([_here(term) for term in expression.terms])
    if isinstance(expression, Not):
        return Not(_here(expression.term))
    return Compare(_FIELDS.get(expression.field, expression.field), expression.op, expression.value)


def _whole(stores: Stores, runs: list[Run]) -> list[dict[str, Any]]:
    found = experiments.of_projects(stores, {run.project for run in runs})
    run_ids = [run.id for run in runs]
    infos = stores.series.infos([run.id for run in runs if run.metrics])
    around = around_runs(stores, run_ids)
    return [told(run, found[run.project], infos.get(run.id, []), around.get(run.id)) for run in runs]


def told(
    run: Run, experiment: Experiment, infos: list[SeriesInfo] | None = None, around: Around | None = None
) -> dict[str, Any]:
    """A run as the client reads it."""
    return {
        "info": _info(run, experiment),
        "data": {
            "metrics": [
                {"key": info.key, "value": number(info.last), "timestamp": info.last_at_ms, "step": info.last_step}
                for info in infos or []
            ],
            "params": pairs(flat(run.params)),
            "tags": pairs(tags_of(run)),
        },
        "inputs": {
            "dataset_inputs": around.datasets if around else [],
            "model_inputs": around.models_in if around else [],
        },
        "outputs": {"model_outputs": around.models_out if around else []},
    }


def _info(run: Run, experiment: Experiment) -> dict[str, Any]:
    info: dict[str, Any] = {
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": run.name,
        "experiment_id": experiment.id,
        "user_id": run.user,
        "status": _STATUS[run.state],
        "start_time": run.started_at_ms if run.started_at_ms is not None else run.created_at_ms,
        "artifact_uri": experiment.artifacts_of(run.id),
        "lifecycle_stage": "active" if run.deleted_at_ms is None else "deleted",
    }
    if run.ended_at_ms is not None:
        info["end_time"] = run.ended_at_ms
    return info


def tags_of(run: Run) -> dict[str, str]:
    """A run's tags, with those in which MLflow keeps what a run has fields for."""
    own = {NAME: run.name, USER: run.user, PARENT: run.parent_id, NOTE: run.notes}
    if run.code is not None:
        own |= {COMMIT: run.code.commit, SOURCE: run.code.entry_point}
    return {**{key: value for key, value in own.items() if value}, **run.tags}


def flat(params: Mapping[str, Any]) -> dict[str, str]:
    """Params as MLflow has them: texts, nested keys joined by dots."""
    found: dict[str, str] = {}
    stack: list[tuple[str, Any]] = [("", params)]
    while stack:
        prefix, value = stack.pop()
        if isinstance(value, Mapping):
            joined = [(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in value.items()]
            stack += reversed(joined)
        elif isinstance(value, str):
            found[prefix] = value
        elif isinstance(value, (bool, int, float)):
            found[prefix] = repr(value)
        elif value is not None:
            found[prefix] = msgspec.json.encode(value, enc_hook=str).decode()
    return found


def _name_of(run_id: str) -> str:
    from tenfold.tracking.names import name_of

    return name_of(run_id)
