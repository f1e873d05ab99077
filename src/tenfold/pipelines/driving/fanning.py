"""Mapped places: one place for each item, put up when the items are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tenfold.pipelines.authoring.steps import same_length
from tenfold.pipelines.authoring.templates import Template, fill, items_of
from tenfold.pipelines.driving.places import ENDED, Place

if TYPE_CHECKING:
    from tenfold.pipelines.driving.board import Board


def fan_out(board: Board, place: Place) -> None:
    """A mapped place whose inputs are known: put up its items, those that are not there yet."""
    spec = place.spec
    lists = {name: _elements(board, spec.arguments[name], place.key) for name in spec.mapped}
    length = same_length(place.key, {name: len(items) for name, items in lists.items()})
    place.items, place.left = [], 0
    if place.fanned_out:
        place.task = msgspec.structs.replace(place.task, state="running")
    else:
        board.change(place, "running", run_state="running")
    for index in range(length):
        key = f"{place.key}[{index}]"
        place.items.append(key)
        if key not in board.places:
            arguments = {**spec.arguments, **{name: items[index] for name, items in lists.items()}}
            item = msgspec.structs.replace(spec, arguments=arguments, mapped=[], item_of=place.key, guards=[], after=[])
            board.add(key, item)
        known = board.places[key]
        known.waits = set()
        place.left += known.state not in ENDED
        if known.state == "waiting":
            board.open.append(known)
    if place.left == 0:
        end_of_items(board, place)
    else:
        board.news.append(place)


def _elements(board: Board, given: Template, key: str) -> list[Template]:
    if "l" in given or "tu" in given:
        return list(given["l"] if "l" in given else given["tu"])
    if "r" in given:
        source, output = given["r"]
        items = board.places[source].items
        if items is not None:
            return [{"r": [item, output]} for item in items]
        return [{"e": [source, output, i]} for i in range(len(items_of(board.lookup(source, output), what=source)))]
    return items_of(fill(given, board.lookup), what=key)


def end_of_items(board: Board, place: Place) -> None:
    """All items of a place have ended: so has it."""
    items = [board.places[key] for key in place.items or ()]
    failed = [item.key for item in items if not item.is_well]
    outcome: dict[str, object] = {"items": len(items)}
    if not failed or (_bearable(place, len(failed), len(items)) and _only_failed(items)):
        board.end(place, "finished", outcome={**outcome, "failed": len(failed)} if failed else outcome)
    elif all(board.places[key].state == "cancelled" for key in failed):
        board.end(place, "cancelled", outcome={"items": len(items)})
    else:
        said = f"{len(failed)} of {len(items)} items did not finish: {', '.join(failed[:5])}"
        board.end(place, "failed", outcome={"items": len(items), "error": said}, error=said)


def _bearable(place: Place, failed: int, items: int) -> bool:
    allowed = place.spec.allow_failures
    return failed <= (allowed * items if allowed < 1 else allowed)


def _only_failed(items: list[Place]) -> bool:
    return not any(item.state == "cancelled" for item in items)
