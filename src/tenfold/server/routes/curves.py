"""Series: their extent, raw points, and curves thinned to a width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from starlette.responses import StreamingResponse

from tenfold.base.errors import Invalid, NotFound
from tenfold.records import Points
from tenfold.server.place import Place
from tenfold.server.routes.params import Id, Offset, Step, next_offset
from tenfold.server.routes.runs import RunParams
from tenfold.server.table import Route
from tenfold.server.wire import CurveSet, PointRows, SeriesList, SeriesRow

RUN_LIMIT = 200
_CSV_ROWS = 20_000

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class CurvesParams(msgspec.Struct, frozen=True, kw_only=True):
    runs: list[Id]
    key: Key
    buckets: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 1000
    min_step: Step | None = None
    max_step: Step | None = None


class PointsParams(msgspec.Struct, frozen=True, kw_only=True):
    run_id: Id
    key: Key
    min_step: Step | None = None
    max_step: Step | None = None
    offset: Offset = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000
    format: Literal["json", "csv"] = "json"


def infos(place: Place, params: RunParams) -> SeriesList:
    place.stores.runs.get([params.run_id])
    return SeriesList(
        [
            SeriesRow(
                key=info.key,
                count=info.count,
                first_step=info.first_step,
                last_step=info.last_step,
                first_at_ms=info.first_at_ms,
                last_at_ms=info.last_at_ms,
                last=info.last,
                min=info.min,
                max=info.max,
                mean=info.mean,
            )
            for info in place.stores.series.infos([params.run_id])[params.run_id]
        ]
    )


def curves(place: Place, params: CurvesParams) -> CurveSet:
    if len(params.runs) > RUN_LIMIT:
        raise Invalid(f"{len(params.runs)} runs at once are more than {RUN_LIMIT}. Ask for fewer", field="runs")
    found = place.stores.series.curves(
        list(dict.fromkeys(params.runs)),
        params.key,
        buckets=params.buckets,
        min_step=params.min_step,
        max_step=params.max_step,
    )
    return CurveSet(key=params.key, curves=found)


def points(place: Place, params: PointsParams) -> PointRows | StreamingResponse:
    place.stores.runs.get([params.run_id])
    found = place.stores.series.read(params.run_id, params.key, min_step=params.min_step, max_step=params.max_step)
    if not found.count and not any(
        info.key == params.key for info in place.stores.series.infos([params.run_id])[params.run_id]
    ):
        raise NotFound(
            f"Run {params.run_id} has no series {params.key!r}. They are listed at /runs/{params.run_id}/series",
            field="key",
        )
    if params.format == "csv":
        headers = {"content-disposition": 'attachment; filename="points.csv"', "cache-control": "no-store"}
        return StreamingResponse(_csv(found), headers=headers, media_type="text/csv; charset=utf-8")
    steps, values, times = _columns(found, params.offset, params.limit)
    return PointRows(
        key=params.key,
        steps=steps,
        values=values,
        times_ms=times,
        total=found.count,
        next=next_offset(params.offset, len(steps), found.count),
    )


def _columns(found: Points, offset: int, limit: int) -> tuple[list[int], list[float | None], list[int]]:
    end = offset + limit
    values: list[float | None] = [*memoryview(found.values).cast("d")[offset:end].tolist()]
    steps, times = (memoryview(column).cast("q")[offset:end].tolist() for column in (found.steps, found.times_ms))
    return steps, values, times


def _csv(found: Points) -> Iterator[str]:
    yield "step,value,time_ms\n"
    for start in range(0, found.count, _CSV_ROWS):
        rows = zip(*_columns(found, start, _CSV_ROWS), strict=True)
        yield "".join(f"{step},{value!r},{at}\n" for step, value, at in rows)


ROUTES = [
    Route("GET", "/runs/{run_id}/series", infos, SeriesList, "The series of a run", RunParams),
    Route(
        "GET",
        "/runs/{run_id}/points",
        points,
        PointRows,
        "Raw points of a series, JSON or CSV",
        PointsParams,
        texts=("text/csv",),
    ),
    Route("GET", "/curves", curves, CurveSet, "One key of several runs, thinned to a width", CurvesParams),
]
