"""Begin a pipeline run that is stored already and has no tasks yet: one that a schedule or a person asked for."""

from __future__ import annotations

import copy
import traceback
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, StepFailed, TenfoldError
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.loading import load_target
from tenfold.pipelines.driving.progress import OnEvent
from tenfold.pipelines.driving.turns import has_turn
from tenfold.pipelines.host import Host
from tenfold.pipelines.starting.firing import running
from tenfold.pipelines.work import Target
from tenfold.records import Run, RunChange, RunState

if TYPE_CHECKING:
    from tenfold.pipelines.runs import PipelineRun

NOT_BEGUN: list[RunState] = ["created", "failed", "killed", "lost"]
"""States from which a run without tasks can begin."""


def pipeline_of(root: Run) -> Any:
    """The pipeline that a stored run names, imported into this process.

    Raises:
        Invalid: The run does not say where its pipeline is, or there is none there; with what its import raised.
    """
    if definition := root.result.get("definition"):
        from tenfold.pipelines.datums import from_definition

        return from_definition(definition)
    given = root.result.get("target")
    if not given:
        raise Invalid(f"run:{root.id} does not say which file its pipeline is in. Run it again with: tenfold run")
    target = msgspec.convert(given, Target)
    where = f"{target.file or target.module}:{target.name}"
    try:
        found: Any = load_target(target, modules=[])
        for part in target.name.split("."):
            found = getattr(found, part)
    except TenfoldError:
        raise
    except (Exception, SystemExit) as error:
        said = traceback.format_exception_only(error)[-1].strip()
        raise Invalid(f"{where} cannot be imported: {said}. Correct it and resume the run") from error
    from tenfold.pipelines.authoring.definition import Pipeline

    if not isinstance(found, Pipeline):
        raise Invalid(f"{where} is no pipeline. Mark it with @tenfold.pipeline")
    if found.name != root.name:  # a door's pipeline bears the name of what it runs
        found = copy.copy(found)
        found.name = root.name
    return found


def begin(
    root: Run, host: Host, *, on_event: OnEvent | None = None, executor: str | None = None, raises: bool = True
) -> PipelineRun:
    """Run the pipeline that a stored run names, as that run, to its end.

    What keeps it from beginning fails the run: a file that cannot be imported, a param that does not fit, a body that
    raises, an executor that is not there.
    """
    from tenfold.pipelines.control import run_pipeline

    try:
        pipeline = pipeline_of(root).with_options(host=host, on_event=on_event, executor=executor, raises=raises)
        params = pipeline.bind((), dict(root.params), lax=True)
        return run_pipeline(pipeline, params, prepared=root)
    except StepFailed:
        raise
    except Exception as error:  # the edge: it is the run's error too; one that has ended keeps its own
        change = RunChange(error=error_line(error))
        if not host.stores.tasks.of_root(root.id):
            host.stores.runs.transition(root.id, "failed", expect=NOT_BEGUN, at_ms=now_ms(), change=change)
        raise


def error_line(error: Exception) -> str:
    """An error as a run's record says it: messages of our own as they are, others with their class."""
    return str(error) if isinstance(error, TenfoldError) else f"{type(error).__name__}: {error}"


def as_prepared(root: Run, prepared: Run) -> Run:
    """A new run as the one that was stored for it: with its id, time, project and tags."""
    return msgspec.structs.replace(
        root,
        id=prepared.id,
        root_id=prepared.id,
        created_at_ms=prepared.created_at_ms,
        project=prepared.project,
        tags={**prepared.tags, **root.tags},
        result={**prepared.result, **root.result},
    )


def claim(stores: Stores, root: Run) -> bool:
    """Take a stored run that nobody has begun; False when somebody has, or its schedule runs as many as it may."""
    now = now_ms()
    change = RunChange(host=root.host, params=root.params, result=root.result)
    if not stores.runs.transition(root.id, "running", expect=NOT_BEGUN, at_ms=now, change=change):
        return False
    if not has_turn(stores, root):
        stores.runs.transition(root.id, "created", expect=["running"], at_ms=now)
        return False
    schedule, most = root.tags.get("schedule"), root.tags.get("schedule.max_active", "")
    if schedule and most.isdecimal() and root.id not in running(stores, schedule)[: int(most)]:
        stores.runs.transition(root.id, "created", expect=["running"], at_ms=now)  # two servers started one each
        return False
    return True
