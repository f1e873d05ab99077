"""All places of one pipeline run in memory, and what follows for them without running anything.

`settle` decides every place whose inputs are known: found in the cache, ready to run, fanned out, or skipped. It writes
nothing: what it decided waits in `added` and `changes` for the scheduler (or is thrown away by `plan`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import TenfoldError
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.templates import Template, fill, value_template
from tenfold.pipelines.caching.keys import Found, KeyParts, find_cached, key_parts
from tenfold.pipelines.driving.fanning import end_of_items, fan_out
from tenfold.pipelines.driving.indexing import Index
from tenfold.pipelines.driving.places import CLEARED, ENDED, GOOD, Place, begun, index_of, is_enough, waits_of
from tenfold.pipelines.driving.scopes import reason_to_skip, summary_of
from tenfold.pipelines.driving.step_runs import run_of
from tenfold.pipelines.ids import task_id
from tenfold.pipelines.values import encode, value_of
from tenfold.pipelines.work import Spec
from tenfold.records import Run, RunChange, Task, TaskChange, TaskState, Version


class Board:
    """Places by key, in the order of the graph; items stand after the place they are of."""

    def __init__(self, stores: Stores, root: Run, pipeline: str, *, clock: Clock = now_ms) -> None:
        self.stores, self.root, self.pipeline, self.clock = stores, root, pipeline, clock
        self.places: dict[str, Place] = {}
        self.by_id: dict[str, Place] = {}
        self.dependents: dict[str, list[str]] = {}
        self.added: dict[str, Run] = {}
        """Runs of places that are not stored yet, by task id."""
        self.changes: dict[str, TaskChange] = {}
        self.news: list[Place] = []
        """Places that ended or fanned out since the caller last looked."""
        self.open: deque[Place] = deque()
        """Places that `settle` is to look at."""
        self._index = Index()

    # Filling the board

    def add(self, key: str, spec: Spec) -> Place:
        """Put up a new place, waiting."""
        task = Task(
            id=task_id(self.root.id, key),
            root_id=self.root.id,
            key=key,
            payload=msgspec.to_builtins(spec),
            priority=spec.priority,
            pool=spec.pool,
        )
        place = self._put(Place(task, spec))
        self.added[task.id] = run_of(self, place)
        return place

    def load(self) -> None:
        """Read the board as the store has it now."""
        self.places.clear()
        self.by_id.clear()
        self.dependents.clear()
        self.added.clear()
        self.changes.clear()
        self.open.clear()
        self._index = Index()
        tasks = self.stores.tasks.of_root(self.root.id)
        for task in tasks:
            self._put(Place(task, msgspec.convert(task.payload, Spec)))
        self._load_outputs()
        items: dict[str, list[str]] = {}
        for place in self.places.values():
            if place.spec.item_of:
                items.setdefault(place.spec.item_of, []).append(place.key)
        for key, found in items.items():
            self.places[key].items = sorted(found, key=index_of)
        for place in self.places.values():
            if place.spec.mapped and place.state not in ENDED:
                place.fanned_out = place.state == "running"
                place.task = msgspec.structs.replace(
                    place.task, state="waiting"
                )  # fan out again: it adds what is missing
                place.items = None
            elif place.spec.mapped and place.state == "finished" and place.items is None:
                place.items = []
            place.waits = {key for key in place.waits if self.places[key].state not in ENDED}
        for place in self.places.values():
            if place.state == "waiting" and not place.spec.item_of and (not place.waits or self._may_start(place.spec)):
                self.open.append(place)

    def _may_start(self, spec: Spec) -> bool:
        return bool(spec.early) and any(is_enough(spec, self.places[key]) for key in spec.after)

    def _put(self, place: Place) -> Place:
        self.places[place.key] = place
        self.by_id[place.task.id] = place
        self._index.note(place)
        place.waits = waits_of(place.spec)
        if not place.spec.item_of:
            for key in place.waits:
                self.dependents.setdefault(key, []).append(place.key)
            if not any(key not in self.places or self.places[key].state not in ENDED for key in place.waits):
                place.waits = set()
                self.open.append(place)
        return place

    def _load_outputs(self) -> None:
        wanted = {
            id_: (place, name)
            for place in self.places.values()
            if place.state in GOOD
            for name, id_ in place.task.outcome.get("outputs", {}).items()
        }
        ids = list(wanted)
        versions: dict[str, Version] = {v.id: v for v in self.stores.versions.get(ids)} if ids else {}
        for place in self.places.values():
            if place.state in GOOD:
                for name, id_ in place.task.outcome.get("outputs", {}).items():
                    place.outputs[name] = Found(id_, value_of(versions[id_], lambda: self.stores.blobs))

    # Deciding

    def settle(self) -> None:
        """Decide every place that can be decided."""
        while self.open:
            place = self.open.popleft()
            if place.state != "waiting":
                continue
            try:
                reason = reason_to_skip(self, place)
                if reason:
                    self.end(place, "skipped", outcome=reason)
                elif place.spec.mapped:
                    fan_out(self, place)
                else:
                    self._look_up(place)
            except TenfoldError as error:
                self.fail(place, f"{type(error).__name__}: {error}")

    def _look_up(self, place: Place) -> None:
        parts = self.parts(place)
        outcome = {**place.task.outcome, "key": parts.key, "parts": msgspec.to_builtins(parts)}
        found = find_cached(self.stores, place.spec, parts.key) if place.spec.cache and not place.cleared else None
        if found is None:
            self.change(place, "ready", outcome=outcome)
            return
        place.outputs, first = found
        outcome |= {
            "outputs": {name: one.version_id for name, one in place.outputs.items()},
            "cached_from": first.run_id,
        }
        self.end(place, "cached", outcome=outcome)

    def parts(self, place: Place) -> KeyParts:
        """The parts of a place's cache key; its inputs are known."""
        return key_parts(place.spec, self.fill(place))

    def fill(self, place: Place) -> dict[str, Template]:
        """The arguments of a place whose inputs are known."""
        if place.filled is None:

            def lookup(key: str, output: str | None) -> Template:
                if not key:
                    return {"c": encode(summary_of(self, place), repr)}
                return self.lookup(key, output, lenient=bool(place.spec.runs))

            place.filled = {name: fill(value, lookup) for name, value in place.spec.arguments.items()}
        return place.filled

    def lookup(self, key: str, output: str | None, *, lenient: bool = False) -> Template:
        """What a place gave, as a filled template; None for an item that was allowed to fail, and with `lenient` for
        any place that gave nothing."""
        place = self.places[key]
        if place.items is not None:
            return {"l": [self.lookup(item, output, lenient=lenient) for item in place.items]}
        if place.state not in GOOD and (lenient or self.is_tolerated(place)):
            return {"c": None}
        if output is None and len(place.outputs) == 1:
            output = next(iter(place.outputs))
        if output is not None:
            return value_template(place.outputs[output].value)
        return {"p": {name: value_template(found.value) for name, found in place.outputs.items()}}

    def is_tolerated(self, place: Place) -> bool:
        """True for an item that did not end well, though its list did: so many may fail."""
        parent = self.places.get(place.spec.item_of)
        return parent is not None and parent.state in GOOD

    @property
    def trouble(self) -> list[Place]:
        """Places that make the run a failed one: that did not end as they should, and whose end counts."""
        return [p for p in self.places.values() if not (p.is_well or p.spec.hook or self.is_tolerated(p))]

    # What became of places

    def end(
        self, place: Place, state: TaskState, *, outcome: dict[str, Any], token: int | None = None, error: str = ""
    ) -> None:
        """A place ended: note the change, and open what waited for it."""
        place.filled = None if state in GOOD else place.filled
        result: dict[str, Any] = {key: outcome[key] for key in ("cached_from", "because") if key in outcome}
        self.change(
            place,
            state,
            outcome=outcome,
            token=token,
            run_state={"cached": "finished", "skipped": "killed"}.get(state),
            run=RunChange(error=error or None, result=result or None) if error or result else None,
        )
        self.news.append(place)
        for key in self.dependents.get(place.key, ()):
            waiting = self.places[key]
            waiting.waits.discard(place.key)
            if waiting.state == "waiting" and (not waiting.waits or is_enough(waiting.spec, place)):
                self.open.append(waiting)
        parent = self.places.get(place.spec.item_of)
        if parent is not None and parent.state == "running":
            parent.left -= 1
            if parent.left == 0:
                end_of_items(self, parent)

    def fail(self, place: Place, error: str, *, token: int | None = None) -> None:
        """A place failed for good."""
        self.end(place, "failed", outcome={**place.task.outcome, "error": error}, token=token, error=error)

    def change(
        self,
        place: Place,
        to: TaskState,
        *,
        outcome: dict[str, Any] | None = None,
        token: int | None = None,
        run_state: str | None = None,
        run: RunChange | None = None,
        not_before_ms: int | None = None,
    ) -> None:
        """Note a change of a place's state, to be written down with the next flush."""
        old, before = place.task, self.changes.get(place.task.id)
        new_outcome = old.outcome if outcome is None else outcome
        not_before_ms = old.not_before_ms if not_before_ms is None else not_before_ms
        place.task = msgspec.structs.replace(old, state=to, outcome=new_outcome, not_before_ms=not_before_ms)
        self._index.note(place)
        if old.id in self.added:
            self.added[old.id] = begun(self.added[old.id], to, run, self.clock())
            return
        fanning = place.spec.mapped and old.state in ("waiting", "running")
        expect: list[TaskState] = ["waiting", "running"] if fanning else [old.state]
        self.changes[old.id] = TaskChange(
            id=old.id,
            to=to,
            expect=before.expect if before else expect,
            token=before.token if before else token,
            outcome=new_outcome,
            payload=before.payload if before else None,
            run_state=run_state or (before.run_state if before and to not in ENDED else None),
            run=run,
            not_before_ms=not_before_ms if not_before_ms != old.not_before_ms or before else None,
        )

    def retry(self, place: Place, *, token: int, outcome: dict[str, Any], not_before_ms: int) -> None:
        """A running place goes back into the queue."""
        self.change(place, "ready", outcome=outcome, token=token, not_before_ms=not_before_ms)

    def respecify(self, place: Place, spec: Spec) -> None:
        """Give a running place another spec without touching its state: it counts when the place is taken over."""
        place.spec = spec
        payload = msgspec.to_builtins(spec)
        self.changes[place.task.id] = TaskChange(id=place.task.id, to="running", expect=["running"], payload=payload)

    def reopen(self, place: Place, spec: Spec, *, token: int | None = None) -> None:
        """A place that did not end well waits again: its key is made anew. What is known of its attempts stays."""
        attempts, waits_on = place.task.outcome.get("attempts", []), place.state in ("ready", "waiting", "running")
        outcome: dict[str, Any] = {"attempts": attempts} if attempts else {}
        tries_from = place.task.outcome.get("tries_from", 0) if waits_on else len(attempts)
        outcome |= {"tries_from": tries_from} if tries_from else {}
        outcome |= {CLEARED: place.cleared} if place.cleared else {}
        not_before_ms = place.task.not_before_ms if place.state == "ready" else 0  # a retry's wait goes on
        self.change(place, "waiting", outcome=outcome, token=token, run_state="created", not_before_ms=not_before_ms)
        place.filled = None
        if all(self.places[key].state in ENDED for key in waits_of(spec)):
            self.open.append(place)
        change = self.changes[place.task.id]
        self.changes[place.task.id] = msgspec.structs.replace(
            change, payload=msgspec.to_builtins(spec), not_before_ms=not_before_ms
        )
        place.spec = spec

    @property
    def all_ended(self) -> bool:
        """True when nothing is left to do."""
        return self._index.all_ended

    def ready(self) -> Iterator[Place]:
        """Places that are ready to run, also those whose time has not come. The caller changes none meanwhile."""
        return self._index.ready()

    @property
    def delayed(self) -> list[Place]:
        """Places that are ready to run at a time of their own."""
        return [place for place in self._index.delayed.values() if place.state == "ready"]

    @property
    def names_pools(self) -> bool:
        """Whether any place names a pool."""
        return self._index.names_pools
