"""`tenfold run`: a pipeline, or a script as one tracked run."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from tenfold.base.errors import Invalid, NotFound, StepFailed
from tenfold.cli.airflow import dag_options, refuse_without_airflow, run_dag
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.manifests import show_manifests
from tenfold.cli.output import emit_json, json_option
from tenfold.cli.params import config_option, given_params, param_option
from tenfold.cli.plan import show_plan


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
@click.option("--kubeflow", is_flag=True, help="TARGET is a pipeline that kfp.compiler wrote, as YAML")
@click.option(
    "--metaflow", is_flag=True, help="TARGET is a Metaflow flow's file; ARGUMENTS are what Metaflow would be given"
)
@dag_options
@click.option("--pachyderm", is_flag=True, help="TARGET is a Pachyderm pipeline spec, in JSON or YAML")
@click.option(
    "--ignore", multiple=True, metavar="FIELD", help="With --pachyderm: a field to pass over; may be repeated"
)
@click.option(
    "--follow", is_flag=True, help="With --pachyderm: run it whenever its inputs move, while `tenfold up` runs"
)
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
    kubeflow: bool,
    metaflow: bool,
    pachyderm: bool,
    ignore: tuple[str, ...],
    follow: bool,
    as_json: bool,
    **dag: Any,
) -> None:
    """Run TARGET: file.py:pipeline, or file.py with ARGUMENTS as one tracked run."""
    place = workspace(create=True)
    if pachyderm:
        from tenfold.cli.pachyderm import run_spec

        run_spec(place, target, ignore=ignore, keep_following=follow, project=project, as_json=as_json)
        return
    if ignore or follow:
        raise Invalid("--ignore and --follow go with --pachyderm", field="pachyderm")
    if dag["airflow"]:
        run_dag(place, target, given=dag, params=read_params(params), project=project, as_json=as_json)
        return
    refuse_without_airflow(dag)
    if metaflow:
        from tenfold.cli.metaflow import run_flow

        run_flow(place, target, arguments, params, configs, executor=executor, project=project, as_json=as_json)
        return
    file, colon, _ = target.rpartition(":")
    if not kubeflow and (not colon or file.endswith("\\")):
        _script(target, arguments, project)
        return
    if arguments:
        raise Invalid(f"A pipeline takes --param NAME=VALUE, not {arguments[0]!r}", field="arguments")
    pipeline = _pipeline(target, is_kubeflow=kubeflow).with_options(executor=executor)
    given = given_params(pipeline, configs, params)
    if only_plan:
        show_plan(place, pipeline, given, project, as_json=as_json)
        return
    if dry_run:
        show_manifests(place, pipeline, given, project, as_json=as_json)
        return
    run = _run(place, pipeline, given, project, configs, quiet=as_json)
    if as_json:
        emit_json({"run_id": run.id, "state": run.state, "outputs": run.outputs() if run.state == "finished" else None})
    else:
        click.echo(f"Pipeline run {run.id} {run.state}. Look at it with: tenfold pipelines show {run.id}")
    if run.state != "finished":
        raise StepFailed(f"Pipeline run {run.id} {run.state}. See why with: tenfold pipelines show {run.id}")


def _pipeline(target: str, *, is_kubeflow: bool) -> Any:
    if is_kubeflow:
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


def read_params(pairs: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE pairs; a value is read as JSON when it is JSON, else taken as text."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Invalid(f"The parameter {pair!r} has no name and value. Write it like --param lr=0.1", field="param")
        try:
            given[name] = msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            given[name] = text
    return given


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
            runpy.run_path(target, run_name="__main__")
        except Exception as error:
            _show_trace(error, target)
            run.finish("failed", error=f"{type(error).__name__}: {error}")
            sys.exit(1)


def _show_trace(error: Exception, target: str) -> None:
    """The script's own trace on stderr, as Python would print it: without the frames that started it."""
    import traceback

    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != target:
        frames = frames.tb_next
    click.echo("".join(traceback.format_exception(type(error), error, frames)), nl=False, err=True)
