"""Whether a place runs, by what became of all that leads to it; and what a hook is told of that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.pipelines.authoring.hooks import RunSummary
from tenfold.pipelines.authoring.templates import Template, holds, needed
from tenfold.pipelines.driving.places import GOOD, Place, waits_of

if TYPE_CHECKING:
    from tenfold.pipelines.driving.board import Board


def scope(board: Board, keys: Iterable[str]) -> list[Place]:
    """The places of these keys and all they wait for, in the board's order, with their items."""
    left, seen = list(keys), set[str]()
    while left:
        key = left.pop()
        if key not in seen:
            seen.add(key)
            left += waits_of(board.places[key].spec)
    return [place for place in board.places.values() if place.key in seen or place.spec.item_of in seen]


def trouble(board: Board, keys: Iterable[str]) -> list[Place]:
    """Those of a scope that did not end as they should."""
    return [p for p in scope(board, keys) if not (p.is_well or p.spec.hook or board.is_tolerated(p))]


def reason_to_skip(board: Board, place: Place) -> dict[str, Any] | None:
    """Why a place cannot run, or shall not: `by_choice` when a condition is behind it and nothing failed."""
    for guard in place.spec.guards:
        reason = _missing(board, [guard.condition])
        if reason is None and holds(guard.condition, board.lookup) != guard.expected:
            reason = {"because": f"not so: {guard.says}", "by_choice": True}
        if reason is not None:
            return reason
    spec = place.spec
    needs = [spec.arguments[name] for name in spec.mapped] if spec.runs else spec.arguments.values()
    return reason_not_to_run(board, place) or _missing(board, needs)


def _missing(board: Board, given: Iterable[Template]) -> dict[str, Any] | None:
    for template in given:
        for key in needed(template, board.lookup):
            source = board.places[key]
            if source.state not in GOOD and not board.is_tolerated(source):
                because = {"because": f"{key} did not give its output"}
                return {**because, "by_choice": True} if source.skipped_by_choice else because
    return None


def reason_not_to_run(board: Board, place: Place) -> dict[str, Any] | None:
    """Why a place does not run, by what it comes after; the values it takes are not looked at."""
    spec = place.spec
    if spec.runs == "always" or spec.item_of:  # of an item, its place was asked
        return None
    if spec.runs == "on_failure":
        waited = spec.after if spec.hook else waits_of(spec)
        if trouble(board, waited):
            return None
        return {"because": "nothing before it failed", "by_choice": True}
    if spec.hook:
        return {"because": "the run did not end well", "by_choice": True} if trouble(board, spec.after) else None
    for key in spec.after:
        if not board.places[key].is_well:
            return {"because": f"{key}, which it comes after, did not end well"}
    return None


def summary_of(board: Board, place: Place) -> RunSummary:
    """What a hook is told: of the places before it."""
    known = [one for one in scope(board, place.spec.after) if not one.spec.hook]
    bad = trouble(board, place.spec.after)
    failed = [one for one in bad if one.state == "failed" and not one.spec.mapped]
    first = failed[0] if failed else bad[0] if bad else None
    return RunSummary(
        pipeline=board.root.name,
        run_id=board.root.id,
        state="failed" if bad else "finished",
        params=msgspec.to_builtins(board.root.params),
        steps={one.key: one.state for one in known if not one.spec.mapped},
        failed=[one.key for one in failed],
        error=str(first.task.outcome.get("error", "")).partition("\n")[0] if first else "",
        seconds=round((board.clock() - (board.root.started_at_ms or board.root.created_at_ms)) / 1000, 3),
    )
