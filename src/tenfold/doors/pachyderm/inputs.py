"""A spec's input: pfs, cross, join, group, union and cron, as an incremental pipeline's."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from tenfold.base.addresses import Address
from tenfold.base.errors import Invalid
from tenfold.doors.pachyderm.fields import Fields
from tenfold.pipelines.datums import Cross, Files, Group, Input, Join, Union, files
from tenfold.pipelines.datums.inputs import has_key, leaves
from tenfold.pipelines.starting.calendar import parse_cron, parse_every


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A cron input: the dataset its ticks are committed to, and when."""

    dataset: str
    spec: str
    overwrite: bool
    starts_at_ms: int | None


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an input must have changed before the pipeline starts."""

    size_bytes: int
    commits: int
    rest: str
    """An interval or a cron expression."""
    all: bool


class Inputs(msgspec.Struct, kw_only=True):
    """What was found on the way through an input."""

    pipeline: str
    ticks: list[Tick] = []
    triggers: list[Trigger] = []


def read_input(given: Fields, found: Inputs) -> Input:
    """An input. Raises Invalid naming what it is not, or a field that cannot be honoured."""
    kinds = {kind: given.take(kind) for kind in ("pfs", "cron", "cross", "join", "group", "union")}
    there = [kind for kind, value in kinds.items() if value]
    given.finish()
    if len(there) != 1:
        raise Invalid(
            f"{given.where} must be one of pfs, cross, join, group, union and cron, not {', '.join(there) or 'empty'}",
            field=given.where,
        )
    kind = there[0]
    again = Fields({kind: kinds[kind]}, given.where, given.ignored)
    if kind in ("pfs", "cron"):
        leaf = again.inner(kind)
        assert leaf is not None
        return _pfs(leaf, found) if kind == "pfs" else _cron(leaf, found)
    inner = [read_input(one, found) for one in again.items(kind)]
    if kind in ("cross", "union"):
        return Cross(inner) if kind == "cross" else Union(inner)
    key = "join_on" if kind == "join" else "group_by"
    for one in inner:
        if not has_key(one, key):
            named = next(leaves(one)).name
            raise Invalid(f"{given.name(kind)}: the input {named!r} has no {key}. Give it one like $1", field=key)
    return Join(inner) if kind == "join" else Group(inner)


def branch_of(name: str) -> str:
    """Tenfold's default branch for Pachyderm's; others keep their names."""
    return "main" if name in ("", "master") else name


def _pfs(given: Fields, found: Inputs) -> Files:
    check_project(given)
    repo = given.text("repo")
    if not repo:
        raise Invalid(f"{given.where} names no repo", field=given.name("repo"))
    if given.text("repo_type", "user") != "user" and not given.is_ignored("repo_type"):
        raise given.refuse("repo_type", "only user repos are datasets")
    glob = given.text("glob")
    if not glob:
        raise Invalid(f"{given.where} has no glob. Give it one like /*", field=given.name("glob"))
    trigger = given.inner("trigger")
    branch = given.text("branch")
    if trigger is not None:
        branch = trigger.text("branch") or branch
        found.triggers.append(_trigger(trigger))
    made = files(
        str(Address("data", repo, ref=branch_of(branch))), glob, name=given.text("name") or repo,
        on=given.text("join_on"), by=given.text("group_by"), outer=given.flag("outer_join"), lazy=given.flag("lazy"),
        empty_files=given.flag("empty_files"),
    )  # fmt: skip
    given.finish({"s3": "there is no S3 gateway", "reference": "references are not followed"})
    return made


def _trigger(given: Fields) -> Trigger:
    rests = [rhythm_of(given, key) for key in ("rate_limit_spec", "cron_spec")]
    if all(rests):
        raise given.refuse("cron_spec", "one of rate_limit_spec and cron_spec is followed, not both")
    made = Trigger(
        size_bytes=given.bytes_("size"), commits=given.number("commits", 0), rest="".join(rests), all=given.flag("all")
    )
    given.finish()
    return made


def rhythm_of(given: Fields, key: str) -> str:
    """A field that says times: '@every 15m' as 15m, a cron expression as it is; '' when it is not there. Raises Invalid."""
    spec = given.text(key).strip()
    if every := re.fullmatch(r"@every\s+(\S+)", spec):
        parse_every(every[1])
        return every[1]
    if spec:
        parse_cron(spec)
    return spec


def _cron(given: Fields, found: Inputs) -> Files:
    name = given.text("name")
    if not name:
        raise Invalid(f"{given.where} has no name", field=given.name("name"))
    start = given.text("start")
    dataset = given.text("repo") or f"{found.pipeline}_{name}"
    spec = rhythm_of(given, "spec")
    if not spec:
        raise Invalid(f"{given.where} has no spec. Give it one like @every 15m", field=given.name("spec"))
    try:
        starts = round(datetime.fromisoformat(start).timestamp() * 1000) if start else None
    except ValueError:
        raise given.wrong("start", start, "a time like 2026-03-01T00:00:00Z") from None
    found.ticks.append(Tick(dataset=dataset, spec=spec, overwrite=given.flag("overwrite"), starts_at_ms=starts))
    given.finish()
    return files(f"data:{dataset}@main", "/*", name=name)


def check_project(given: Fields) -> None:
    """Raises Invalid for a project other than Pachyderm's default."""
    if given.text("project", "default") not in ("", "default") and not given.is_ignored("project"):
        raise given.refuse("project", "datasets are in no project")
