"""Runs as users hold them: tracking's run, which can also read what it uses and save models and schemas."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from tenfold.base import settings
from tenfold.base.errors import Invalid, RunNotFound
from tenfold.records import ARCHIVED, STARRED, Run
from tenfold.records.run import LIVE_STATES
from tenfold.tracking import ActiveRun as TrackedRun
from tenfold.tracking import current as current_run
from tenfold.tracking.outbox import is_away
from tenfold.tracking.stack import above as run_above
from tenfold.tracking.starting import attach, start
from tenfold.workspace import family
from tenfold.workspace.used import Used
from tenfold.workspace.workspace import Workspace, current

if TYPE_CHECKING:
    from tenfold.monitoring import Schema
    from tenfold.records import Version


class ActiveRun(TrackedRun):
    """A run of this process: `log`, `param`, `tag`, `use`, `save`, `save_model`, `finish` and more."""

    def use(self, address: str, *, role: str = "input") -> Used:  # type: ignore[override]
        """Note that this run uses a version, and give it to read from: `.path(…)`, `.table()`, `.checkout(…)`.

        Raises:
            VersionNotFound: Nothing there; the message says what is there instead.
        """
        return Used(self.stores, super().use(address, role=role), on_read=self._note_read)

    def finish(self, state: Literal["finished", "failed", "killed"] = "finished", *, error: str | None = None) -> None:
        """End the run; which files it read of what it used is part of its result."""
        read: dict[str, list[str]] = {}
        for address, path in sorted(self.__dict__.get("_read", ())):
            read.setdefault(address, []).append(path)
        if read and not self.ended:
            self.result({"files_read": read})
        super().finish(state, error=error)
        family.tell_no_more(self.id)

    def _note_read(self, address: str, path: str) -> None:
        self.__dict__.setdefault("_read", set()).add((address, path))

    def save_model(
        self,
        model: Any,
        name: str,
        *,
        input_example: Any = None,
        message: str = "",
        allow_pickle: bool = False,
        **options: Any,
    ) -> Version:
        """Keep a fitted model as the next version of `model:<name>`, in formats that load without running code.

        Args:
            input_example: Rows as the model was trained on. Gives the signature, and checks each format's answers.
            allow_pickle: Keep it as a pickle when no safe format holds it; whoever loads it must allow that too.
            options: metadata, metrics, signature, format; see `tenfold.models.save`.

        Raises:
            Invalid: No safe format holds it; the message says why for each.
        """
        from tenfold.models import save

        return save(
            self.stores, model, name, run_id=self.id, input_example=input_example, message=message,
            allow_pickle=allow_pickle, **options,
        )  # fmt: skip

    def star(self, *, on: bool = True) -> None:
        """Set or take away the star: `starred = true` finds it."""
        self.tag({STARRED: "true" if on else None})

    def archive(self, *, on: bool = True) -> None:
        """Put the run away, or take it back: tables leave archived runs out, `archived = true` finds them."""
        self.tag({ARCHIVED: "true" if on else None})

    def save_schema(self, schema: Schema, name: str, *, message: str = "") -> Version:
        """Keep a schema as the next version of `schema:<name>`."""
        from tenfold.monitoring import encode_schema

        return self.save({"schema.json": encode_schema(schema)}, name, kind="schema", type="json", message=message)


def start_run(
    workspace: Workspace,
    project: str | None,
    *,
    name: str = "",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    group: str | None = None,
    parent: str | None = None,
    id: str | None = None,
    new_id: str | None = None,
    resume: Literal["must", "allow", "never"] = "never",
    kind: str = "training",
    capture: Collection[str] | None = None,
    capture_env: Collection[str] | None = None,
    run_type: Callable[..., TrackedRun] | None = None,
    alone: bool = False,
) -> ActiveRun:
    """Start a run in a workspace; a run that is active already becomes its parent, unless `parent` is ''.

    In a process that a run's process started, that run becomes the parent; if this is one rank of several, they all log
    into it. Ranks without such a run have one each, in one group.

    Args:
        alone: No run is active here, whatever the stack says.
    """
    if capture is None:
        capture = settings.words("capture")
    if capture_env is None:
        capture_env = settings.words("capture_env")
    above = None if alone else run_above()
    make = run_type or ActiveRun
    here = family.rank() if above is None else None
    outer = _inherited(workspace) if above is None and parent is None else None
    if here is not None:
        told = family.inherited() if parent is None and id is None else None
        if told is not None and (here.number > 0 or (outer is not None and outer.state in LIVE_STATES)):
            return _join(workspace, outer or Run(id=told, project=""), here, make)
        new_id = told if told is not None and outer is None else new_id
        group = group or here.job or None
        tags = {"rank": str(here.number), "world_size": str(here.of), **(tags or {})}
    if parent is None:
        parent = above.id if above is not None else outer.id if outer is not None else ""
    run = start(
        workspace.stores,
        workspace.journals,
        project or (above.project if above is not None and above.project else workspace.project),
        name=name,
        params=params,
        tags=tags,
        group=group,
        parent_id=parent,
        run_id=id,
        new_id=new_id,
        resume=resume,
        kind=kind,
        capture=capture,
        capture_env=capture_env,
        run_type=make,
    )
    _tell(workspace, run.id)
    return cast(ActiveRun, run)


def active_run(*, required: bool = True, start: bool = False) -> Any:
    """The innermost run that is active in this thread, or in this process.

    Args:
        required: Raise Invalid when there is none; else give None.
        start: Start one when there is none.
    """
    found = current_run()
    if found is not None:
        return found
    if (start or required) and family.inherited() is not None:
        place = current()
        outer = _inherited(place)
        if outer is not None:
            return _join(place, outer, family.rank(), ActiveRun)
    if start:
        return start_run(current(), None)
    if required:
        raise Invalid("No run is active. Start one with: with tenfold.run('project') as run:")
    return None


def step_context(run_id: str) -> ActiveRun:
    """Around a pipeline's step: `tenfold.log` and `tenfold.active_run()` mean the step's run."""
    place = current()
    run = attach(place.stores, place.journals, run_id, run_type=ActiveRun)
    _tell(place, run_id)
    return cast(ActiveRun, run)


def _inherited(workspace: Workspace) -> Run | None:
    """The run of the process that started this one, when this store has it."""
    run_id = family.inherited()
    if run_id is None:
        return None
    try:
        return workspace.stores.runs.get([run_id])[0]
    except RunNotFound:
        return None
    except Exception as error:
        if not is_away(error):
            raise
        return Run(id=run_id, project="", state="running")


def _join(workspace: Workspace, outer: Run, rank: family.Rank | None, run_type: Callable[..., TrackedRun]) -> ActiveRun:
    """Log into a run that another process began and ends. What a rank but the first logs has its number before the key."""
    label = f"rank_{rank.number}" if rank is not None and rank.number > 0 else ""
    run = attach(workspace.stores, workspace.journals, outer.id, run_type=run_type, label=label)
    run.name, run.project = outer.name, outer.project
    return cast(ActiveRun, run)


def _tell(workspace: Workspace, run_id: str) -> None:
    family.tell_children(run_id, workspace.location.store, workspace.location.blobs)
