"""Runs, in memory."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import msgspec

from tenfold.base.errors import Invalid
from tenfold.contracts import Runs
from tenfold.contracts.changes import changed, check_key, in_state, searchable
from tenfold.contracts.refusals import no_run
from tenfold.records import Page, Run, RunChange, RunQuery, RunState
from tenfold.stores.memory.search import matching
from tenfold.stores.memory.state import State


class MemoryRuns(Runs):
    """Runs of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, runs: list[Run]) -> None:
        with self._state.lock:
            add_runs(self._state, runs)

    def get(self, run_ids: list[str]) -> list[Run]:
        with self._state.lock:
            for run_id in run_ids:
                if run_id not in self._state.runs:
                    raise no_run(run_id)
            return [self._full(self._state.runs[run_id]) for run_id in run_ids]

    def search(self, query: RunQuery) -> Page[Run]:
        with self._state.lock:
            everything = [self._full(run) for run in self._state.runs.values()]
        found = matching(everything, query)
        end = query.offset + query.limit
        return Page(found[query.offset : end], len(found) if query.count else -1, end if end < len(found) else None)

    def update(self, run_id: str, change: RunChange) -> Run:
        with self._state.lock:
            old = self._state.runs.get(run_id)
            if old is None:
                raise no_run(run_id)
            put_run(self._state, changed(old, change), "updated", self._state.clock())
            return self._full(self._state.runs[run_id])

    def update_all(self, run_ids: list[str], change: RunChange) -> None:
        with self._state.lock:
            for run_id in run_ids:
                if run_id not in self._state.runs:
                    raise no_run(run_id)
            new = [changed(self._state.runs[run_id], change) for run_id in dict.fromkeys(run_ids)]
            for run in new:
                check_storable(run)
            for run in new:
                put_run(self._state, run, "updated", self._state.clock())

    def transition(
        self, run_id: str, to: RunState, *, expect: list[RunState], at_ms: int, change: RunChange | None = None
    ) -> bool:
        with self._state.lock:
            old = self._state.runs.get(run_id)
            if old is None:
                raise no_run(run_id)
            if old.state not in expect:
                return False
            put_run(self._state, changed(in_state(old, to, at_ms), change or RunChange()), to, at_ms)
            return True

    def heartbeat(self, run_ids: list[str], *, at_ms: int) -> None:
        with self._state.lock:
            for run_id in run_ids:
                if run_id in self._state.runs:
                    self._state.runs[run_id] = msgspec.structs.replace(self._state.runs[run_id], heartbeat_at_ms=at_ms)

    def lose(self, *, silent_since_ms: int, at_ms: int, kinds: list[str]) -> list[str]:
        with self._state.lock:
            lost = [
                run
                for run in self._state.runs.values()
                if run.state == "running" and run.kind in kinds and _heard_of(run) < silent_since_ms
            ]
            for run in lost:
                put_run(self._state, in_state(run, "lost", at_ms), "lost", at_ms)
            return sorted(run.id for run in lost)

    def set_deleted(self, run_ids: list[str], *, at_ms: int | None) -> int:
        changes = 0
        with self._state.lock:
            for run_id in dict.fromkeys(run_ids):
                run = self._state.runs.get(run_id)
                if run is not None and (run.deleted_at_ms is None) != (at_ms is None):
                    when = self._state.clock() if at_ms is None else at_ms
                    new = msgspec.structs.replace(run, deleted_at_ms=at_ms)
                    put_run(self._state, new, "restored" if at_ms is None else "deleted", when)
                    changes += 1
        return changes

    def purge(self, run_ids: list[str]) -> int:
        gone = 0
        with self._state.lock:
            for run_id in dict.fromkeys(run_ids):
                run = self._state.runs.get(run_id)
                if run is not None and run.deleted_at_ms is not None and run.state != "running":
                    del self._state.runs[run_id]
                    self._state.metrics.pop(run_id, None)
                    self._state.tasks.pop(run_id, None)
                    self._state.note("run", run_id, "purged", self._state.clock(), run.project)
                    gone += 1
        return gone

    def projects(self) -> dict[str, int]:
        with self._state.lock:
            counts = Counter(run.project for run in self._state.runs.values() if run.deleted_at_ms is None)
        return dict(sorted(counts.items()))

    def rename_project(self, old: str, new: str) -> int:
        with self._state.lock:
            moved = [run for run in self._state.runs.values() if run.project == old != new]
            for run in sorted(moved, key=lambda run: run.id):
                put_run(self._state, msgspec.structs.replace(run, project=new), "updated", self._state.clock())
        return len(moved)

    def patches(self, *, but: list[str] | None = None) -> list[str]:
        without = set(but or ())
        with self._state.lock:
            codes = [run.code for run in self._state.runs.values() if run.id not in without]
        return sorted({code.patch for code in codes if code is not None and code.patch})

    def keys(self, projects: list[str] | None = None, kinds: list[str] | None = None) -> dict[str, list[str]]:
        with self._state.lock:
            runs = [
                self._full(run)
                for run in self._state.runs.values()
                if run.deleted_at_ms is None
                and (projects is None or run.project in projects)
                and (kinds is None or run.kind in kinds)
            ]
        return {
            "params": sorted(set(chain.from_iterable(searchable(run.params) for run in runs))),
            "metrics": sorted(set(chain.from_iterable(run.metrics for run in runs))),
            "tags": sorted(set(chain.from_iterable(run.tags for run in runs))),
        }

    def _full(self, run: Run) -> Run:
        metrics = self._state.metrics.get(run.id)
        return msgspec.structs.replace(run, metrics=dict(sorted(metrics.items()))) if metrics else run


def add_runs(state: State, runs: list[Run]) -> None:
    """Store new runs, all or none; those stored already are left alone. The caller holds the lock."""
    for run in runs:
        check_storable(run)
    for run in runs:
        if run.id not in state.runs:
            parent = state.runs.get(run.parent_id) if run.parent_id else None
            root = run.root_id or (parent.root_id if parent else None) or run.parent_id or run.id
            put_run(state, msgspec.structs.replace(run, root_id=root, metrics={}), "created", run.created_at_ms)


def put_run(state: State, run: Run, action: str, at_ms: int) -> None:
    """Store a run as it is now, with its event. The caller holds the lock."""
    check_storable(run)
    state.runs[run.id] = run
    state.note("run", run.id, action, at_ms, run.project)


def check_storable(run: Run) -> None:
    """Raise Invalid when a store with a disk could not keep the run."""
    try:
        msgspec.msgpack.encode(run)
    except (TypeError, OverflowError, UnicodeError) as error:
        raise Invalid(f"A value cannot be stored ({error}). Use texts, numbers, lists and mappings of them") from error
    searchable(run.params)
    for key in run.tags:
        check_key(key)


def _heard_of(run: Run) -> int:
    return run.heartbeat_at_ms or run.started_at_ms or 0
