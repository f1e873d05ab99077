"""`tenfold sync`: ship what dead or offline processes logged."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option


@click.command(epilog=f"Example: tenfold sync\n\n{EXIT_CODES}")
@json_option
def command(as_json: bool) -> None:
    """Ship the points, console output and predictions that dead or offline processes left in .tenfold.

    Every start does this by itself; the command is for when nothing will start. Doing it twice ships nothing twice.
    """
    from tenfold.workspace import sync

    done = sync(workspace())
    if as_json:
        emit_json(done)
        return
    click.echo(
        f"{done.points:,} points of {done.journals} journals shipped; {done.predictions:,} predictions published"
    )
    if done.left:
        click.echo(f"{done.left} journals belong to live processes and ship themselves", err=True)
