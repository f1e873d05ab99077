"""`tenfold why-ran`: why a step was not found in the cache, with what changed and the code's diff."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option


@click.command(epilog=f"Example: tenfold why-ran train\n\n{EXIT_CODES}")
@click.argument("step")
@click.option("--run", "run", help="The pipeline run; the newest with such a step when not given")
@json_option
def command(step: str, run: str | None, as_json: bool) -> None:
    """Say why STEP ran: what changed of its code, inputs, params and environment since the run before."""
    from tenfold.base.addresses import parse
    from tenfold.pipelines.caching.changes import newest_run_of

    stores = workspace().stores
    root_id = parse(run if run.startswith("run:") else f"run:{run}").name if run else newest_run_of(stores, step)
    show(stores, root_id, step, as_json=as_json)


def show(stores: Any, root_id: str, step: str, *, as_json: bool) -> None:
    """Print why a step of a run ran, or its items."""
    from tenfold.pipelines.caching.changes import explain_ran

    found = explain_ran(stores, root_id, step)
    if as_json:
        emit_json(found)
        return
    for one in found:
        click.echo(f"{one.key} in run:{one.root_id}: {'; '.join(one.reasons) or 'found in the cache'}")
        for change in one.changes:
            values = f": {change.before or '–'} → {change.after or '–'}" if change.before or change.after else ""
            click.echo(f"  {change.what} {change.name}{values}")
            for line in change.diff.splitlines():
                colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
                click.echo(f"    {click.style(line, fg=colour) if colour else line}")
    against = next((one.compared_with for one in found if one.compared_with), "")
    if against:
        click.echo(f"Compared with run:{against}. Look at it with: tenfold pipelines show {against}", err=True)
