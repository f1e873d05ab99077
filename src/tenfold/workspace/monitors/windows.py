"""What a monitor looks at: a deployment's prediction log or a dataset, cut into windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.base.addresses import parse
from tenfold.base.clock import iso
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores, resolve
from tenfold.monitoring.record import Monitor
from tenfold.pipelines.starting.calendar import parse_every
from tenfold.records import Version
from tenfold.workspace.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

    from tenfold.data import Dataset

_ROWS = re.compile(r"([1-9][0-9]*)\s*rows?")
_RENAMED = re.compile(r"(.+)_duplicated_\d+")
"""What Polars makes of the second column of one name in a CSV."""
ID = "prediction_id"


@dataclass(frozen=True)
class Window:
    """Rows that one check looks at. `at_ms` is the moment it is for: the end of a span, the last row, a version's time."""

    label: str
    at_ms: int
    rows: pl.DataFrame
    used: dict[str, Version] = field(default_factory=dict)


def check_window(monitor: Monitor) -> None:
    """Raise Invalid when the window cannot be read or does not fit what is watched."""
    if monitor.window == "version" and not monitor.target.startswith("data:"):
        raise Invalid(
            "Only a dataset has versions to look at one by one. Write window: 1d or 5000 rows", field="window"
        )
    if monitor.window and monitor.window != "version" and not _ROWS.fullmatch(monitor.window):
        try:
            parse_every(monitor.window)
        except Invalid as error:
            raise Invalid(
                f"{monitor.window!r} is no window. Write it like 1d, 6h, 5000 rows or version", field="window"
            ) from error


def windows(workspace: Workspace, monitor: Monitor, now: int, *, since: int | None = None) -> list[Window]:
    """The windows that are whole at a moment, oldest first.

    Args:
        since: Of a deployment with spans of time: windows that ended before it need not be given.
    """
    if monitor.target.startswith("data:") and monitor.window in ("", "version"):
        return list(_versions(workspace.stores, monitor))
    used: dict[str, Version] = {}
    if monitor.target.startswith("data:"):
        used["current"] = resolve(workspace.stores, monitor.target.partition("/")[0])
        rows = read_data(workspace.stores, monitor.target)
    else:
        rows = _answered(workspace, monitor, monitor.model, since)
        if monitor.model:
            used["model"] = resolve(workspace.stores, monitor.model, default_kind="model")
    if not rows.height:
        return []
    return [Window(label, at_ms, part, used) for label, at_ms, part in _cut(rows, monitor, now)]


def answered_by(workspace: Workspace, monitor: Monitor, model: str, now: int, window: Window) -> pl.DataFrame:
    """What another version of the model answered in the same window."""
    rows = _answered(workspace, monitor, model, None)
    for label, at_ms, part in _cut(rows, monitor, now):
        if (label, at_ms) == (window.label, window.at_ms):
            return part
    return rows.clear()


def read_data(stores: Stores, address: str) -> pl.DataFrame:
    """The tables at an address of data, one below the other. Raises VersionNotFound, BlobNotFound."""
    from tenfold.data import Dataset

    at, _, path = address.partition("/")
    wanted = parse(at, default_kind="data")
    version = resolve(stores, wanted)
    return _read(Dataset(stores, wanted.name), path, version)


def _read(dataset: Dataset, path: str, version: Version) -> pl.DataFrame:
    """The rows of a version. Raises Invalid naming it when its files cannot be read as one table."""
    import polars as pl

    place = version.address + (f"/{path}" if path else "")
    try:
        rows = dataset.scan(path, version).collect()
    except pl.exceptions.PolarsError as error:
        said = str(error).partition("\n")[0]
        raise Invalid(f"{place} cannot be read as a table: {said}") from error
    for name in rows.columns:
        found = _RENAMED.fullmatch(name)
        if found and found[1] in rows.columns:
            raise Invalid(f"Two columns of {place} have the same name: {found[1]!r}. Rename one of them")
    return rows


def _answered(workspace: Workspace, monitor: Monitor, model: str, since: int | None) -> pl.DataFrame:
    import polars as pl

    from tenfold.serving import predictions

    name = parse(monitor.target, default_kind="deployment").name
    rows: pl.DataFrame = predictions(workspace.stores, name, since=since, log_folder=workspace.predictions)
    if model:
        version = resolve(workspace.stores, model, default_kind="model")
        rows = rows.filter(pl.col("model_version_id") == version.id)
    return rows


def _versions(stores: Stores, monitor: Monitor) -> Iterator[Window]:
    """Each version of a branch, or the newest alone."""
    from tenfold.data import Dataset

    at, _, path = monitor.target.partition("/")
    dataset = Dataset(stores, parse(at).name)
    newest = resolve(stores, at)
    line = list(reversed(dataset.log(newest.id))) if monitor.window == "version" else [newest]
    for version in line:
        yield Window(f"v{version.number}", version.created_at_ms, _read(dataset, path, version), {"current": version})


def _cut(rows: pl.DataFrame, monitor: Monitor, now: int) -> Iterator[tuple[str, int, pl.DataFrame]]:
    if not monitor.window:
        yield "all", now, rows
        return
    if found := _ROWS.fullmatch(monitor.window):
        size = int(found[1])
        ordered = rows.sort(ID) if ID in rows.columns else rows
        for start in range(0, rows.height - size + 1, size):
            part = ordered.slice(start, size)
            yield f"rows {start + 1}-{start + size}", _last_ms(part, monitor, start + size), part
        return
    yield from _spans(rows, monitor, now)


def _spans(rows: pl.DataFrame, monitor: Monitor, now: int) -> Iterator[tuple[str, int, pl.DataFrame]]:
    span_ms = parse_every(monitor.window).seconds * 1000
    moments = _moments(rows, monitor)
    cut = rows.with_columns((moments // span_ms).alias("tenfold.span"))
    short = 10 if span_ms % 86_400_000 == 0 else 16
    for (span,), part in sorted(cut.group_by("tenfold.span", maintain_order=True), key=lambda one: _number(one[0][0])):
        if span is None or (_number(span) + 1) * span_ms > now:  # rows without a time; a span that goes on
            continue
        start = _number(span) * span_ms
        yield iso(start)[:short], start + span_ms, part.drop("tenfold.span")


def _moments(rows: pl.DataFrame, monitor: Monitor) -> Any:
    """When each row was, in UTC milliseconds."""
    import polars as pl

    from tenfold.profiles.profile import as_milliseconds

    if monitor.time not in rows.columns:
        raise Invalid(
            f"There is no column {monitor.time!r} to count {monitor.window} in. Columns: {', '.join(rows.columns)}",
            field="time",
        )
    column = rows.get_column(monitor.time)
    if column.dtype == pl.String:
        column = column.str.to_datetime(strict=False)
    return as_milliseconds(column).cast(pl.Int64) if column.dtype.is_temporal() else column.cast(pl.Int64)


def _last_ms(rows: pl.DataFrame, monitor: Monitor, fallback: int) -> int:
    return _number(_moments(rows, monitor).max()) if monitor.time in rows.columns else fallback


def _number(value: Any) -> int:
    return int(value) if value is not None else -1
