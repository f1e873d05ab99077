"""Reproducing: stages whose command, inputs or outputs changed are run again, or their known results taken."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Literal

import msgspec

from tenfold.base.errors import Conflict, NotFound, StepFailed, TenfoldError
from tenfold.doors.dvc import git_files, locks, yaml12
from tenfold.doors.dvc.adding import store
from tenfold.doors.dvc.aside import put_back, set_aside
from tenfold.doors.dvc.checking_out import check_out
from tenfold.doors.dvc.choosing import Chosen
from tenfold.doors.dvc.commands import run_commands
from tenfold.doors.dvc.dvc_files import content_of, with_content
from tenfold.doors.dvc.graph import Graph
from tenfold.doors.dvc.lock_files import RunCache, is_kept, lock_entry, write_lock
from tenfold.doors.dvc.records import Content, Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.status import missing, stage_status, values_of


class Reproduced(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stage. `why` is in the words of `status`."""

    stage: str
    outcome: Literal["unchanged", "ran", "from cache", "taken up", "would run", "failed", "skipped"]
    why: list[Any] = []
    seconds: float = 0.0
    error: str = ""


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

    Raises:
        StepFailed: A stage failed; what was done before it is kept.
    """
    graph = Graph(repo)
    todo = graph.around(repo.chosen(targets), alone=alone, downstream=downstream)
    work = _Work(repo, graph, force=force, dry_run=dry_run, run_cache=run_cache, on_stage=on_stage, is_shown=jobs == 1)
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
                _save(repo, stage, _inputs(repo, stage), run_cache=True)
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
        is_shown: bool,
    ) -> None:
        self._repo, self._graph = repo, graph
        self._force, self._dry_run, self._run_cache = force, dry_run, run_cache
        self._on_stage = on_stage or (lambda done: None)
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
                    stopped = stopped or (done[number].outcome == "failed" and not keep_going)
        return [done[number] for number in todo if number in done]

    def _name(self, number: int) -> str:
        return self._repo.address(self._graph.stages[number])

    def _tell(self, done: Reproduced) -> Reproduced:
        self._on_stage(done)
        return done

    def _one(self, number: int) -> Reproduced:
        stage, name = self._graph.stages[number], self._name(number)
        began = time.monotonic()
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
            inputs = _inputs(repo, stage)
            if not stage.cmd or stage.is_frozen:
                _save(repo, stage, inputs, run_cache=True)
                return "taken up", why
            if self._run_cache and not self._force and _restore(repo, stage, inputs):
                return "from cache", why
        reads = [dep.place for dep in stage.deps if dep.place is not None] + [one.place for one in stage.params]
        purpose = f"tenfold dvc repro {repo.address(stage)}"
        with locks.path_locks(repo.temporary, purpose, read=reads, write=[out.place for out in stage.outs]):
            _run(repo, stage, is_shown=self._is_shown)
            with repo.locked("repro"):
                _save(repo, stage, inputs, run_cache=True)
        return "ran", why


class _Inputs(msgspec.Struct):
    contents: dict[Path, Content]
    values: dict[Path, dict[str, Any]]


def _inputs(repo: Repo, stage: Stage) -> _Inputs:
    """What the stage reads, as it is now. Raises NotFound for what is not there."""
    contents: dict[Path, Content] = {}
    values: dict[Path, dict[str, Any]] = {}
    for dep in stage.deps:
        if dep.place is not None:
            found = repo.hasher.find(dep.place)
            if found is None:
                raise NotFound(
                    f"{repo.shown(dep.place)}, which {repo.address(stage)} reads, is not there. Get or make it"
                )
            contents[dep.place] = found.content
    for one in stage.params:
        values[one.place] = values_of(one) if one.place.exists() else {}
        lacking = [key for key in one.keys if key not in values[one.place]]
        if lacking:
            raise NotFound(
                f"{repo.shown(one.place)} has no {', '.join(lacking)}, which {repo.address(stage)} reads. Add it"
            )
    return _Inputs(contents, values)


def _restore(repo: Repo, stage: Stage, inputs: _Inputs) -> bool:
    """Take the outputs from the cache where what these inputs give is known; True when that was done."""
    if not is_kept(stage):
        return False
    unknown = {out.place: Content("") for out in stage.outs}
    wanted = lock_entry(stage, inputs.contents | unknown, inputs.values)
    entry = RunCache(repo.cache).find(stage, wanted)
    if entry is None:
        return False
    contents = {str(out["path"]): content_of(out) for out in entry["outs"]}
    known = [(out, contents.get(out.path)) for out in stage.outs]
    if any(content is None or missing(repo, content) for _, content in known):
        return False
    chosen = [Chosen(stage, msgspec.structs.replace(out, content=content), "") for out, content in known]
    check_out(repo, chosen, force=True)
    _save(repo, stage, inputs, run_cache=False)
    return True


def _run(repo: Repo, stage: Stage, *, is_shown: bool) -> None:
    aside = set_aside(repo, stage)
    environ = {"DVC_ROOT": str(repo.root), "DVC_STAGE": repo.address(stage)}
    assert stage.cmd is not None
    with tempfile.TemporaryDirectory() as folder:
        log = None if is_shown else Path(folder) / "log"
        try:
            run_commands(stage.cmd, stage.folder, name=repo.address(stage), environ=environ, log=log)
            absent = [out.path for out in stage.outs if not out.place.exists()]
            if absent:
                raise StepFailed(
                    f"Stage {repo.address(stage)} did not make {', '.join(absent)}. Mend its command or its outs"
                )
        except BaseException:
            put_back(aside)
            raise
        finally:
            if log is not None and log.exists():
                os.write(2, log.read_bytes())
    shutil.rmtree(aside[0], ignore_errors=True)


def _save(repo: Repo, stage: Stage, inputs: _Inputs, *, run_cache: bool) -> None:
    """Store the outputs and write down what they are."""
    contents = dict(inputs.contents)
    is_kept_run = run_cache and is_kept(stage)
    for out in stage.outs:
        found = repo.hasher.find(out.place)
        if found is None:
            raise StepFailed(
                f"{repo.shown(out.place)} of {repo.address(stage)} is not there. Make it: tenfold dvc repro -f"
            )
        if out.cache or is_kept_run:
            store(repo, out.place, found, is_linked=out.cache)
        if out.cache:
            git_files.ignore(repo, out.place)
        contents[out.place] = found.content
    if not stage.is_pipeline:
        yaml12.write(stage.file, with_content(stage, {out.place: contents[out.place] for out in stage.outs}))
        return
    entry = lock_entry(stage, contents, inputs.values)
    write_lock(stage.file.with_name("dvc.lock"), stage.name, entry)
    if is_kept_run:
        RunCache(repo.cache).keep(stage, entry)
