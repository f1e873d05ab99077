"""`tenfold run`: a pipeline, or a script as one tracked run."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import click

from tenfold.base.errors import Forbidden, Invalid, NotFound, StepFailed
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.manifests import show_manifests
from tenfold.cli.output import emit_json, json_option
from tenfold.cli.params import config_option, given_params, param_option
from tenfold.cli.plan import show_plan
from tenfold.cli.run_doors import DOORS, door_of, door_options


@click.command(
    epilog=f"Example: tenfold run train.py:training --param count=50\n\n{EXIT_CODES}",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
@click.argument("target")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@param_option
@config_option
@click.option("--plan", "only_plan", is_flag=True, help="Say which steps are in the cache and why not, run nothing")
@click.option("--dry-run", is_flag=True, help="With --executor kubernetes: print the manifests, create nothing")
@click.option("--project", help="Project of the run [TENFOLD_PROJECT]")
@click.option("--executor", help="Where its steps run: local, inline, or an engine such as slurm [TENFOLD_EXECUTOR]")
@door_options
@json_option
def command(
    target: str,
    arguments: tuple[str, ...],
    params: tuple[str, ...],
    configs: tuple[Path, ...],
    only_plan: bool,
    dry_run: bool,
    project: str | None,
    executor: str | None,
    as_json: bool,
    **of_doors: Any,
) -> None:
    """Run TARGET: file.py:pipeline, or file.py with ARGUMENTS as one tracked run."""
    given = {
        "arguments": arguments, "params": params, "configs": configs, "only_plan": only_plan, "dry_run": dry_run,
        "project": project, "executor": executor, "as_json": as_json, **of_doors,
    }  # fmt: skip
    door = door_of(given)
    place = workspace(create=True)
    if door is not None and (way := DOORS[door].way) is not None:
        way(place, target, given)
        return
    file, colon, _ = target.rpartition(":")
    if door is None and (not colon or file.endswith("\\")):
        _script(target, arguments, project)
        return
    if arguments:
        raise Invalid(f"A pipeline takes --param NAME=VALUE, not {arguments[0]!r}", field="arguments")
    pipeline = _pipeline(target, door).with_options(executor=executor)
    values = given_params(pipeline, configs, params)
    if only_plan:
        show_plan(place, pipeline, values, project, as_json=as_json)
        return
    if dry_run:
        show_manifests(place, pipeline, values, project, as_json=as_json)
        return
    run = _run(place, pipeline, values, project, configs, quiet=as_json)
    if as_json:
        outputs = _outputs(run) if run.state == "finished" else None
        emit_json({"run_id": run.id, "state": run.state, "outputs": outputs})
    else:
        click.echo(f"Pipeline run {run.id} {run.state}. Look at it with: tenfold pipelines show {run.id}")
    if run.state != "finished":
        raise StepFailed(f"Pipeline run {run.id} {run.state}. See why with: tenfold pipelines show {run.id}")


def _outputs(run: Any) -> Any:
    """What it returned, as JSON has it; where that is kept as a pickle, the reason why it is not shown."""
    try:
        return run.outputs()
    except Forbidden as error:
        return f"not loaded: {error.message}"


def _pipeline(target: str, door: str | None) -> Any:
    if door == "kubeflow":
        from tenfold.doors.kubeflow.importing import pipeline_of

        return pipeline_of(target)
    from tenfold.pipelines import load_pipeline

    return load_pipeline(target)


def _run(
    place: Any, pipeline: Any, given: dict[str, Any], project: str | None, configs: tuple[Path, ...], *, quiet: bool
) -> Any:
    from tenfold.cli.steps import StepPrinter
    from tenfold.workspace import pipeline_host

    host = pipeline_host(place, project=project)
    if configs:
        host = dataclasses.replace(host, tags={**host.tags, "config": ", ".join(map(str, configs))})
    with StepPrinter(quiet=quiet) as printer:
        return pipeline.with_options(host=host, on_event=printer).run(**given)


def _script(target: str, arguments: tuple[str, ...], project: str | None) -> None:
    """A script as one run: its own `tenfold.log` calls go into it."""
    import runpy

    path = Path(target)
    if not path.is_file():
        raise NotFound(f"There is no file {target}. Name a script, or a pipeline as file.py:name", field="target")
    import tenfold

    sys.argv = [target, *arguments]
    sys.path.insert(0, str(path.parent.absolute()))
    with tenfold.run(project, name=path.stem) as run:
        click.echo(f"Run {run.id}. Look at it with: tenfold runs show {run.id}", err=True)
        try:
            _say_pipelines(target, runpy.run_path(target, run_name="__main__"))
        except Exception as error:
            _show_trace(error, target)
            run.finish("failed", error=f"{type(error).__name__}: {error}")
            sys.exit(1)


def _say_pipelines(target: str, names: dict[str, Any]) -> None:
    """A file that only defines pipelines does nothing as a script: how they are run."""
    from tenfold.pipelines import Pipeline

    there = sorted(name for name, value in names.items() if isinstance(value, Pipeline))
    if there and "__main__" not in Path(target).read_text():
        click.echo(f"It has pipelines ({', '.join(there)}). Run one with: tenfold run {target}:{there[0]}", err=True)


def _show_trace(error: Exception, target: str) -> None:
    """The script's own trace on stderr, as Python would print it: without the frames that started it."""
    import traceback

    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != target:
        frames = frames.tb_next
    click.echo("".join(traceback.format_exception(type(error), error, frames)), nl=False, err=True)
