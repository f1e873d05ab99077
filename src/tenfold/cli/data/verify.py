"""`tenfold data verify`: is every stored byte what it was?"""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress


@click.command("verify", epilog=f"Example: tenfold data verify\n\n{EXIT_CODES} 3: something is damaged or missing.")
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Read every stored byte, check its hash, and name each damaged or missing object."""
    from tenfold.data import verify as read_all

    stores = workspace().stores
    with progress("reading") as report:
        lines = read_all(stores, progress=report)
    if as_json:
        emit_json(lines)
    else:
        for line in lines:
            click.secho(line, fg="red")
        if lines:
            click.echo("Mend what can be mended with: tenfold doctor --repair", err=True)
        else:
            click.echo("Every stored byte matches its hash")
    if lines:
        ctx.exit(3)
