"""A pipeline run whose steps another engine starts, one by one: Airflow, Kubeflow, Argo. See docs/exporting.md.

`begin_run` stores the run with all its places waiting; `run_place` runs one of them, for one attempt; `end_run` ends the
run as its places ended. Each may be called again. Between the calls nothing runs here, and no server takes the run over.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, NotFound, StepFailed
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.addresses import fix_addresses
from tenfold.pipelines.authoring.definition import Pipeline
from tenfold.pipelines.authoring.loading import target_of
from tenfold.pipelines.choosing import runner_for
from tenfold.pipelines.control import ENGINE, add_root_edges, end_by, new_root
from tenfold.pipelines.driving.attempts import failures
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.places import ENDED, GOOD, Place
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.driving.scheduler import Scheduler
from tenfold.pipelines.driving.specs import publish, specs_of
from tenfold.pipelines.executors import Executor
from tenfold.pipelines.host import Host
from tenfold.pipelines.work import Done, Target
from tenfold.records import Compare, Run, RunQuery

KEY = "engine.key"
"""Tag of such a run: what the other engine calls it."""

Came = Literal["finished", "cached", "skipped", "retry", "failed"]
"""What came of one attempt. `retry`: it failed and the step has attempts left; `failed`: it is not worth another."""


class Ended(msgspec.Struct, frozen=True):
    """What came of asking for one place."""

    state: Came
    says: str = ""
    items: int | None = None
    """Of a mapped place: how many items it has."""


def begin_run(pipeline: Pipeline[..., Any], params: dict[str, Any], *, key: str, engine: str) -> str:
    """Store a run of a pipeline, all its places waiting; gives its id. With the same key it is the same run.

    Args:
        params: All of them, see `Pipeline.bind`.
        key: What the engine calls this run. Two calls at the same moment may make two.
        engine: Its name, for people.
    """
    host = pipeline.effective_host()
    stores = host.stores
    found = stores.runs.search(RunQuery(kinds=["pipeline"], where=Compare(f"tags.{KEY}", "=", key), limit=1)).items
    if found:
        return found[0].id
    fixed = fix_addresses(stores, params)
    graph = pipeline.build(fixed)
    specs = specs_of(stores, pipeline.name, graph)
    published = publish(stores, pipeline.name, graph, specs, params=pipeline.schema)
    target = target_of(pipeline.function.__module__, pipeline.function.__qualname__)
    root = new_root(pipeline, host, fixed, graph, published, target)
    root = msgspec.structs.replace(
        root, tags={**root.tags, KEY: key, ENGINE: engine}, result={**root.result, ENGINE: engine}
    )
    board = Board(stores, root, pipeline.name)
    for name, spec in specs.items():
        board.add(name, spec)
    stores.tasks.add([place.task for place in board.places.values()], [root, *board.added.values()])
    add_root_edges(stores, root, specs, published)
    return root.id


def run_place(
    host: Host,
    root_id: str,
    key: str,
    *,
    here: bool = False,
    executor: str | None = None,
    on_event: OnEvent | None = None,
) -> Ended:
    """Run one place of a run, for one attempt at most. What ended well before is not run again; what did not, is.

    A mapped place is not run but laid out: the answer says how many items it has, whose places are 'KEY[0]', 'KEY[1]' …

    Args:
        here: The image and the executor its step names are not looked at: this process is in them already.

    Raises:
        NotFound: The run has no such place.
        Invalid: It is not a run of another engine, or what the place takes values from has not run.
    """
    board = _OneBoard(host.stores, _root(host.stores, root_id), key)
    place = board.opened()
    runner_spec = msgspec.structs.replace(place.spec, image="", executor="") if here else place.spec
    target = msgspec.convert(board.root.result["target"], Target) if board.root.result.get("target") else None
    with runner_for(replace(host, workers=1), target, None, {key: runner_spec}, executor=executor) as runner:
        if place.state not in GOOD and place.state in ENDED:
            board.reopen(place, msgspec.structs.replace(place.spec, code=runner.code_of(place.spec)))
        scheduler = _OneScheduler(board, runner.start, folder=host.folder, only=[key], on_event=on_event)
        scheduler.flush()
        host.stores.runs.transition(
            root_id, "running", expect=["created", "failed", "killed", "lost", "finished"], at_ms=now_ms()
        )
        board.need_inputs(place, scheduler)
        if here:
            place.spec = msgspec.structs.replace(place.spec, executor="")
        if not scheduler.is_done:
            scheduler.drive()
    return _ended(board, board.places[key])


def decide(host: Host, root_id: str, key: str) -> bool:
    """Whether a place is to run, by its conditions and by what became of those before it. It is not run.

    Raises:
        NotFound, Invalid: As `run_place`.
    """
    board = _OneBoard(host.stores, _root(host.stores, root_id), key)
    place = board.opened()
    if place.state in ENDED and place.state not in GOOD:
        board.reopen(place, place.spec)
    board.wanted = ""
    scheduler = _OneScheduler(board, _nothing, folder=host.folder, only=[])
    board.need_inputs(place, scheduler)
    scheduler.flush()
    return board.places[key].state != "skipped"


def end_run(host: Host, root_id: str) -> Run:
    """End a run as its places ended. Places that were never run count as failed, which fails the run."""
    board = _OneBoard(host.stores, _root(host.stores, root_id), "")
    board.load()
    board.settle()
    scheduler = _OneScheduler(board, _nothing, folder=host.folder, only=[])
    scheduler.flush()
    board.give_up([place for place in board.places.values() if place.state not in ENDED])
    scheduler.flush()
    end_by(board)
    return host.stores.runs.get([root_id])[0]


class _OneBoard(Board):
    """A board that lets one place begin. Of the others it decides which are skipped, and how many items they have."""

    def __init__(self, stores: Stores, root: Run, wanted: str) -> None:
        super().__init__(stores, root, root.name)
        self.wanted = wanted

    def _look_up(self, place: Place) -> None:
        if place.key == self.wanted:
            super()._look_up(place)

    def opened(self) -> Place:
        """The wanted place, as the store has it now; its list is laid out first when it is an item."""
        self.load()
        if self.wanted not in self.places:
            self.settle()
        place = self.places.get(self.wanted)
        if place is None:
            known = ", ".join(place.key for place in self.places.values() if not place.spec.item_of)
            raise NotFound(
                f"This run has no step {self.wanted!r}; it has {known}. Was the pipeline changed, or given params that make "
                "other steps? Export it anew",
                field="step",
            )
        return place

    def need_inputs(self, place: Place, scheduler: Scheduler) -> None:
        """See to it that nothing is left to wait for."""
        self.settle()
        left = [self.places[key] for key in place.waits if self.places[key].state not in ENDED]
        if left and not place.spec.runs and not place.spec.hook:
            names = ", ".join(sorted(one.key for one in left))
            raise Invalid(
                f"Step {place.key!r} waits for {names}, which has not run in this run. Run it first", field="step"
            )
        self.give_up(left)
        scheduler.flush()

    def give_up(self, places: list[Place]) -> None:
        """Places that their engine did not start, or did not bring to an end, count as failed."""
        for place in places:
            if place.state not in ENDED:
                self.fail(place, f"{self.root.result[ENGINE]} did not run it to its end")
        self.settle()


class _OneScheduler(Scheduler):
    """Drives one place for one attempt."""

    board: _OneBoard
    tried = False

    @property
    def is_done(self) -> bool:
        place = self.board.places[self.board.wanted]
        laid_out = bool(place.spec.mapped) and place.items is not None
        return place.state in ENDED or laid_out or (self.tried and place.state == "ready")

    def _decide(self, place: Place, done: Done) -> None:
        super()._decide(place, done)
        self.tried = True

    def _pause(self) -> list[Done]:
        time.sleep(self._wait_s())  # others that are ready are not waited for
        return []

    def _stop(self, *, cancelled: bool) -> None:
        super()._stop(cancelled=False)  # stopped by its engine: the rest of the run is not our business


def _ended(board: Board, place: Place) -> Ended:
    if place.spec.mapped and place.items is not None:
        return Ended("finished", items=len(place.items))
    if place.state == "ready":
        attempts = place.task.outcome.get("attempts") or [{"error": "stopped"}]
        return Ended("retry", f"attempt {failures(place)} of {place.spec.retries + 1}: {attempts[-1]['error']}")
    if place.state == "skipped":
        return Ended("skipped", str(place.task.outcome.get("because", "")))
    if place.state in GOOD:
        return Ended("cached" if place.state == "cached" else "finished")
    return Ended("failed", str(place.task.outcome.get("error", place.state)).partition("\n")[0])


def _root(stores: Stores, root_id: str) -> Run:
    root = stores.runs.get([root_id])[0]
    if not root.result.get(ENGINE):
        raise Invalid(f"run:{root_id} runs its steps itself. Begin one for another engine with: tenfold step begin")
    return root


def _nothing() -> Executor:
    raise StepFailed("Nothing is run while a run is ended")
