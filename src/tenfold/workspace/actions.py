"""What people do to many runs at once: star, archive, tag, stop, bin, restore, purge. One list of what there is for Python,
command line, API and pages; each says beforehand what it would do when asked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid
from tenfold.contracts import Stores
from tenfold.records import ARCHIVED, LIVE_STATES, STARRED, STOP, Run, RunChange, RunQuery
from tenfold.workspace.purging import purge_runs

Action = Literal["star", "unstar", "archive", "unarchive", "tag", "stop", "delete", "restore", "purge"]
ACTIONS: tuple[Action, ...] = get_args(Action)
NAMED = 10
_PAGE = 1000
_AHEAD_MS = 86_400_000
"""Clocks differ by less; a heartbeat further ahead stands for a run that never gives one."""
_MARKS: dict[str, tuple[str, str | None]] = {
    "star": (STARRED, "true"), "unstar": (STARRED, None), "archive": (ARCHIVED, "true"), "unarchive": (ARCHIVED, None),
    "stop": (STOP, "true"),
}  # fmt: skip
_STOPPED_OTHERWISE = {"pipeline": "tenfold pipelines cancel {id}", "step": "tenfold pipelines cancel {root}",
                      "deployment": "Ctrl-C where it runs"}  # fmt: skip


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What an action did or, with `preview`, would do."""

    action: Action
    preview: bool
    matched: int
    """Runs it was about."""
    changed: int
    """Those it changed; the others were so already."""
    names: list[str]
    """Of the first ten that it changed."""
    freed_bytes: int | None = None
    """Of a purge."""
    waiting_bytes: int | None = None
    """Of a purge: what was stored within the last hour is freed later, by `tenfold gc`."""


def act(
    stores: Stores,
    action: Action,
    *,
    run_ids: Sequence[str] | None = None,
    query: RunQuery | None = None,
    tags: Mapping[str, str | None] | None = None,
    preview: bool = False,
) -> Acted:
    """Do one thing to the runs named, or to all that a query finds (its offset, limit and order are not looked at).

    Done twice it changes nothing the second time. Stopped half way, the runs done so far are done.

    `stop` asks: the process of a run that goes on sees it within some seconds and gets a KeyboardInterrupt.

    Args:
        query: `restore` and `purge` look in the bin, the others outside it, whatever the query says of it.
        tags: For `tag`: what to set; None removes.

    Raises:
        Invalid: An action that does not exist, neither runs nor a query, `tag` without tags, a purge of runs that
            are not in the bin.
        RunNotFound: A run named is not there; nothing was changed.
    """
    if action not in ACTIONS:
        raise Invalid(f"There is no action {action!r}. There are: {', '.join(ACTIONS)}", field="action")
    if (run_ids is None) == (query is None):
        raise Invalid("Say which runs: by their ids or by a query, one of the two", field="ids")
    if action == "tag" and not tags:
        raise Invalid("Say which tags to set, as in team=delays; a tag of null is removed", field="tags")
    matched, open_runs = _todo(_found(stores, action, run_ids, query), action, tags or {})
    gone = None
    if action == "purge":
        gone = purge_runs(stores, [run_id for run_id, _ in open_runs], preview=preview)
    elif not preview:
        _carry_out(stores, action, [run_id for run_id, _ in open_runs], tags or {})
    return Acted(
        action=action,
        preview=preview,
        matched=matched,
        changed=len(open_runs),
        names=[name for _, name in open_runs[:NAMED]],
        freed_bytes=gone.freed_bytes if gone is not None else None,
        waiting_bytes=gone.waiting_bytes if gone is not None else None,
    )


def all_runs(stores: Stores, query: RunQuery) -> Iterator[Run]:
    """Every run that a query finds, page by page, in its order; memory is that of a page.

    A run that came meanwhile moves the pages by one; what the page before had is not given again.
    """
    offset: int | None = 0
    last: frozenset[str] = frozenset()
    while offset is not None:
        page = stores.runs.search(msgspec.structs.replace(query, offset=offset, limit=_PAGE, count=False))
        yield from (run for run in page.items if run.id not in last)
        last = frozenset(run.id for run in page.items)
        offset = offset + len(page.items) if len(page.items) == _PAGE else None


def _found(stores: Stores, action: str, run_ids: Sequence[str] | None, query: RunQuery | None) -> Iterator[Run]:
    if run_ids is not None:
        named = stores.runs.get(list(dict.fromkeys(run_ids)))
        if action == "stop" and (why := next(filter(None, map(_deaf, named)), None)):
            raise Invalid(why, field="ids")
        yield from named
    elif query is not None:
        yield from all_runs(stores, msgspec.structs.replace(query, deleted=action in ("restore", "purge")))


def _todo(runs: Iterator[Run], action: str, tags: Mapping[str, str | None]) -> tuple[int, list[tuple[str, str]]]:
    """How many runs there are, and (id, name) of those that an action changes: all are read before one is changed."""
    matched, found = 0, []
    for run in runs:
        matched += 1
        if _is_open(run, action, tags):
            found.append((run.id, run.name or run.id))
    return matched, found


def _is_open(run: Run, action: str, tags: Mapping[str, str | None]) -> bool:
    if action == "stop" and _deaf(run):
        return False
    if action in _MARKS:
        key, value = _MARKS[action]
        return (key in run.tags) != (value is not None)
    if action == "tag":
        return any(run.tags.get(key) != value for key, value in tags.items())
    if action == "purge" and run.deleted_at_ms is None:
        raise Invalid(
            f"Run {run.id} is not in the bin, and only what is there is purged. Delete it first: tenfold runs delete {run.id}",
            field="ids",
        )
    return (run.deleted_at_ms is None) == (action == "delete")


def _deaf(run: Run) -> str | None:
    """Why this run cannot be asked to stop; None when it can."""
    if run.kind in _STOPPED_OTHERWISE:
        how = _STOPPED_OTHERWISE[run.kind].format(id=run.id, root=run.root_id)
        return f"run:{run.id} is a {run.kind}, which is stopped with {how}"
    if run.state not in LIVE_STATES:
        return f"run:{run.id} is {run.state}, not running. List those that are with: tenfold runs list --where \"state = 'running'\""
    if run.heartbeat_at_ms is None or run.heartbeat_at_ms > now_ms() + _AHEAD_MS:
        return f"run:{run.id} gives no sign of life, as runs of MLflow's client: stop it where it runs, on {run.host or 'its machine'}"
    return None


def _carry_out(stores: Stores, action: str, run_ids: list[str], tags: Mapping[str, str | None]) -> None:
    if action in ("delete", "restore"):
        at_ms = now_ms() if action == "delete" else None
        for start in range(0, len(run_ids), _PAGE):
            stores.runs.set_deleted(run_ids[start : start + _PAGE], at_ms=at_ms)
        return
    change = RunChange(tags=dict([_MARKS[action]]) if action in _MARKS else dict(tags))
    for start in range(0, len(run_ids), _PAGE):
        stores.runs.update_all(run_ids[start : start + _PAGE], change)
