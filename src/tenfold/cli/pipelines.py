"""`tenfold pipelines`: pipelines and their runs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid, StepFailed
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.pipelines.status import StepStatus

SHOWN_ITEMS = 20
"""Of a mapped step with more items, only those that failed or run are shown."""


@click.group(epilog=f"Example: tenfold pipelines list\n\n{EXIT_CODES}")
def command() -> None:
    """Pipelines and their runs."""


def _run_id(text: str) -> str:
    return parse(text if text.startswith("run:") else f"run:{text}").name


def _pipeline_run(stores: Any, text: str) -> Any:
    found = stores.runs.get([_run_id(text)])[0]
    if found.kind != "pipeline":
        raise Invalid(
            f"run:{found.id} is a {found.kind} run, not a pipeline's. Name one of: tenfold pipelines list", field="run"
        )
    return found


@command.command("list", epilog=f"Example: tenfold pipelines list training --state failed\n\n{EXIT_CODES}")
@click.argument("pipeline", required=False)
@click.option("--state", type=click.Choice(["created", "running", "finished", "failed", "killed", "lost"]))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def list_(pipeline: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List the pipelines that have run here, or one PIPELINE, and their newest runs."""
    from tenfold.records import And, Compare, RunQuery

    stores = workspace().stores
    asked = [Compare(field, "=", value) for field, value in (("name", pipeline), ("state", state)) if value]
    where = And([*asked]) if asked else None
    found = stores.runs.search(RunQuery(kinds=["pipeline"], where=where, limit=limit))
    if as_json:
        emit_json({"pipelines": [name for _, name, _, _ in stores.versions.names("pipeline")], "runs": found.items})
        return
    table(
        [(run.id, run.name, run.state, ago(run.created_at_ms)) for run in found.items],
        ("run", "pipeline", "state", "when"),
        empty="No such run. See all with: tenfold pipelines list"
        if asked
        else "No pipeline has run yet. Run one with: tenfold run file.py:name",
    )
    if found.total > len(found.items):
        click.echo(f"{found.total - len(found.items):,} more: --limit, or: tenfold runs list --kind pipeline", err=True)


