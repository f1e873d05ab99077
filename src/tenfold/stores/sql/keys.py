"""Keys of params, tags and metrics: their numbers, and which a project has in use."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from tenfold.stores.sql.lineage import parts
from tenfold.stores.sql.series_tables import series
from tenfold.stores.sql.tables import keys, project_keys, run_params, run_tags, runs
from tenfold.stores.sql.upsert import insert_missing

FAMILIES = {"params": run_params, "metrics": series, "tags": run_tags}
"""The table that holds the values of each family of keys."""

_FEW_RUNS = 2000
"""So many runs are asked for their keys; of more, all keys count that they ever had, for which no run is read."""
Use = tuple[str, str, str, int]
"""Project, kind, family, key_n."""


def known_keys(tx: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The numbers of the keys that any run ever had."""
    found: dict[str, int] = {}
    for part in parts(sorted(wanted)):
        rows = tx.execute(select(keys.c.key, keys.c.n).where(keys.c.key.in_(part)))
        found.update((row[0], row[1]) for row in rows)
    return found


def key_numbers(tx: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The numbers of keys, given to those that have none."""
    wanted = set(wanted)
    found = known_keys(tx, wanted)
    if new := sorted(wanted - found.keys()):  # in one order, so that two writers do not wait for each other
        tx.execute(insert_missing(tx, keys), [{"key": key} for key in new])
        found |= known_keys(tx, new)
    return found


def note_use(tx: Connection, uses: Iterable[Use]) -> None:
    """Remember that runs of a project and kind have these keys."""
    rows = [
        {"project": project, "kind": kind, "family": family, "key_n": key_n}
        for project, kind, family, key_n in sorted(set(uses))
    ]
    if rows:
        tx.execute(insert_missing(tx, project_keys), rows)


def move_use(tx: Connection, old: str, new: str) -> None:
    """Let a project have the keys of another, whose runs become its own."""
    theirs = select(project_keys.c.kind, project_keys.c.family, project_keys.c.key_n).where(
        project_keys.c.project == old
    )
    note_use(tx, [(new, kind, family, key_n) for kind, family, key_n in tx.execute(theirs)])


def keys_in_use(tx: Connection, projects: list[str] | None, kinds: list[str] | None) -> dict[str, list[str]]:
    """By family, the keys of the runs outside the bin, sorted."""
    wanted = [runs.c.deleted_at_ms.is_(None)]
    if projects is not None:
        wanted.append(runs.c.project.in_(projects))
    if kinds is not None:
        wanted.append(runs.c.kind.in_(kinds))
    some = list(tx.execute(select(runs.c.n).where(*wanted).limit(_FEW_RUNS + 1)).scalars())
    if len(some) <= _FEW_RUNS:
        return {family: _of_runs(tx, family, some) for family in FAMILIES}
    return {family: _of_projects(tx, family, projects, kinds) for family in FAMILIES}


def _of_runs(tx: Connection, family: str, numbers: list[int]) -> list[str]:
    table = FAMILIES[family]
    found: set[int] = set()
    for part in parts(numbers):
        found |= set(tx.execute(select(table.c.key_n).where(table.c.run_n.in_(part)).distinct()).scalars())
    return _names(tx, found)


def _of_projects(tx: Connection, family: str, projects: list[str] | None, kinds: list[str] | None) -> list[str]:
    had = select(project_keys.c.key_n).where(project_keys.c.family == family)
    if projects is not None:
        had = had.where(project_keys.c.project.in_(projects))
    if kinds is not None:
        had = had.where(project_keys.c.kind.in_(kinds))
    return _names(tx, set(tx.execute(had.distinct()).scalars()))


def _names(tx: Connection, numbers: set[int]) -> list[str]:
    found: list[str] = []
    for part in parts(sorted(numbers)):
        found += tx.execute(select(keys.c.key).where(keys.c.n.in_(part))).scalars()
    return sorted(found)
