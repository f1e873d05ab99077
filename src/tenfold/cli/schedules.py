"""`tenfold schedules`: pipelines that start by themselves."""

from __future__ import annotations

import secrets
from datetime import datetime, tzinfo
from typing import Any

import click
import msgspec

from tenfold.base.clock import iso, now_ms, span_of
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold schedules add nightly train.py:training --cron '0 2 * * *'\n\n{EXIT_CODES}")
def command() -> None:
    """Start pipelines at times, or when a dataset or model moves. `tenfold up` runs them."""


@command.command(epilog=f"Example: tenfold schedules add nightly train.py:training --cron @daily\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("target")
@click.option("--cron", default="", help="A cron expression, or @hourly, @daily, @weekly, @monthly, @yearly")
@click.option("--every", default="", help="An interval, like 15m, 6h or 1d")
@click.option(
    "--on",
    multiple=True,
    help="data:flights@main, pipeline:train@failed, monitor:drift, file:/in/*.csv: start when it moves, ends, alarms, arrives; may be repeated",
)
@click.option("--all", "wait_for_all", is_flag=True, help="With several --on: start when each has moved")
@click.option("--commits", type=click.IntRange(min=0), default=0, help="With --on: start after so many commits")
@click.option("--grown-bytes", type=click.IntRange(min=0), default=0, help="With --on: start after so much growth")
@click.option("--rest", default="", help="With --on: start no sooner than so long after the last run, like 15m")
@click.option("--any", "any_threshold", is_flag=True, help="One of --commits, --grown-bytes and --rest is enough")
@click.option("--hook", "with_hook", is_flag=True, help="Let POST /hooks/NAME start it; a new token is printed once")
@click.option(
    "--hook-param", "hook_params", multiple=True, metavar="PARAM=PATH", help="Of the request's body: sha=head.id"
)
@click.option("--late-after", default="", help="Alert when a moment's run has not finished so long after it, like 2h")
@click.option("--timezone", default="UTC", help="Time zone of the times, like Europe/Zurich")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="May hold {start:%Y-%m-%d}, {end}, {due}")
@click.option("--start", help="Not before this day or time, in --timezone")
@click.option("--end", help="Not after this day or time, in --timezone")
@click.option("--catch-up", is_flag=True, help="Run every moment that was missed, not only the last")
@click.option("--max-active", type=click.IntRange(min=1), default=1, help="Runs of it at a time")
@click.option("--priority", type=int, default=0, help="Of runs that wait, the higher start first")
@click.option("--project", help="Project of its runs [TENFOLD_PROJECT]")
@click.option("--airflow", is_flag=True, help="TARGET is an Airflow DAG file, whose own schedule counts")
@click.option("--dag", help="With --airflow: the DAG, where the file makes several")
@json_option
def add(
    name: str, target: str, cron: str, every: str, on: tuple[str, ...], wait_for_all: bool, commits: int,
    grown_bytes: int, rest: str, any_threshold: bool, with_hook: bool, hook_params: tuple[str, ...], late_after: str,
    timezone: str,
    params: tuple[str, ...], start: str | None, end: str | None, catch_up: bool, max_active: int, priority: int,
    project: str | None, airflow: bool, dag: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Save schedule NAME, which starts TARGET (file.py:pipeline), and put it in force."""
    from zoneinfo import ZoneInfo

    from tenfold.cli.params import read_params
    from tenfold.pipelines import load_pipeline
    from tenfold.pipelines.starting.calendar import check_zone
    from tenfold.workspace.scheduling import schedule

    place = workspace(create=True)
    if airflow:
        _add_dag(place, name, target, dag, project, as_json=as_json)
        return
    zone = ZoneInfo(check_zone(timezone))
    token = secrets.token_urlsafe(24) if with_hook or hook_params else ""
    version = schedule(
        place, name, load_pipeline(target), cron=cron, every=every, on=list(on), wait_for_all=wait_for_all,
        timezone=timezone, params=read_params(params), starts_at_ms=span_of(start, zone)[0] if start else None,
        ends_at_ms=span_of(end, zone)[1] if end else None, catch_up=catch_up, max_active=max_active, priority=priority,
        project=project, commits=commits, grown_bytes=grown_bytes, rest=rest, any_threshold=any_threshold,
        late_after=late_after, hook_token=token, hook_params=dict(_pair(text) for text in hook_params),
    )  # fmt: skip
    if as_json:
        emit_json({**msgspec.to_builtins(version), **({"hook_token": token} if token else {})})
        return
    click.echo(
        f"{version.address} is in force: {version.metadata['says']}. While `tenfold up` runs, it starts {target}"
    )
    if token:
        click.echo(f"Its token, which is shown this once: {token}")
        click.echo(
            f"Start it with: curl -X POST -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
            f"-d '{{}}' http://127.0.0.1:7410/hooks/{name}"
        )
        return
    click.echo(f"See its next times with: tenfold schedules next {name}")


def _add_dag(place: Any, name: str, file: str, dag: str | None, project: str | None, *, as_json: bool) -> None:
    from tenfold.doors.airflow import schedule_dag

    version = schedule_dag(place, name, file, dag_id=dag, project=project)
    if as_json:
        emit_json(version)
        return
    click.echo(
        f"{version.address} is in force: {version.metadata['says']}. See its next times with: tenfold schedules next {name}"
    )


def _pair(text: str) -> tuple[str, str]:
    name, separator, path = text.partition("=")
    if not separator or not name or not path:
        raise Invalid(f"{text!r} is not PARAM=PATH, like sha=head_commit.id", field="hook-param")
    return name, path


@command.command("list", epilog=f"Example: tenfold schedules list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the schedules, their next times and last runs."""
    from tenfold.workspace.scheduling import schedules

    found = schedules(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [
        (
            one.schedule.name,
            one.schedule.pipeline,
            one.schedule.says,
            iso(one.next_ms[0]) if one.next_ms else "" if one.active else "paused",
            f"{one.last.state} {ago(one.last.created_at_ms)}" if one.last else "",
            one.waiting or "",
        )
        for one in found
    ]
    table(
        rows,
        ("schedule", "pipeline", "starts", "next", "last run", "waiting"),
        empty="There is no schedule. Add one with: tenfold schedules add NAME file.py:pipeline --cron @daily",
    )


@command.command("next", epilog=f"Example: tenfold schedules next nightly -n 5\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=10, help="How many")
@click.option("--from", "since", help="From this day or time on, in the schedule's time zone; now when not given")
@json_option
def next_(name: str, count: int, since: str | None, as_json: bool) -> None:
    """Print the next times of a schedule, in its time zone and in UTC."""
    from zoneinfo import ZoneInfo

    from tenfold.pipelines.starting.firing import next_times
    from tenfold.pipelines.starting.schedules import find

    schedule, _ = find(workspace().stores, name)
    zone = ZoneInfo(schedule.timezone)
    moments = next_times(schedule, count, after_ms=span_of(since, zone)[0] - 1 if since else now_ms())
    if as_json:
        emit_json(moments)
        return
    rows = [(_local(at, zone), iso(at)) for at in moments]
    table(rows, (schedule.timezone, "UTC"), empty=f"{name} has no more times: it starts {schedule.says}")


@command.command(epilog=f"Example: tenfold schedules pause nightly --why 'data is late'\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--why", default="", help="Kept in its history")
def pause(name: str, why: str) -> None:
    """Let a schedule start nothing more until it is activated."""
    from tenfold.pipelines.starting.schedules import pause as stop

    stop(workspace().stores, name, why=why)
    click.echo(f"{name} is paused. Go on with: tenfold schedules activate {name}")


@command.command(epilog=f"Example: tenfold schedules activate nightly\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--why", default="", help="Kept in its history")
def activate(name: str, why: str) -> None:
    """Put a paused schedule in force again; what it missed is run only with --catch-up."""
    from tenfold.pipelines.starting.schedules import activate as go_on

    go_on(workspace().stores, name, why=why)
    click.echo(f"{name} is in force. See its next times with: tenfold schedules next {name}")


@command.command(epilog=f"Example: tenfold schedules remove nightly\n\n{EXIT_CODES}")
@click.argument("name")
def remove(name: str) -> None:
    """Put a schedule into the bin; its runs stay."""
    from tenfold.pipelines.starting.schedules import remove as drop

    drop(workspace().stores, name)
    click.echo(f"{name} is removed. Its runs stay: tenfold pipelines list")


@command.command(epilog=f"Example: tenfold schedules trigger nightly --why 'late data'\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="In place of the schedule's; repeatable")
@click.option("--why", default="", help="Kept with the run")
@json_option
def trigger(name: str, params: tuple[str, ...], why: str, as_json: bool) -> None:
    """Ask for a run now; `tenfold up` starts it."""
    from tenfold.cli.params import read_params
    from tenfold.workspace.scheduling import trigger as ask

    run_id = ask(workspace().stores, name, params=read_params(params), why=why)
    emit_json({"run_id": run_id}) if as_json else _say_waiting([run_id], name)


@command.command(
    epilog=f"Example: tenfold schedules backfill nightly --from 2026-03-01 --to 2026-03-31\n\n{EXIT_CODES}"
)
@click.argument("name")
@click.option("--from", "first", required=True, help="First day or time, in the schedule's time zone")
@click.option("--to", "last", required=True, help="Last day or time, in the schedule's time zone; a day is meant whole")
@click.option("--parallel", type=click.IntRange(min=1), help="Runs at a time; the schedule's when not given")
@click.option("--plan", "only_plan", is_flag=True, help="Say which moments would be run, ask for nothing")
@json_option
def backfill(name: str, first: str, last: str, parallel: int | None, only_plan: bool, as_json: bool) -> None:
    """Ask for a run of every moment in a range that has none yet; a failure does not stop the others."""
    from zoneinfo import ZoneInfo

    from tenfold.pipelines.starting.schedules import find
    from tenfold.workspace.scheduling import backfill as fill
    from tenfold.workspace.scheduling import moments

    stores = workspace().stores
    zone = ZoneInfo(find(stores, name)[0].timezone)
    first_ms, last_ms = span_of(first, zone)[0], span_of(last, zone)[1]
    if last_ms < first_ms:
        raise Invalid(f"--to {last} is before --from {first}", field="to")
    if only_plan and not as_json:
        rows = [
            (_local(one.due_ms, zone), state or "would be run")
            for one, state in moments(stores, name, first_ms, last_ms)
        ]
        table(rows, (str(zone), "run"), empty=f"{name} has no moment from {first} to {last}")
        click.echo(
            f"Run those that have none with: tenfold schedules backfill {name} --from {first} --to {last}", err=True
        )
        return
    done: Any = fill(stores, name, first_ms, last_ms, parallel=parallel, dry_run=only_plan)
    if as_json:
        emit_json(done)
        return
    click.echo(f"{len(done.run_ids)} moments are run, {done.there} had a run already")
    if done.run_ids:
        _say_waiting(done.run_ids, name)


def _local(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%a %Y-%m-%d %H:%M:%S %z")


def _say_waiting(run_ids: list[str], name: str) -> None:
    what = f"Run {run_ids[0]} waits" if len(run_ids) == 1 else f"{len(run_ids)} runs wait"
    click.echo(f"{what} for `tenfold up` to start. Follow with: tenfold schedules list")
