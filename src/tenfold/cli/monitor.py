"""`tenfold monitor`: the monitors of this store. Looks at tables stand in monitor_report.py and monitor_looking.py."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import NotFound
from tenfold.cli import monitor_declaring, monitor_looking, monitor_report
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold monitor report --reference a.parquet --current b.parquet\n\n{EXIT_CODES}")
def command() -> None:
    """Monitors: drift, data quality and performance."""


command.add_command(monitor_report.report)
command.add_command(monitor_looking.summary)
command.add_command(monitor_looking.together)
for one in monitor_declaring.COMMANDS:
    command.add_command(one)


@command.command("list", epilog=f"Example: tenfold monitor list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the monitors of this store, those declared and those that have checked, with their newest check."""
    from tenfold.monitoring import monitors
    from tenfold.monitoring.declared import declared

    stores = workspace().stores
    found = monitors(stores)
    checked = {one.name for one in found}
    waiting = [one for one in declared(stores) if one.name not in checked]
    if as_json:
        blank = {"checks": 0, "last_at_ms": None, "status": None, "window": "", "alarms": 0}
        emit_json([*found, *({"name": one.name, "project": one.project, **blank} for one in waiting)])
        return
    rows = [(one.name, one.checks, ago(one.last_at_ms), one.alarms) for one in found]
    rows += [(one.name, 0, "not yet", 0) for one in waiting]
    table(
        rows,
        ("monitor", "checks", "newest", "alarms"),
        empty="There is no monitor yet. Declare one in a file and put it in force: tenfold monitor apply monitors.yaml",
    )
    if waiting:
        click.echo(f"Let one look now with: tenfold monitor check {waiting[0].name}", err=True)


@command.command("show", epilog=f"Example: tenfold monitor show delay\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the checks of a monitor with their scores and alarms, the oldest first."""
    from tenfold.monitoring import history
    from tenfold.monitoring.declared import declared

    name = parse(name, default_kind="monitor").name
    checks = history(workspace().stores, name)
    if not checks:
        if any(one.name == name for one in declared(workspace().stores)):
            raise NotFound(
                f"Monitor {name!r} has not looked yet. Look now with: tenfold monitor check {name}", field="name"
            )
        raise NotFound(f"No monitor is called {name!r}. List them with: tenfold monitor list", field="name")
    if as_json:
        emit_json(checks)
        return
    keys = sorted({key for check in checks for key in check.scores if "." not in key})[:6]
    rows = [
        (check.window, *(check.scores.get(key) for key in keys), "; ".join(alarm.text for alarm in check.alarms))
        for check in checks
    ]
    table(rows, ("window", *keys, "alarms"), empty="")
