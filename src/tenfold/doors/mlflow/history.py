"""All points of metrics, read back: one series in pages, or one key of many runs thinned out."""

from __future__ import annotations

from typing import Any

from tenfold.base.errors import RunNotFound
from tenfold.contracts import Stores
from tenfold.doors.mlflow import runs
from tenfold.doors.mlflow.calls import Call, max_results, number, offset, token
from tenfold.doors.mlflow.errors import invalid

RUNS_AT_ONCE = 100
MOST = 25_000
MOST_STEPS = 2500


def get(call: Call) -> dict[str, Any]:
    run, key = runs.load(call.stores, call.run_id()), call.text("metric_key")
    found = _points(call.stores, run.id, key)
    if call.get("max_results") in (None, "") and not call.find("page_token"):
        return {"metrics": found}
    size, start = max_results(call, default=MOST, most=10**6), offset(call)
    following = {"next_page_token": token(start + size)} if start + size < len(found) else {}
    return {"metrics": found[start : start + size], **following}


def bulk(call: Call) -> dict[str, Any]:
    run_ids = call.texts("run_id") or call.texts("run_ids")
    if not run_ids:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(run_ids) > RUNS_AT_ONCE:
        raise invalid(
            f"GetMetricHistoryBulk request cannot specify more than {RUNS_AT_ONCE} run_ids. Received {len(run_ids)} run_ids."
        )
    key, size = call.find("metric_key"), max_results(call, default=MOST, most=10**6)
    if not key:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.")
    found: list[dict[str, Any]] = []
    for run_id in sorted(run_ids):
        found += [{**point, "run_id": run_id} for point in _points(call.stores, run_id, key, may_miss=True)]
    return {"metrics": found[: min(size, MOST)]}


def bulk_interval(call: Call) -> dict[str, Any]:
    """Up to `max_results` points of each run, spread evenly over its steps, the first and last always among them."""
    run_ids = call.texts("run_ids")
    if not run_ids:
        raise invalid("Missing value for required parameter 'run_ids'.")
    if len(run_ids) > RUNS_AT_ONCE:
        raise invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {RUNS_AT_ONCE} run_ids. Received {len(run_ids)} run_ids."
        )
    key, size = call.text("metric_key"), call.integer("max_results", MOST_STEPS)
    if not 1 <= size <= MOST_STEPS:
        raise invalid(f"max_results must be between 1 and {MOST_STEPS}.")
    first, last = call.find_integer("start_step"), call.find_integer("end_step")
    if (first is None) != (last is None):
        raise invalid("If either start step or end step are specified, both must be specified.")
    if first is not None and last is not None and first > last:
        raise invalid(f"end_step must be greater than start_step. Found start_step={first} and end_step={last}.")
    found: list[dict[str, Any]] = []
    for run_id in run_ids:
        points = _points(call.stores, run_id, key, first, last, may_miss=True)
        points.sort(key=lambda point: (point["step"], point["timestamp"]))
        if len(points) > size:
            most = len(points) - 1
            points = [points[round(i * most / (size - 1))] for i in range(size)] if size > 1 else points[most:]
        found += [{**point, "run_id": run_id} for point in points]
    return {"metrics": found}


def _points(
    stores: Stores, run_id: str, key: str, first: int | None = None, last: int | None = None, *, may_miss: bool = False
) -> list[dict[str, Any]]:
    """Points in MLflow's order: by time, step and value. One sent twice over is one point there, and so it is here."""
    import numpy as np

    try:
        held = stores.series.read(run_id, key, min_step=first, max_step=last)
    except RunNotFound:
        if may_miss:
            return []
        raise
    steps, times = np.frombuffer(held.steps, "<i8"), np.frombuffer(held.times_ms, "<i8")
    values = np.frombuffer(held.values, "<f8")
    order = np.lexsort((values, steps, times))
    rows = zip(times[order].tolist(), steps[order].tolist(), values[order].tolist(), strict=True)
    found: list[dict[str, Any]] = []
    before: tuple[int, int, float | str] | None = None
    for at_ms, step, value in rows:
        row = (at_ms, step, number(value))
        if row != before:
            found.append({"key": key, "value": row[2], "timestamp": at_ms, "step": step})
        before = row
    return found
