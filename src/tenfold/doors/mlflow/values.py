"""What a run is told while it goes: metrics, params, tags. Points go to the series store in one call a request."""

from __future__ import annotations

import json
import threading
from array import array
from collections import defaultdict
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.errors import Conflict
from tenfold.contracts import Stores
from tenfold.doors.mlflow import logged_models, runs
from tenfold.doors.mlflow.calls import Call, of_body, whole
from tenfold.doors.mlflow.checks import PARAM_CHARACTERS, TAG_CHARACTERS, check_key, check_length
from tenfold.doors.mlflow.errors import invalid, missing
from tenfold.records import Points, Run, RunChange

METRICS_AT_ONCE, OTHERS_AT_ONCE, ALL_AT_ONCE = 1000, 100, 1000
HISTORY = "mlflow.log-model.history"
_INT64 = 2**63


class Metric(msgspec.Struct):
    """One point as it comes."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class _Pair(msgspec.Struct):
    key: str
    value: str | None = None


class _Batch(msgspec.Struct):
    run_id: str = ""
    run_uuid: str = ""
    metrics: list[Metric] = []
    params: list[_Pair] = []
    tags: list[_Pair] = []


_batches = msgspec.json.Decoder(_Batch, strict=False)
_here = threading.local()


def log_batch(call: Call) -> dict[str, Any]:
    batch = _read(call.body)
    run_id = batch.run_id or batch.run_uuid
    if not run_id:
        return {"_": call.run_id()}
    _check_sizes(batch)
    checked: set[str] = set()  # a batch has many points of few keys: each is looked at once
    for index, metric in enumerate(batch.metrics):
        fits = 0 <= metric.timestamp < _INT64 and -_INT64 <= metric.step < _INT64
        if not fits or metric.key not in checked:
            _check_metric(metric, f"metrics[{index}].")
            checked.add(metric.key)
    params: dict[str, str] = {}
    for index, pair in enumerate(batch.params):
        value = _param(pair.key, pair.value, f"params[{index}].")
        if params.setdefault(pair.key, value) != value:
            raise invalid(
                f"Duplicate parameter keys have been submitted: ['{pair.key}']. Please ensure the request contains only one param value per param key."
            )
    tags = {pair.key: _tag(pair.key, pair.value, f"tags[{index}].") for index, pair in enumerate(batch.tags)}
    run = runs.active(call.stores, run_id)
    new = _new_params(run, params)
    if batch.metrics:
        _append(call.stores, run, batch.metrics)
    if new or tags:
        _change(call.stores, run, params, _with_tags(tags, params=new or None))
    return {}


def log_metric(call: Call) -> dict[str, Any]:
    run_id, _ = call.run_id(), call.text("key")
    if call.get("value") is None:
        raise invalid(
            "Missing value for required parameter 'value'. See the API docs for more information about request parameters."
        )
    metric = _metric(call.args, "")
    _append(call.stores, runs.active(call.stores, run_id), [metric])
    return {}


def log_param(call: Call) -> dict[str, Any]:
    run_id, key = call.run_id(), call.text("key")
    value = _param(key, call.find("value"), "")
    run = runs.active(call.stores, run_id)
    there = runs.flat(run.params).get(key)
    if there is not None and there != value:
        raise invalid(
            f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{there}' for run "
            f"ID='{run.id}'. Attempted logging new value '{value}'."
        )
    if new := _new_params(run, {key: value}):
        _change(call.stores, run, {key: value}, RunChange(new_params=new))
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    run_id, key = call.run_id(), call.text("key")
    value = _tag(key, call.find("value"), "")
    run = runs.active(call.stores, run_id)
    call.stores.runs.update(run.id, _with_tags({key: value}))
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    run, key = runs.active(call.stores, call.run_id()), call.text("key")
    if key not in runs.tags_of(run):
        raise missing(f"No tag with name: {key} in run with id {run.id}")
    change = RunChange(notes="") if key == runs.NOTE else RunChange(tags={key: None})
    call.stores.runs.update(run.id, change)
    return {}


def log_model(call: Call) -> dict[str, Any]:
    """What clients before MLflow 3 say of a model: one more in the list that a tag of the run holds."""
    run = runs.active(call.stores, call.run_id())
    try:
        said = json.loads(call.text("model_json"))
        missing_keys = {"artifact_path", "flavors", "utc_time_created", "run_id"} - said.keys()
    except (ValueError, AttributeError) as error:
        raise invalid(f"Malformed model info. \n {call.find('model_json')} \n is not a valid JSON") from error
    if missing_keys:
        raise invalid(f"Model json is missing mandatory fields: {sorted(missing_keys)}")
    history = [*json.loads(run.tags.get(HISTORY, "[]")), said]
    call.stores.runs.update(run.id, RunChange(tags={HISTORY: json.dumps(history)}))
    return {}


def _read(body: bytes) -> _Batch:
    try:
        return _batches.decode(body)
    except msgspec.MsgspecError:
        args = of_body(body)  # NaN as Python writes it, and whatever MLflow has words for
    metrics = [_metric(each, f"metrics[{index}].") for index, each in enumerate(_list(args, "metrics"))]
    _list(args, "params"), _list(args, "tags")
    try:
        return msgspec.convert({**args, "metrics": metrics}, _Batch, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(f"Invalid value for parameter of log-batch supplied: {error}") from error


def _list(args: dict[str, Any], name: str) -> list[Any]:
    found = args.get(name) or []
    if not isinstance(found, list):
        raise invalid(f"Invalid value {json.dumps(found)[:200]} for parameter '{name}' supplied: it must be a list")
    return found


def _metric(given: Any, path: str) -> Metric:
    """One point, its numbers read; of a client that writes them as texts too."""
    if not isinstance(given, dict):
        raise invalid(f"Invalid value for parameter '{path.rstrip('.')}' supplied: it is an object")
    value: Any = given.get("value")
    for field in ("key", "value", "timestamp"):
        if given.get(field) is None:
            raise invalid(f"Missing value for required parameter '{path}{field}'.")
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise invalid(
            f"Invalid value {json.dumps(value)} for parameter '{path}value' supplied: "
            f"(timestamp={given.get('timestamp')}). Please specify value as a valid double (64-bit floating point)"
        )
    metric = Metric(
        key=given.get("key"),  # type: ignore[arg-type] # checked at once
        value=number,
        timestamp=whole(given.get("timestamp"), f"{path}timestamp") or 0,
        step=whole(given.get("step"), f"{path}step") or 0,
        model_id=given.get("model_id"),
        dataset_name=given.get("dataset_name"),
        dataset_digest=given.get("dataset_digest"),
    )
    _check_metric(metric, path)
    return metric


def _check_metric(metric: Metric, path: str) -> None:
    check_key(metric.key, f"{path}name", "Metric name")
    whole(metric.step, f"{path}step")
    whole(metric.timestamp, f"{path}timestamp")
    if metric.timestamp < 0:
        raise invalid(
            f"Invalid value {metric.timestamp} for parameter '{path}timestamp' supplied: metric '{metric.key}' "
            f"(value={metric.value}). Timestamp must be a nonnegative long (64-bit integer) "
        )


def _check_sizes(batch: _Batch) -> None:
    counts = len(batch.metrics), len(batch.params), len(batch.tags)
    limits = (METRICS_AT_ONCE, "metrics"), (OTHERS_AT_ONCE, "params"), (OTHERS_AT_ONCE, "tags")
    together = ((ALL_AT_ONCE, "metrics, params, and tags"), sum(counts))
    for (limit, what), count in [*zip(limits, counts, strict=True), together]:
        if count > limit:
            raise invalid(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. Please split up {what} "
                "across multiple requests and try again."
            )


def _param(key: str, value: str | None, path: str) -> str:
    check_key(key, f"{path}key", "Param key")
    return check_length("Param value", value or "", PARAM_CHARACTERS)


def _tag(key: str, value: str | None, path: str) -> str:
    check_key(key, f"{path}key", "Tag name")
    return check_length(f"{path}value", value or "", TAG_CHARACTERS)


def _new_params(run: Run, params: dict[str, str]) -> dict[str, str]:
    """Those not logged yet. A param is never changed."""
    if not params:
        return {}
    there = runs.flat(run.params)
    other = [
        {"key": key, "old_value": there[key], "new_value": value}
        for key, value in params.items()
        if key in there and there[key] != value
    ]
    if other:
        raise invalid(
            f"Changing param values is not allowed. Params were already logged='{other}' for run ID='{run.id}'."
        )
    return {key: value for key, value in params.items() if key not in there}


def _with_tags(tags: dict[str, str], params: dict[str, Any] | None = None) -> RunChange:
    """Tags as a change: a name and notes are fields of a run."""
    rest = dict(tags)
    name, notes = rest.pop(runs.NAME, None), rest.pop(runs.NOTE, None)
    return RunChange(name=name or None, notes=notes, tags=dict(rest) or None, new_params=params)


def _change(stores: Stores, run: Run, params: dict[str, str], change: RunChange) -> None:
    """Change a run. Of two that log a param at once with two values one is told, as of a param that was there."""
    try:
        stores.runs.update(run.id, change)
    except Conflict:
        _new_params(runs.load(stores, run.id), params)
        raise


def _append(stores: Stores, run: Run, metrics: list[Metric]) -> None:
    columns: dict[str, tuple[array[int], array[float], array[int]]] = defaultdict(
        lambda: (array("q"), array("d"), array("q"))
    )
    for metric in metrics:
        steps, values, times = columns[metric.key]
        steps.append(metric.step)
        values.append(metric.value)
        times.append(metric.timestamp)
    points = {key: Points(s.tobytes(), v.tobytes(), t.tobytes()) for key, (s, v, t) in columns.items()}
    source, offset = _next_offset()
    stores.series.append(run.id, points, source=source, offset=offset)
    if of_models := [metric for metric in metrics if metric.model_id]:
        logged_models.note_metrics(stores, run.id, of_models)


def _next_offset() -> tuple[str, int]:
    """A source of this thread alone, so that its offsets arrive in their order without a lock."""
    if not hasattr(_here, "source"):
        _here.source, _here.offset = f"mlflow-{ids.new_id()}", 0
    _here.offset += 1
    return _here.source, _here.offset