@command.command("show", epilog=f"Example: tenfold pipelines show 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
@click.option(
    "--all",
    "all_items",
    is_flag=True,
    help=f"All items of mapped steps; without it those that ended well are left out of more than {SHOWN_ITEMS}",
)
@json_option
def show(run: str, all_items: bool, as_json: bool) -> None:
    """Show a pipeline run: its steps, their states and times, and why a step failed."""
    from tenfold.pipelines import graph

    stores = workspace().stores
    found = graph(stores, _pipeline_run(stores, run).id)
    if as_json:
        emit_json(found)
        return
    rows = [
        (
            node.key,
            node.state,
            node.attempts,
            _seconds(node.started_at_ms, node.ended_at_ms),
            node.run_id,
            (node.error or node.why or "").partition("\n")[0],
        )
        for node in (found.nodes if all_items else _folded(found.nodes))
    ]
    table(rows, ("step", "state", "attempts", "seconds", "run", "note"), empty="This run has no steps")
    if hidden := len(found.nodes) - len(rows):
        click.echo(
            f"{hidden} items of mapped steps are not shown. See them with: tenfold pipelines show {run} --all", err=True
        )
    if failed := next((node.key for node in found.nodes if node.state == "failed" and not node.items), None):
        click.echo(
            f"Read the traceback, and what was printed, with: tenfold logs {run} {shlex.quote(failed)}", err=True
        )


def _folded(nodes: Sequence[StepStatus]) -> list[StepStatus]:
    """Without the items of large mapped steps, but for those that somebody has to look at."""
    sizes = Counter(node.item_of for node in nodes if node.item_of)
    return [
        node
        for node in nodes
        if not node.item_of or sizes[node.item_of] <= SHOWN_ITEMS or node.state in ("running", "failed")
    ]


def _seconds(began: int | None, ended: int | None) -> float | None:
    return None if began is None or ended is None else (ended - began) / 1000


@command.command("why-ran", epilog=f"Example: tenfold pipelines why-ran 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
@click.argument("step", required=False)
@json_option
def why_ran(run: str, step: str | None, as_json: bool) -> None:
    """Say why each step of a run was not found in the cache; of one STEP also what changed, with the diff."""
    from tenfold.pipelines import why_ran as explain

    stores = workspace().stores
    if step:
        from tenfold.cli.why_ran import show as show_changes

        show_changes(stores, _pipeline_run(stores, run).id, step, as_json=as_json)
        return
    if stores.runs.get([_run_id(run)])[0].kind != "step":
        _pipeline_run(stores, run)
    answer = explain(stores, _run_id(run))
    if as_json:
        emit_json(answer)
        return
    for key, reasons in answer.items():
        click.echo(f"{key}: {'; '.join(reasons) or 'found in the cache'}")
    click.echo(f"See what changed with: tenfold why-ran STEP --run {_run_id(run)}", err=True)


@command.command("logs", epilog=f"Example: tenfold pipelines logs 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
def logs(run: str) -> None:
    """Print what a step wrote, given the step's run; given a pipeline's run, what each of its steps wrote. As `tenfold logs`."""
    from tenfold.cli.logs import show as show_logs

    show_logs(run)


@command.command(
    "resume", epilog=f"Example: tenfold pipelines resume 01JD0000000000000000000000 --plan\n\n{EXIT_CODES}"
)
@click.argument("run")
@click.option(
    "--plan", "only_plan", is_flag=True, help="Say what is kept and what runs, with whose code changed; run nothing"
)
@json_option
def resume(run: str, only_plan: bool, as_json: bool) -> None:
    """Go on with a run that failed or whose process died; finished steps are not run again."""
    from tenfold.cli.steps import StepPrinter
    from tenfold.pipelines import resume as go_on
    from tenfold.pipelines.resuming import plan_resume
    from tenfold.workspace import pipeline_host

    host = pipeline_host(workspace())
    planned = plan_resume(_run_id(run), host=host)
    if only_plan:
        if as_json:
            emit_json(planned)
            return
        rows = [(one.key, "kept" if one.kept else "runs", one.says) for one in planned]
        table(rows, ("step", "plan", "why"), empty="None of its steps has begun: all of them run")
    if not as_json:
        _say_resumed(planned, _run_id(run))
    if only_plan:
        return
    with StepPrinter(quiet=as_json) as printer:
        done = go_on(_run_id(run), host=host, on_event=printer, raises=False)
    if as_json:
        emit_json({"run_id": done.id, "state": done.state})
    if done.state != "finished":
        raise StepFailed(f"Pipeline run {done.id} {done.state}. See why with: tenfold pipelines show {done.id}")
    if not as_json:
        click.echo(f"Pipeline run {done.id} {done.state}. Look at it with: tenfold pipelines show {done.id}")


def _say_resumed(planned: list[Any], run_id: str) -> None:
    kept = [one for one in planned if one.kept]
    stale = [one.key for one in kept if one.code_changed]
    fresh = [one.key for one in planned if not one.kept and one.code_changed]
    click.echo(f"{len(kept)} steps are kept as they ended, {len(planned) - len(kept)} run", err=True)
    if fresh:
        click.echo(f"These run with code that changed since: {', '.join(fresh[:12])}", err=True)
    if stale:
        click.echo(
            f"These are kept though their code changed since: {', '.join(stale[:12])}. Run them anew with: "
            f"tenfold pipelines clear {run_id} {stale[0].partition('[')[0]}",
            err=True,
        )


@command.command("cancel", epilog=f"Example: tenfold pipelines cancel 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
def cancel(run: str) -> None:
    """Stop a run: its running steps are ended with every process they started."""
    from tenfold.pipelines import cancel as stop
    from tenfold.workspace import pipeline_host

    place = workspace()
    found = _pipeline_run(place.stores, run)
    if found.state in ("finished", "failed", "killed"):
        click.echo(f"run:{found.id} had ended already: {found.state}")
        return
    stopped = stop(found.id, host=pipeline_host(place))
    click.echo(f"run:{found.id} is cancelled, {stopped} steps had not ended")


@command.command("clear", epilog=f"Example: tenfold pipelines clear 01JD0000000000000000000000 train\n\n{EXIT_CODES}")
@click.argument("run")
@click.argument("steps", nargs=-1, required=True)
@click.option("--only", is_flag=True, help="Not the steps that follow them")
@click.option("--plan", "only_plan", is_flag=True, help="Say which steps it would be, change nothing")
@json_option
def clear(run: str, steps: tuple[str, ...], only: bool, only_plan: bool, as_json: bool) -> None:
    """Mark STEPS of a run that has ended as not run, so that resume runs them anew; the cache does not answer for them."""
    from tenfold.pipelines.clearing import clear as mark

    stores = workspace().stores
    found = _pipeline_run(stores, run).id
    keys = mark(stores, found, steps, downstream=not only, preview=only_plan)
    if as_json:
        emit_json({"run_id": found, "cleared": keys, "plan": only_plan})
        return
    click.echo(f"{len(keys)} steps {'would be' if only_plan else 'are'} cleared: {', '.join(keys[:12])}")
    if not only_plan:
        click.echo(f"Run them with: tenfold pipelines resume {found}")
