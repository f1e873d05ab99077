"""Why a store refuses: the errors that all stores raise with the same words."""

from __future__ import annotations

from tenfold.base.errors import RefMoved, RunNotFound, TaskNotFound, VersionNotFound
from tenfold.records import ANY, Move, Ref


def no_run(id: str) -> RunNotFound:
    """For a run id that is not there."""
    return RunNotFound(f"No run has the id {id!r}. List the runs there are with: tenfold runs list", field="run_id")


def no_version(id: str) -> VersionNotFound:
    """For a version id that is not there."""
    return VersionNotFound(
        f"No version has the id {id!r}. List what there is with: tenfold data list", field="version_id"
    )


def no_task(id: str) -> TaskNotFound:
    """For a task id that is not there."""
    return TaskNotFound(f"No task has the id {id!r}. List the runs there are with: tenfold runs list", field="task_id")


def no_target(kind: str, name: str, move: Move) -> VersionNotFound:
    """For a move to what is no version of the artifact, or is in the bin."""
    return VersionNotFound(
        f"The ref {kind}:{name}@{move.ref} cannot name {move.to!r}: no version of {kind}:{name} outside the bin has "
        "that id. Name one that has",
        field="to",
    )


def check_expected(kind: str, name: str, move: Move, now: Ref | None) -> None:
    """Raise RefMoved when a ref is not where the move expects it."""
    at = now.version_id if now is not None else None
    if move.expect not in (ANY, at):
        where = f"at {kind}:{name}@v{now.number} (version {at})" if now is not None else "not there"
        raise RefMoved(
            f"The ref {kind}:{name}@{move.ref} is {where}, not where this move expected it. Look again, then move it",
            field="expect",
        )
