"""What going on with a run would do, before it is done: which steps stay as they are, which run, and whose code changed."""

from __future__ import annotations

import msgspec

from tenfold.base.errors import Invalid, TenfoldError
from tenfold.pipelines.choosing import runner_for
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.places import GOOD, Place, in_graph_order
from tenfold.pipelines.host import Host
from tenfold.pipelines.work import Target


class Resumed(msgspec.Struct, frozen=True):
    """One step of a run that is to go on."""

    key: str
    kept: bool
    """It ended well and is not run again."""
    state: str
    says: str
    code_changed: bool
    """Its code is not what it was when it ran, or was to run."""
    item_of: str = ""


def plan_resume(root_id: str, *, host: Host) -> list[Resumed]:
    """What `resume` would do with each step, in the graph's order. Changes nothing.

    Raises:
        RunNotFound: No such run.
        Invalid: It is no pipeline run.
    """
    stores = host.stores
    root = stores.runs.get([root_id])[0]
    if root.kind != "pipeline":
        raise Invalid(f"run:{root_id} is a {root.kind} run, not a pipeline's. Name one of: tenfold pipelines list")
    board = Board(stores, root, root.name)
    board.load()
    target = msgspec.convert(root.result["target"], Target) if root.result.get("target") else None
    runner = runner_for(host, target, None, {key: p.spec for key, p in board.places.items()}, executor="inline")
    codes: dict[tuple[str, str], str] = {}
    found = []
    for place in (board.places[key] for key in in_graph_order(board.places)):
        if place.items:
            continue
        named = place.spec.module, f"{place.spec.qualname} {place.spec.program}"
        if named not in codes:
            try:
                codes[named] = runner.code_of(place.spec)
            except (TenfoldError, ImportError, AttributeError) as error:
                codes[named] = f"cannot be found: {error}"
        found.append(_resumed(place, codes[named], root.state))
    return found


def _resumed(place: Place, code: str, root_state: str) -> Resumed:
    changed = code != place.spec.code and not place.spec.cache_version
    lost = code.startswith("cannot be found")
    kept = place.state in GOOD or root_state == "finished"
    if kept:
        says = "ended well, is not run again"
        says += "; its code changed since" if changed and not lost else ""
    elif lost:
        says = f"its code {code}"
    elif place.state == "skipped":
        says = "runs when what it needs is there"
    else:
        says = f"{'was not begun' if place.state in ('waiting', 'ready') else place.state}, runs"
    says += ", with the code as it is now" if changed and not kept and not lost else ""
    return Resumed(place.key, kept, place.state, says, changed and not lost, place.spec.item_of)
