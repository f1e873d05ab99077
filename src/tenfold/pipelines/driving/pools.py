"""Pools: how many steps that use one scarce thing may run at once, in all pipelines of a store.

A pool is kept as versions of `pool:<name>`; the newest holds its slots. Who holds a slot is a running task with its
lease, so a holder that was killed holds it no longer than that.
"""

from __future__ import annotations

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import Invalid, NotFound
from tenfold.base.hashing import canonical_json, digest
from tenfold.contracts import Stores
from tenfold.contracts.lines import UNSET_SLOTS, pool_and_slots
from tenfold.records import Draft, Version

KIND = "pool"


class PoolState(msgspec.Struct, frozen=True):
    """A pool as it stands."""

    name: str
    slots: int
    held: int
    """Slots that running steps hold."""
    waiting: int
    """Steps that wait for it."""


def set_pool(stores: Stores, name: str, slots: int, *, who: str = "", clock: Clock = now_ms) -> Version:
    """Give a pool so many slots; with 0 nothing of it starts. Steps that run keep theirs. Raises Invalid."""
    check_name(name, what="pool name")
    if slots < 0:
        raise Invalid(f"A pool has 0 slots or more, not {slots}", field="slots")
    data = canonical_json({"slots": slots})
    newest = stores.versions.find(KIND, name)
    if newest is not None and newest.digest == digest(data):
        return newest
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, digest=digest(data), size_bytes=len(data), inline=data, type="json",
        metadata={"slots": slots}, author=who, created_at_ms=clock(),
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def remove_pool(stores: Stores, name: str, *, clock: Clock = now_ms) -> None:
    """Forget a pool: steps that name it run one at a time from then on. Raises NotFound."""
    found = stores.versions.search(KIND, name, limit=1000)
    if not found:
        raise NotFound(f"There is no pool {name!r}. See them with: tenfold pools list", field="pool")
    stores.versions.set_deleted([version.id for version in found], at_ms=clock())


def slots_by_pool(stores: Stores) -> dict[str, int]:
    """Slots of each pool that was set."""
    found = [stores.versions.find(KIND, name) for _, name, count, _ in stores.versions.names(KIND) if count]
    return {version.name: int(version.metadata["slots"]) for version in found if version is not None}


def all_pools(stores: Stores) -> list[PoolState]:
    """Every pool that was set or that a step of an open run names, sorted by name."""
    slots = slots_by_pool(stores)
    held = dict.fromkeys(slots, 0)
    waiting = dict.fromkeys(slots, 0)
    tasks = (task for root_id in stores.tasks.open_roots() for task in stores.tasks.of_root(root_id) if task.pool)
    for task in tasks:
        name, wants = pool_and_slots(task.pool)
        if task.state == "running" and task.lease_until_ms is not None:  # a mapped place holds nothing, its items do
            held[name] = held.get(name, 0) + min(wants, slots.get(name, UNSET_SLOTS))
        elif task.state == "ready":
            waiting[name] = waiting.get(name, 0) + 1
    names = sorted(slots.keys() | held.keys() | waiting.keys())
    return [PoolState(name, slots.get(name, UNSET_SLOTS), held.get(name, 0), waiting.get(name, 0)) for name in names]
