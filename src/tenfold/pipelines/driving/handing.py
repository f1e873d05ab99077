"""Work handed over: an attempt's to whoever runs it, and a dead scheduler's to the one that finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.contracts import Stores
from tenfold.pipelines.driving.attempts import resources_now, with_attempt
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.drafts import published_before
from tenfold.pipelines.driving.places import Place
from tenfold.pipelines.logs import live_log
from tenfold.pipelines.work import Done, Work

LOST_ATTEMPTS = 3
"""How often a place may be lost with its scheduler, beyond its retries, before it fails."""


def work_of(board: Board, place: Place, folder: Path, *, arguments: dict[str, Any] | None = None) -> Work:
    """One attempt, of a place that was claimed, as an executor takes it; with these arguments where they are not known yet."""
    task = place.task
    return Work(
        task_id=task.id,
        token=task.token,
        attempt=task.attempt,
        key=task.key,
        module=place.spec.module,
        qualname=place.spec.qualname,
        arguments=board.fill(place) if arguments is None else arguments,
        timeout_s=place.spec.timeout_s,
        allow_pickle=place.spec.allow_pickle,
        log=str(live_log(folder, task.id)),
        scratch=str(folder / "scratch" / f"{task.id}-{task.token}"),
        step=place.key,
        root_id=board.root.id,
        pipeline=place.spec.pipeline,
        executor=place.spec.executor,
        secrets=place.spec.secrets,
        resources=resources_now(place),
        image=place.spec.image,
        environ=place.spec.environ,
        cwd=place.spec.cwd,
        program=place.spec.program,
        code=place.spec.code,
        env=place.spec.env,
    )


def adopt(stores: Stores, place: Place, owner: str, until_ms: int) -> bool:
    """Make the attempt of a dead scheduler another's, as it goes on; False when somebody else was first."""
    task = place.task
    held_by = task.lease_owner or ""
    if stores.tasks.renew(owner, {task.id: task.token}, until_ms=until_ms, held_by=held_by):
        return False
    place.task = msgspec.structs.replace(task, lease_owner=owner, lease_until_ms=until_ms)
    return True


def take_over(board: Board, place: Place, at_ms: int) -> None:
    """A place whose scheduler died: what it published stands; else the attempt is marked lost, and it is ready again."""
    found = published_before(board.stores, place)
    if found is not None:
        place.outputs = found
        outcome = {**place.task.outcome, "outputs": {name: one.version_id for name, one in found.items()}}
        board.end(place, "finished", outcome=outcome, token=place.task.token)
        return
    lost = Done(task_id=place.task.id, token=place.task.token, state="lost")
    outcome = with_attempt(place, lost, at_ms, state="unattended")
    if sum(one["state"] == "unattended" for one in outcome["attempts"]) > LOST_ATTEMPTS + place.spec.retries:
        place.task = msgspec.structs.replace(place.task, outcome=outcome)
        board.fail(place, "Its scheduler died again and again while it ran", token=place.task.token)
    else:
        place.task = msgspec.structs.replace(place.task, outcome=outcome)
        board.reopen(place, place.spec, token=place.task.token)  # its code may be another by now
