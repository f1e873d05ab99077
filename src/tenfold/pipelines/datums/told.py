"""Datums as people look at them: what became of each in one run, and which of them made a file."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Literal, NamedTuple

from tenfold.base.errors import NotFound
from tenfold.contracts import Blobs, Stores
from tenfold.pipelines.datums.state import KIND, Record, find_state, records_of
from tenfold.records import Version

Became = Literal["failed", "recovered", "new", "changed", "again", "skipped"]
"""new: not known before; changed: its inputs or the code changed; again: as before, and run again; skipped: not run."""
ORDER: tuple[Became, ...] = ("failed", "recovered", "new", "changed", "again", "skipped")


class Told(NamedTuple):
    """A datum and what became of it."""

    became: Became
    record: Record


def state_of(stores: Stores, name: str, branch: str = "main", number: int | None = None) -> Version:
    """What is known of the datums behind an output: newest of its branch, or the version of this number.

    Raises:
        NotFound: No incremental pipeline writes it, or not so many versions.
    """
    if number is not None:
        found = stores.versions.find(KIND, name, number)
        if found is not None and not found.is_purged:
            return found
        raise NotFound(f"There is no datums:{name}@v{number}. See all with: tenfold datums list {name}", field="number")
    state = find_state(stores, name, branch)
    if state is None:
        known = ", ".join(one for _, one, _, _ in stores.versions.names(KIND)[:8]) or "none yet"
        raise NotFound(f"No incremental pipeline writes {name}. Those that are written by one: {known}", field="name")
    return state


def tell(stores: Stores, state: Version) -> list[Told]:
    """Every datum of a state, what needs attention first, else by paths; what the state before it knew tells the rest."""
    before = stores.versions.get(state.parents[:1])[0].digest if state.parents else ""
    return _told(_Key(stores.blobs, state.digest, before))


def counts_of(told: list[Told]) -> dict[str, int]:
    """How many became what, in order; those of which there are none are left out."""
    found = Counter(one.became for one in told)
    return {became: found[became] for became in ORDER if found[became]}


def makers(told: list[Told], path: str) -> list[Told]:
    """Those that made a file, or files below a folder."""
    below = f"{path}/"
    return [one for one in told if any(made.path == path or made.path.startswith(below) for made in one.record.made)]


class _Key(NamedTuple):
    blobs: Blobs
    after: str
    before: str


@lru_cache(2)
def _told(key: _Key) -> list[Told]:
    """Trees never change, so what was read of two of them last is kept: a page asks for one part after another."""
    before, after = (records_of(key.blobs, tree) if tree else {} for tree in (key.before, key.after))
    told = [Told(_became(record, before.get(id_)), record) for id_, record in after.items()]
    return sorted(told, key=lambda one: (ORDER.index(one.became), [part.path for part in one.record.parts]))


def _became(record: Record, before: Record | None) -> Became:
    if before is not None and (before.run_id, before.at_ms) == (record.run_id, record.at_ms):
        return "failed" if record.state == "failed" else "skipped"
    if record.state != "done":
        return record.state
    if before is None:
        return "new"
    return "changed" if before.hash != record.hash else "again"
