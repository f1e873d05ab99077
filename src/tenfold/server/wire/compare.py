"""Runs laid beside each other: sets of them, drawings, what matters, what differs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tenfold.server.wire.runs import CodeRow, RunFilter, RunRow
from tenfold.server.wire.versions import VersionLink

RUNS_LIMIT = 500

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Runs = Annotated[list[Id], msgspec.Meta(max_length=RUNS_LIMIT)]


class RunSetQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which runs: those named, else what a filter finds. `order` as in `GET /runs`."""

    runs: Runs = []
    filter: RunFilter | None = None
    order: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=RUNS_LIMIT)] = RUNS_LIMIT


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What `define_metric` says of a metric. `summary` is the number that speaks for a run; `x` what it is drawn over."""

    goal: Literal["maximize", "minimize"] | None
    summary: Literal["last", "min", "max", "mean", "best"]
    x: str | None


class RunSet(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a set: as named, else in the order asked. `total` counts all matches (with `at_least`: or more);
    named runs that are not there are left out. `metrics` has the definitions of the newest run that defined them."""

    items: list[RunRow]
    total: int
    at_least: bool
    metrics: dict[str, Definition]


class DrawQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One metric of many runs. `x` is `step`, `elapsed` (seconds), `time` (seconds, UTC) or `metric:<key>`.

    `low` and `high` are a window on x. With `groups` (name to run ids) a line is the mean of a group.
    """

    runs: Runs
    key: Key
    x: Annotated[str, msgspec.Meta(max_length=1010, pattern="^(step|elapsed|time|metric:.+)$")] = "step"
    buckets: Annotated[int, msgspec.Meta(ge=2, le=2000)] = 400
    low: float | None = None
    high: float | None = None
    groups: dict[str, Runs] | None = None
    band: Literal["std", "minmax"] = "std"
    envelope: bool = True
    """False leaves out the smallest and largest of the points an entry stands for."""


class DrawnLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a run's, by its id, or a group's, by its name. `axis` is the number of its x column."""

    id: str
    axis: int
    ys: list[float | None]
    low: list[float | None] | None
    high: list[float | None] | None
    total: int
    """Points behind it."""
    runs: int


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in the order of the runs or groups asked for; those without the metric are left out. x rises strictly."""

    key: str
    x: str
    axes: list[list[float]]
    lines: list[DrawnLine]


class ImportanceQuery(RunSetQuery, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """For which metric; `summary` is the number that speaks for a run, by its definition when left out."""

    metric: Key
    summary: Literal["last", "min", "max", "mean"] | None = None


class ParamImportance(msgspec.Struct, frozen=True, kw_only=True):
    """How much a param says about a metric. Shares add up to 1, or are all 0 when nothing can be told.

    `correlation` is Spearman's for numbers, the correlation ratio (without a sign) for words.
    """

    param: str
    share: float
    correlation: float | None
    kind: Literal["number", "word"]
    values: int


class Importance(msgspec.Struct, frozen=True, kw_only=True):
    """Params by share, greatest first. `runs` have the metric; `constant` params are the same in all of them."""

    metric: str
    summary: str
    runs: int
    items: list[ParamImportance]
    constant: list[str]


class ValuePair(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of two runs; null where it is not."""

    name: str
    a: Any
    b: Any


class DataPair(msgspec.Struct, frozen=True, kw_only=True):
    """What two runs used under one name and role."""

    kind: str
    name: str
    role: str
    a: VersionLink | None
    b: VersionLink | None


class RunPair(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from run `a` to run `b`, beside params, metrics and tags, which their rows have.

    `patch` is a unified diff from the code that `a` ran to the code that `b` ran: exact where both began from one
    commit (`same_base`), else of their uncommitted changes. `packages` and `environment` hold only what differs.
    """

    a: CodeRow | None
    b: CodeRow | None
    same_base: bool
    patch: str
    note: str | None
    packages: list[ValuePair]
    same_packages: int
    environment: list[ValuePair]
    data: list[DataPair]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A way to look at a project, kept under a name: `content` is the page's own. Each save is a version of it."""

    project: str
    name: str
    page: str
    content: Any
    address: str
    version: int
    author: str
    saved_at_ms: int


class ViewList(msgspec.Struct, frozen=True):
    """Sorted by name."""

    items: list[View]


class ViewEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to keep under a view's name; as JSON `content` has at most 16,000 bytes."""

    project: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    page: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    content: dict[str, Any]
