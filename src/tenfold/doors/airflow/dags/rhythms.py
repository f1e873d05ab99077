"""When a DAG is due: its cron expression, preset or timedelta, in its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.airflow.dags.dag import DAG
from tenfold.pipelines.starting.calendar import parse_cron

PRESETS = {"@quarterly": "0 0 1 */3 *"}


def times_of(dag: DAG) -> dict[str, Any]:
    """As `cron` or `every` of a schedule of Tenfold's. Raises Invalid for another kind."""
    given: Any = dag.schedule
    if isinstance(given, timedelta):
        return {"every": f"{int(given.total_seconds())}s"}
    if isinstance(given, str) and given not in ("@once", "@continuous"):
        return {"cron": PRESETS.get(given, given)}
    said = (
        "has no schedule"
        if given is None
        else f"is scheduled by {given if isinstance(given, str) else type(given).__name__}"
    )
    raise Invalid(
        f"DAG {dag.dag_id!r} {said}, which is not taken over. Give it a cron expression or a timedelta",
        field="schedule",
    )


def zone_of(dag: DAG) -> str:
    """The name of the DAG's time zone."""
    zone = dag.timezone
    found = getattr(zone, "name", None) or getattr(zone, "key", None) or str(zone)
    return "UTC" if found in ("UTC", "+00:00") else str(found)


def next_due(dag: DAG, moment: datetime) -> datetime | None:
    """When it is due next after a moment; None when it has no schedule by the clock."""
    if isinstance(dag.schedule, timedelta):
        return moment + dag.schedule
    if not isinstance(dag.schedule, str) or dag.schedule in ("@once", "@continuous"):
        return None
    found = next(parse_cron(times_of(dag)["cron"], zone_of(dag)).after(int(moment.timestamp() * 1000)), None)
    return None if found is None else datetime.fromtimestamp(found / 1000, UTC)
