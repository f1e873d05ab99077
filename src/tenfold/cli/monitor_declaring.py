"""`tenfold monitor apply|check|alarms|ack|mute|remove`: declared monitors and what they raised."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from tenfold.base.addresses import parse
from tenfold.base.clock import iso, now_ms, span_of
from tenfold.base.user import user_name
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.command("apply", epilog=f"Example: tenfold monitor apply monitors.yaml\n\n{EXIT_CODES}")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def apply(path: Path, as_json: bool) -> None:
    """Put the monitors of a YAML file in force, with the schedules that check them. Again with the same file changes nothing."""
    from tenfold.monitoring.declared import read_monitors
    from tenfold.workspace.monitors import apply as keep

    found = read_monitors(path)
    place = workspace(create=True)
    made = [(monitor, keep(place, monitor, who=user_name())) for monitor in found]
    if as_json:
        emit_json([version for _, version in made])
        return
    for monitor, version in made:
        when = f"every {monitor.every}" if monitor.every else monitor.cron
        when = when or ("at each commit" if monitor.target.startswith("data:") else "")
        said = f"checked {when} while `tenfold up` runs" if when else "checked by hand"
        click.echo(f"{version.address} watches {monitor.target}, {said}")
    click.echo(f"Look now: tenfold monitor check {made[0][0].name}", err=True)


@click.command("check", epilog=f"Example: tenfold monitor check delay\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
@click.pass_context
def check(ctx: click.Context, name: str, as_json: bool) -> None:
    """Look at the windows of a monitor that are new, or that outcomes came for. Exit code 3 when an alarm is open."""
    from tenfold.monitoring.alarms import alarms
    from tenfold.workspace.monitors import check_monitor

    place, monitor = workspace(), parse(name, default_kind="monitor").name
    made = check_monitor(place, monitor)
    is_open = [one for one in alarms(place.stores, monitor, only_open=True) if one.severity == "error"]
    if as_json:
        emit_json({"checks": made, "alarms": is_open})
    else:
        rows = [(run.result["window"], run.result["status"], "; ".join(one["text"] for one in run.result["alarms"]) or "; ".join(run.result["reasons"][:1])) for run in made]  # fmt: skip
        table(rows, ("window", "status", "says"), empty="Nothing new since the last look")
        for one in is_open:
            click.echo(f"{one.status} since {one.first_window}: {one.text}")
        click.echo(f"See every score: tenfold monitor show {monitor}", err=True)
    if is_open:
        ctx.exit(3)


@click.command("alarms", epilog=f"Example: tenfold monitor alarms delay --open\n\n{EXIT_CODES}")
@click.argument("name", required=False)
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over")
@json_option
def alarms_(name: str | None, only_open: bool, as_json: bool) -> None:
    """List alarms, of one monitor or of all: open ones first."""
    from tenfold.monitoring.alarms import alarms

    monitor = parse(name, default_kind="monitor").name if name else None
    found = alarms(workspace().stores, monitor, only_open=only_open)
    if as_json:
        emit_json(found)
        return
    rows = [
        (one.id, one.monitor, one.status, one.severity, one.first_window, one.last_window, ago(one.opened_at_ms),
         one.text + "".join(f"; {action}: {came}" for action, came in one.actions.items()))
        for one in found
    ]  # fmt: skip
    table(
        rows, ("alarm", "monitor", "status", "severity", "from", "until", "opened", "says"), empty="No alarm was raised"
    )
    if any(one.status == "open" for one in found):
        click.echo("Say that you look after one: tenfold monitor ack ALARM", err=True)


@click.command("ack", epilog=f"Example: tenfold monitor ack 01JD… --why 'the feed is down'\n\n{EXIT_CODES}")
@click.argument("alarm")
@click.option("--why", default="", help="Kept with the alarm")
@json_option
def acknowledge(alarm: str, why: str, as_json: bool) -> None:
    """Say that somebody looks after an ALARM: it stays open and tells nobody more."""
    from tenfold.monitoring.alarms import acknowledge as say

    state = say(workspace().stores, alarm, who=user_name(), why=why)
    if as_json:
        emit_json(state)
    else:
        click.echo(f"{state.monitor}: {state.text} ({state.status}). It closes by itself once a check finds it over")


@click.command("mute", epilog=f"Example: tenfold monitor mute delay --until 2026-12-01\n\n{EXIT_CODES}")
@click.argument("name")
@click.option("--until", help="A day or time, UTC; the end of a day that is named")
@click.option("--for", "span", help="A span from now on, like 6h or 2d")
@click.option("--off", is_flag=True, help="Tell of its alarms again")
@click.option("--key", default="", help="Only alarms whose key begins so, like drift or test:rows; see alarms --json")
@click.option("--why", default="", help="Kept with the mute")
@json_option
def mute(name: str, until: str | None, span: str | None, off: bool, key: str, why: str, as_json: bool) -> None:
    """Tell nobody of a monitor's alarms for a while. They open and close all the same."""
    from tenfold.monitoring.alarms import mute as say
    from tenfold.pipelines.starting.calendar import parse_every

    if sum([until is not None, span is not None, off]) != 1:
        raise click.UsageError("Give one of --until, --for and --off")
    monitor = parse(name, default_kind="monitor").name
    end = None if off else span_of(until)[1] if until else now_ms() + parse_every(span or "").seconds * 1000
    found = say(workspace().stores, monitor, end, key=key, who=user_name(), why=why)
    if as_json:
        emit_json({"monitor": monitor, "until_ms": end, "alarms": found})
    else:
        said = f"is muted until {iso(end)}" if end is not None else "tells of its alarms again"
        click.echo(f"{monitor} {said}. Its alarms: tenfold monitor alarms {monitor}")


@click.command("remove", epilog=f"Example: tenfold monitor remove delay\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Let a declared monitor check no more. Its checks and alarms stay."""
    from tenfold.workspace.monitors import remove as take

    monitor = parse(name, default_kind="monitor").name
    take(workspace(), monitor, who=user_name())
    if as_json:
        emit_json({"monitor": monitor, "removed": True})
    else:
        click.echo(f"{monitor} checks no more. What it found: tenfold monitor show {monitor}")


@click.command("declared", epilog=f"Example: tenfold monitor declared\n\n{EXIT_CODES}")
@json_option
def declared(as_json: bool) -> None:
    """List the declared monitors: what they watch, against what, and when."""
    from tenfold.monitoring.declared import declared as all_declared

    found = all_declared(workspace().stores)
    if as_json:
        emit_json([msgspec.to_builtins(one) for one in found])
        return
    rows = [(one.name, one.target, one.reference, one.window or "all", one.every or one.cron or "", len(one.tests), "; ".join(action.says for action in one.actions)) for one in found]  # fmt: skip
    headers = ("monitor", "watches", "reference", "window", "every", "tests", "actions")
    table(rows, headers, empty="No monitor is declared. Declare one with: tenfold monitor apply monitors.yaml")


COMMANDS = [apply, check, declared, alarms_, acknowledge, mute, remove]
