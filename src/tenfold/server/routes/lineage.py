"""The lineage graph around a thing, and the answer to why it is as it is."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tenfold.records import Explanation, Graph
from tenfold.server.place import Place
from tenfold.server.table import Route

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500, description="data:flights@main, run:01JD…")]


class LineageParams(msgspec.Struct, frozen=True, kw_only=True):
    address: Address
    direction: Literal["both", "up", "down"] = "both"
    depth: Annotated[int, msgspec.Meta(ge=0, le=200)] = 50
    limit: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 500
    descent: bool = False


class WhyParams(msgspec.Struct, frozen=True, kw_only=True):
    address: Address


def lineage(place: Place, params: LineageParams) -> Graph:
    from tenfold.workspace import walk

    return walk(
        place.stores, params.address, direction=params.direction, depth=params.depth, limit=params.limit,
        find_prediction=place.find_prediction, descent=params.descent,
    )  # fmt: skip


def why(place: Place, params: WhyParams) -> Explanation:
    from tenfold.workspace import why as explain

    return explain(place.stores, params.address, find_prediction=place.find_prediction)


ROUTES = [
    Route("GET", "/lineage", lineage, Graph, "The lineage graph around a run, version or prediction", LineageParams),
    Route("GET", "/why", why, Explanation, "What a thing came from, in words", WhyParams),
]
