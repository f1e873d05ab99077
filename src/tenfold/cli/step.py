"""`tenfold step`: the steps of a pipeline, started one by one by another engine."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click
import msgspec

from tenfold.base.errors import Invalid, StepFailed
from tenfold.cli.app import workspace
from tenfold.cli.output import emit_json, json_option

SKIPPED = 99
FAILED_FOR_GOOD = 5
_CODES = "Exit codes: 0 done, 1 failed, 2 wrong use, 3 a check did not pass, 4 not found, 5 failed and not worth another try, 99 skipped."


@click.group(epilog=f"Example: tenfold step run 01JD0000000000000000000000 train\n\n{_CODES}")
def command() -> None:
    """Run the steps of a pipeline one by one, as another engine starts them: what `tenfold export` writes calls this."""


@command.command(epilog=f"Example: tenfold step begin train.py:training --key nightly-7\n\n{_CODES}")
@click.argument("target")
@click.option("--key", required=True, help="What the engine calls this run; the same key gives the same run")
@click.option("--params", default="{}", metavar="JSON", help="The pipeline's params")
@click.option("--engine", default="another engine", help="The engine's name, for people")
@click.option("--project", help="Project of the run [TENFOLD_PROJECT]")
@json_option
def begin(target: str, key: str, params: str, engine: str, project: str | None, as_json: bool) -> None:
    """Store a run of TARGET, file.py:pipeline, and print its id. No step begins."""
    from tenfold.pipelines import load_pipeline
    from tenfold.pipelines.single import begin_run
    from tenfold.workspace import pipeline_host

    place = workspace(create=True)
    pipeline = load_pipeline(target).with_options(host=pipeline_host(place, project=project))
    run_id = begin_run(pipeline, pipeline.bind((), _params(params)), key=key, engine=engine)
    emit_json({"run_id": run_id}) if as_json else click.echo(run_id)
    click.echo(f"Run its steps with: tenfold step run {run_id} STEP", err=True)


@command.command(epilog=f"Example: tenfold step run 01JD0000000000000000000000 'total[2]'\n\n{_CODES}")
@click.argument("run_id")
@click.argument("step")
@click.option(
    "--here", is_flag=True, help="In this process's surroundings: the step's image and executor are not looked at"
)
@click.option("--executor", help="Where it runs, when the step names none [TENFOLD_EXECUTOR]")
@json_option
def run(run_id: str, step: str, here: bool, executor: str | None, as_json: bool) -> None:
    """Run STEP of a run, once. Of a step that is mapped, print how many items it has: they are STEP[0], STEP[1] …"""
    from tenfold.cli.steps import StepPrinter
    from tenfold.pipelines.single import run_place
    from tenfold.workspace import pipeline_host

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    host = pipeline_host(workspace())
    with StepPrinter(quiet=as_json) as printer:
        ended = run_place(host, run_id, step, here=here, executor=executor, on_event=printer)
    _print_log(host, run_id, step, ended.state)
    if as_json:
        emit_json(ended)
    elif ended.items is not None:
        click.echo(ended.items)
    if ended.state in ("retry", "failed", "skipped"):
        click.echo(f"{step} {ended.state}: {ended.says}. See it with: tenfold pipelines show {run_id}", err=True)
    sys.exit({"retry": 1, "failed": FAILED_FOR_GOOD, "skipped": SKIPPED}.get(ended.state, 0))


@command.command(epilog=f"Example: tenfold step decide 01JD0000000000000000000000 deploy\n\n{_CODES}")
@click.argument("run_id")
@click.argument("step")
@json_option
def decide(run_id: str, step: str, as_json: bool) -> None:
    """Print whether STEP of a run is to run, by its conditions: true or false. It is not run."""
    from tenfold.pipelines.single import decide
    from tenfold.workspace import pipeline_host

    runs = decide(pipeline_host(workspace()), run_id, step)
    emit_json({"runs": runs}) if as_json else click.echo("true" if runs else "false")
    click.echo(f"Run it with: tenfold step run {run_id} {step}" if runs else f"{step} is skipped", err=True)


@command.command(epilog=f"Example: tenfold step end 01JD0000000000000000000000\n\n{_CODES}")
@click.argument("run_id")
@json_option
def end(run_id: str, as_json: bool) -> None:
    """End a run whose engine has nothing left to start: it is well when its steps are."""
    from tenfold.pipelines.single import end_run
    from tenfold.workspace import pipeline_host

    root = end_run(pipeline_host(workspace()), run_id)
    if as_json:
        emit_json({"run_id": run_id, "state": root.state, "error": root.error})
    if root.state != "finished":
        raise StepFailed(f"{root.error or root.state}. See it with: tenfold pipelines show {run_id}")
    click.echo(f"Pipeline run {run_id} finished. Look at it with: tenfold pipelines show {run_id}", err=True)


def _params(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Invalid(
            f'--params is a JSON object, like {{"count": 50}}, not {text!r} ({error})', field="params"
        ) from None


def _print_log(host: Any, run_id: str, step: str, state: str) -> None:
    """What the step printed, for the engine's own log."""
    from tenfold.pipelines import read_log
    from tenfold.pipelines.ids import task_id

    text = "" if state in ("cached", "skipped") else read_log(host.stores, task_id(run_id, step), host.folder)
    if text:
        click.echo(text, err=True, nl=not text.endswith("\n"))
