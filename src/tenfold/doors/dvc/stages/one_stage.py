"""One stage: what it reads, its commands run, its known results taken, its outputs stored and written down."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import NotFound, StepFailed
from tenfold.doors.dvc.adding import store
from tenfold.doors.dvc.checking_out import check_out
from tenfold.doors.dvc.choosing import Chosen
from tenfold.doors.dvc.files import git_files, yaml12
from tenfold.doors.dvc.files.dvc_files import content_of, with_content
from tenfold.doors.dvc.files.lock_files import RunCache, is_kept, lock_entry, write_lock
from tenfold.doors.dvc.looking.status import missing, values_of
from tenfold.doors.dvc.records import Content, Stage
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.stages.aside import give_up, put_back, set_aside
from tenfold.doors.dvc.stages.commands import run_commands


class Seen(msgspec.Struct):
    """What a stage reads, as it is now, and what it has made once it ran."""

    contents: dict[Path, Content]
    values: dict[Path, dict[str, Any]]
    made: dict[Path, Content] = {}


def inputs_of(repo: Repo, stage: Stage) -> Seen:
    """What the stage reads. Raises NotFound for what is not there."""
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
    return Seen(contents, values)


def restore(repo: Repo, stage: Stage, inputs: Seen) -> bool:
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
    save(repo, stage, inputs, run_cache=False)
    return True


def run(repo: Repo, stage: Stage, *, is_shown: bool) -> None:
    """Run the commands of a stage; its old outputs come back when that fails. Raises StepFailed."""
    aside = set_aside(repo.temporary, stage, repo.address(stage))
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
    give_up(aside)


def save(repo: Repo, stage: Stage, inputs: Seen, *, run_cache: bool) -> None:
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
    inputs.made = {out.place: contents[out.place] for out in stage.outs}
    if not stage.is_pipeline:
        yaml12.write(stage.file, with_content(stage, inputs.made))
        return
    entry = lock_entry(stage, contents, inputs.values)
    write_lock(stage.file.with_name("dvc.lock"), stage.name, entry)
    if is_kept_run:
        RunCache(repo.cache).keep(stage, entry)
