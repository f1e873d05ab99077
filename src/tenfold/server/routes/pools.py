"""Pools: who holds their slots, who waits in which order; their sizes."""

from __future__ import annotations

import msgspec

from tenfold.base.user import user_name
from tenfold.contracts.lines import UNSET_SLOTS, pool_and_slots
from tenfold.contracts.there import runs_there
from tenfold.pipelines.driving.pools import remove_pool, set_pool, slots_by_pool
from tenfold.records import Run, Task
from tenfold.server.place import Place
from tenfold.server.routes.params import Name
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import Changed, PoolEdit, PoolList, PoolRow, PoolUse

SHOWN = 100


class OnePool(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


def listing(place: Place, params: Nothing) -> PoolList:
    stores = place.stores
    slots = slots_by_pool(stores)
    roots = stores.tasks.open_roots()
    tasks = [task for root_id in roots for task in stores.tasks.of_root(root_id) if task.pool]
    wanted = [task for task in tasks if _holds(task) or task.state == "ready"]
    ids = list(dict.fromkeys([*(task.id for task in wanted), *(task.root_id for task in wanted)]))
    runs = runs_there(stores, ids)
    names = sorted({*slots, *(pool_and_slots(task.pool)[0] for task in tasks)})
    return PoolList([_row(name, slots.get(name), wanted, runs) for name in names])


def _row(name: str, slots: int | None, tasks: list[Task], runs: dict[str, Run]) -> PoolRow:
    mine = [task for task in tasks if pool_and_slots(task.pool)[0] == name]
    most = UNSET_SLOTS if slots is None else slots
    holders = [_use(task, runs, most) for task in mine if _holds(task)]
    line = sorted((task for task in mine if task.state == "ready"), key=lambda task: -task.priority)
    return PoolRow(
        name=name,
        slots=most,
        is_set=slots is not None,
        held=sum(one.slots for one in holders),
        waiting=len(line),
        holders=holders,
        line=[_use(task, runs, most) for task in line[:SHOWN]],
    )


def _holds(task: Task) -> bool:
    return task.state == "running" and task.lease_until_ms is not None


def _use(task: Task, runs: dict[str, Run], most: int) -> PoolUse:
    run, root = runs.get(task.id), runs.get(task.root_id)
    return PoolUse(
        key=task.key,
        run_id=task.id,
        root_id=task.root_id,
        pipeline=root.name if root else "",
        slots=min(pool_and_slots(task.pool)[1], most),
        priority=task.priority,
        since_ms=(run.started_at_ms or run.created_at_ms) if run else None,
    )


def edit(place: Place, params: OnePool, body: PoolEdit) -> Changed:
    set_pool(place.stores, params.name, body.slots, who=user_name())
    return Changed(1)


def remove(place: Place, params: OnePool) -> Changed:
    remove_pool(place.stores, params.name)
    return Changed(1)


ROUTES = [
    Route("GET", "/pools", listing, PoolList, "Pools, who holds their slots and who waits"),
    Route("PUT", "/pools/{name}", edit, Changed, "Give a pool so many slots", OnePool, PoolEdit),
    Route("DELETE", "/pools/{name}", remove, Changed, "Forget a pool", OnePool),
]
