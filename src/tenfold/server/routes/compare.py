"""Runs laid beside each other: sets of up to 500, drawings of one metric, what matters, what differs between two."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.records import Compare, Curve, Page, Run, RunQuery
from tenfold.server.place import Place
from tenfold.server.routes.params import Id
from tenfold.server.routes.runs import order_of, where_of
from tenfold.server.rows import code_row, run_row, version_link
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import (
    DataPair,
    Definition,
    Drawing,
    DrawnLine,
    DrawQuery,
    Importance,
    ImportanceQuery,
    ParamImportance,
    RunFilter,
    RunPair,
    RunSet,
    RunSetQuery,
    ValuePair,
)
from tenfold.tracking import overlay
from tenfold.workspace import comparing

ENVELOPE_LINES = 50
"""Above so many lines the smallest and largest are not sent: bands over bands show nothing."""


class PairParams(msgspec.Struct, frozen=True, kw_only=True):
    a: Id
    b: Id


def run_set(place: Place, params: Nothing, body: RunSetQuery) -> RunSet:
    runs, page = _runs(place.stores, body)
    now = now_ms()
    defined = comparing.definitions_of(runs)
    return RunSet(
        items=[run_row(run, now=now) for run in runs],
        total=page.total,
        at_least=page.at_least,
        metrics={key: Definition(goal=one.goal, summary=one.summary, x=one.x) for key, one in defined.items()},
    )


def _runs(stores: Stores, body: RunSetQuery) -> tuple[list[Run], Page[Run]]:
    if body.runs:
        ids = list(dict.fromkeys(body.runs))
        found = {run.id: run for run in stores.runs.search(_named(ids)).items}
        runs = [found[id_] for id_ in ids if id_ in found][: body.limit]
        return runs, Page(runs, len(found))
    asked = body.filter or RunFilter()
    page = stores.runs.search(
        RunQuery(
            projects=asked.project or None,
            kinds=asked.kind or None,
            where=where_of(asked),
            order=order_of(body.order),
            limit=body.limit,
        )
    )
    return page.items, page


def _named(ids: list[str]) -> RunQuery:
    return RunQuery(where=Compare("id", "in", list(ids)), deleted=None, limit=len(ids), count=False)


def draw(place: Place, params: Nothing, body: DrawQuery) -> Drawing:
    if body.low is not None and body.high is not None and body.low > body.high:
        raise Invalid(f"The window ends at {body.high} before it begins at {body.low}", field="high")
    lines = _lines(place.stores, body)
    if body.groups is not None:
        lines = overlay.grouped(lines, body.groups, body.buckets, band=body.band)
    lines = overlay.on_few_axes(lines, body.buckets)
    enveloped = body.groups is not None or (body.envelope and len(lines) <= ENVELOPE_LINES)
    axes: dict[bytes, int] = {}
    drawn: list[DrawnLine] = []
    columns: list[list[float]] = []
    for line in lines:
        axis = axes.setdefault(line.xs.tobytes(), len(axes))
        if axis == len(columns):
            columns.append(line.xs.tolist())
        drawn.append(
            DrawnLine(
                id=line.id,
                axis=axis,
                ys=_sent(line.ys),
                low=None if line.low is None or not enveloped else _sent(line.low),
                high=None if line.high is None or not enveloped else _sent(line.high),
                total=line.total,
                runs=line.runs,
            )
        )
    return Drawing(key=body.key, x=body.x, axes=columns, lines=drawn)


def _lines(stores: Stores, body: DrawQuery) -> list[overlay.Line]:
    """Each run's line over the x asked for, within the window; read twice for a window that is not one of steps."""
    runs = list(dict.fromkeys(body.runs))
    if not runs:
        return []
    low, high = (None if edge is None else max(-(2.0**62), min(2.0**62, edge)) for edge in (body.low, body.high))

    def read(key: str, first: int | None, last: int | None) -> dict[str, Curve]:
        found = stores.series.curves(runs, key, buckets=body.buckets, min_step=first, max_step=last)
        return {curve.run_id: curve for curve in found}

    def placed(curves: Mapping[str, Curve]) -> list[overlay.Line]:
        if body.x == "step":
            return [overlay.by_step(curves[run]) for run in runs if run in curves]
        if body.x.startswith("metric:"):
            return [overlay.by_metric(curves[run], others[run]) for run in runs if run in curves and run in others]
        return [overlay.by_time(curves[run], since_ms=starts.get(run, 0)) for run in runs if run in curves]

    if body.x == "step":
        first, last = (None if low is None else math.floor(low)), (None if high is None else math.ceil(high))
        return placed(read(body.key, first, last))
    curves = read(body.key, None, None)
    others = read(body.x.removeprefix("metric:"), None, None) if body.x.startswith("metric:") else {}
    starts = {run: curve.times_ms[0] for run, curve in curves.items()} if body.x == "elapsed" else {}
    if (low is not None or high is not None) and not body.x.startswith("metric:"):
        steps = _steps_within(curves, placed(curves), low, high)
        curves = read(body.key, *steps) if steps else {}
    lines = [overlay.cropped(line, low, high) for line in placed(curves)]
    return [line for line in lines if len(line.xs)]


