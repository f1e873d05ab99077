"""`tenfold data untrack`: end the tracking of a path."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import worktree_here
from tenfold.cli.output import emit_json, json_option


@click.command("untrack", epilog=f"Example: tenfold data untrack raw/\n\n{EXIT_CODES}")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--delete", is_flag=True, help="Delete the working copy too, if all of it is in a version")
@json_option
def untrack(paths: tuple[str, ...], delete: bool, as_json: bool) -> None:
    """Remove the pointer of a path and its line in .gitignore. Versions stay; so does the data, without --delete."""
    done = worktree_here().untrack(paths, delete=delete)
    if as_json:
        emit_json(done)
        return
    for path in done:
        click.echo(f"{path} is not tracked any more{' and deleted' if delete else ''}")
    click.echo("Next: git commit the removed pointers", err=True)
