"""Reproducing: stages whose command, inputs or outputs changed are run again, or their known results taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Literal

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Conflict, StepFailed, TenfoldError
from tenfold.doors.dvc.content import locks
from tenfold.doors.dvc.looking.status import stage_status
from tenfold.doors.dvc.records import Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.stages.graph import Graph
from tenfold.doors.dvc.stages.one_stage import Seen, inputs_of, restore, run, save


class Reproduced(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stage. `why` is in the words of `status`."""

    stage: str
    outcome: Literal["unchanged", "ran", "from cache", "taken up", "would run", "failed", "skipped"]
    why: list[Any] = []
    seconds: float = 0.0
    error: str = ""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A stage that was brought up to date, or failed: for those who keep a record of it."""

    stage: Stage
    done: Reproduced
    seen: Seen | None
    """None for one that failed before its inputs were known."""
    after: list[str]
    """Names of the stages it waits for."""
    began_ms: int
    ended_ms: int


OnStage = Callable[[Reproduced], None]


def reproduce(
    repo: Repo,
    targets: Iterable[str] = (),
    *,
    force: bool = False,
    alone: bool = False,
    downstream: bool = False,
    keep_going: bool = False,
    dry_run: bool = False,
    jobs: int = 1,
    run_cache: bool = True,
    on_stage: OnStage | None = None,
    record: Callable[[Finished], None] | None = None,
) -> list[Reproduced]:
    """Bring stages up to date, those they wait for first; dvc.lock, .dvc files and .gitignore are written as dvc would.

    The old outputs of a stage that runs are set aside and come back when it fails. The repository's lock is free while
    commands run; the paths they read and write are held in dvc's rwlock.

    Args:
        force: Run them though nothing changed.
        alone: Not those they wait for.
        downstream: Those that wait for them instead.
        keep_going: After a failure go on with what does not wait for it.
        jobs: Stages that run at once; with more than one, what they print is shown when they end.
        record: Called with each stage that was not up to date, in the thread that waits for them.

    Raises:
        StepFailed: A stage failed; what was done before it is kept.
    """
    graph = Graph(repo)
    todo = graph.around(repo.chosen(targets), alone=alone, downstream=downstream)
    work = _Work(
        repo, graph, force=force, dry_run=dry_run, run_cache=run_cache, on_stage=on_stage, record=record, is_shown=jobs == 1
    )  # fmt: skip
    done = work.run(todo, jobs=jobs, keep_going=keep_going)
    repo.hasher.save()
    failed = [one for one in done if one.outcome == "failed"]
    if failed:
        others = f" {len(failed) - 1} more failed." if len(failed) > 1 else ""
        raise StepFailed(f"{failed[0].error}.{others}".replace("..", "."))
    return done


def commit(repo: Repo, targets: Iterable[str] = ()) -> list[Reproduced]:
    """Take the working copy as the result of the stages, without running them. Raises StepFailed for a missing output."""
    done = []
    for stage in repo.chosen(targets):
        with repo.locked("commit"):
            why = stage_status(repo, stage)
            if why:
                save(repo, stage, inputs_of(repo, stage), run_cache=True)
                done.append(Reproduced(stage=repo.address(stage), outcome="taken up", why=why))
    return done


class _Work:
    def __init__(
        self,
        repo: Repo,
        graph: Graph,
        *,
        force: bool,
        dry_run: bool,
        run_cache: bool,
        on_stage: OnStage | None,
        record: Callable[[Finished], None] | None,
        is_shown: bool,
    ) -> None:
        self._repo, self._graph = repo, graph
        self._force, self._dry_run, self._run_cache = force, dry_run, run_cache
        self._on_stage = on_stage or (lambda done: None)
        self._record = record or (lambda finished: None)
        self._seen: dict[int, Seen] = {}
        self._began_ms: dict[int, int] = {}
        self._is_shown = is_shown
        self._will_run: set[int] = set()

    def run(self, todo: list[int], *, jobs: int, keep_going: bool) -> list[Reproduced]:
        done: dict[int, Reproduced] = {}
        waiting = list(todo)
        running: dict[Future[Reproduced], int] = {}
        stopped = False
        with ThreadPoolExecutor(jobs) as pool:
            while (waiting and not stopped) or running:
                for number in [] if stopped else list(waiting):
                    first = self._graph.before[number].intersection(todo)
                    if any(done[one].outcome in ("failed", "skipped") for one in first if one in done):
                        waiting.remove(number)
                        done[number] = self._tell(Reproduced(stage=self._name(number), outcome="skipped"))
                    elif len(running) < jobs and first <= done.keys():
                        waiting.remove(number)
                        running[pool.submit(self._one, number)] = number
                if not running:
                    continue
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    number = running.pop(future)
                    done[number] = self._tell(future.result())
                    self._keep(number, done[number])
                    stopped = stopped or (done[number].outcome == "failed" and not keep_going)
        return [done[number] for number in todo if number in done]

    def _name(self, number: int) -> str:
        return self._repo.address(self._graph.stages[number])

    def _tell(self, done: Reproduced) -> Reproduced:
        self._on_stage(done)
        return done

    def _keep(self, number: int, done: Reproduced) -> None:
        if done.outcome not in ("unchanged", "would run"):
            after = [self._name(one) for one in sorted(self._graph.before[number])]
            self._record(
                Finished(
                    stage=self._graph.stages[number], done=done, seen=self._seen.get(number), after=after,
                    began_ms=self._began_ms[number], ended_ms=now_ms(),
                )
            )  # fmt: skip

    def _one(self, number: int) -> Reproduced:
        stage, name = self._graph.stages[number], self._name(number)
        began, self._began_ms[number] = time.monotonic(), now_ms()
        try:
            outcome, why = self._bring_up(number, stage)
        except (TenfoldError, OSError) as error:
            return Reproduced(stage=name, outcome="failed", error=str(error), seconds=time.monotonic() - began)
        return Reproduced(stage=name, outcome=outcome, why=why, seconds=round(time.monotonic() - began, 3))

    def _bring_up(self, number: int, stage: Stage) -> tuple[Any, list[Any]]:
        repo = self._repo
        with repo.locked("repro"):
            why = stage_status(repo, stage)
            if not why and not self._force:
                if not (self._dry_run and self._graph.before[number] & self._will_run):
                    return "unchanged", []
                why = ["after a stage that would run"]
            if self._dry_run:
                self._will_run.add(number)
                return "would run", why
            if stage.is_import:
                raise Conflict(f"{repo.address(stage)} is an import that changed. Bring it back with: tenfold dvc pull")
            inputs = self._seen[number] = inputs_of(repo, stage)
            if not stage.cmd or stage.is_frozen:
                save(repo, stage, inputs, run_cache=True)
                return "taken up", why
            if self._run_cache and not self._force and restore(repo, stage, inputs):
                return "from cache", why
        reads = [dep.place for dep in stage.deps if dep.place is not None] + [one.place for one in stage.params]
        purpose = f"tenfold dvc repro {repo.address(stage)}"
        with locks.path_locks(repo.temporary, purpose, read=reads, write=[out.place for out in stage.outs]):
            run(repo, stage, is_shown=self._is_shown)
            with repo.locked("repro"):
                save(repo, stage, inputs, run_cache=True)
        return "ran", why