def _steps_within(
    curves: Mapping[str, Curve], lines: list[overlay.Line], low: float | None, high: float | None
) -> tuple[int, int] | None:
    """The steps between which all runs' points of a window lie. Times rise with steps, so places are alike."""
    firsts, lasts = [], []
    for line in lines:
        steps, count = curves[line.id].steps, len(line.xs)
        inside = [
            n for n in range(count) if (low is None or line.xs[n] >= low) and (high is None or line.xs[n] <= high)
        ]
        if inside and count == len(steps):
            firsts.append(steps[max(inside[0] - 1, 0)])
            lasts.append(steps[min(inside[-1] + 1, count - 1)])
    return (min(firsts), max(lasts)) if firsts else None


def _sent(column: overlay.Column) -> list[float | None]:
    """A column for the wire; NaN is sent as null by the encoder."""
    listed: list[float | None] = overlay.rounded(column).tolist()
    return listed


def weigh(place: Place, params: Nothing, body: ImportanceQuery) -> Importance:
    runs, _ = _runs(place.stores, body)
    found = comparing.importance_of(runs, body.metric, body.summary)
    return Importance(
        metric=body.metric,
        summary=found.summary,
        runs=found.runs,
        items=[
            ParamImportance(param=w.param, share=w.share, correlation=w.correlation, kind=w.kind, values=w.values)
            for w in found.weights
        ],
        constant=found.constant,
    )


def pair(place: Place, params: PairParams) -> RunPair:
    a, b = (place.stores.runs.get([id_])[0] for id_ in (params.a, params.b))
    code = comparing.code_between(place.stores, a, b)
    packages = comparing.packages_of(a), comparing.packages_of(b)
    return RunPair(
        a=code_row(a.code),
        b=code_row(b.code),
        same_base=code.same_base,
        patch=code.patch,
        note=code.note,
        packages=_unlike(*packages),
        same_packages=sum(packages[1].get(name) == version for name, version in packages[0].items()),
        environment=_unlike(comparing.surroundings_of(a), comparing.surroundings_of(b)),
        data=[
            DataPair(
                kind=use.kind,
                name=use.name,
                role=use.role,
                a=version_link(use.a) if use.a else None,
                b=version_link(use.b) if use.b else None,
            )
            for use in comparing.data_between(place.stores, a, b)
        ],
    )


def _unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[ValuePair]:
    return [ValuePair(name=name, a=one, b=other) for name, (one, other) in comparing.unlike(a, b).items()]


ROUTES = [
    Route("POST", "/compare", run_set, RunSet, "Up to 500 runs, named or searched, with their metrics' definitions", body=RunSetQuery),
    Route("POST", "/compare/draw", draw, Drawing, "One metric of many runs, ready to be drawn", body=DrawQuery),
    Route("POST", "/compare/importance", weigh, Importance, "Which params a metric depends on", body=ImportanceQuery),
    Route("GET", "/compare/pair", pair, RunPair, "What differs between two runs", PairParams),
]  # fmt: skip
