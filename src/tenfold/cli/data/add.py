"""`tenfold data add`: start to track a path."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import echo_committed, worktree_here
from tenfold.cli.output import emit_json, json_option, progress


@click.command("add", epilog=f'Example: tenfold data add raw/ -m "first import"\n\n{EXIT_CODES}')
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--name", help="The dataset's name (default: the path's last name)")
@click.option("-m", "--message", default="", help="What it is, for the history")
@click.option("--branch", default="main", show_default=True)
@json_option
def add(paths: tuple[str, ...], name: str | None, message: str, branch: str, as_json: bool) -> None:
    """Store files and folders and track them: a pointer PATH.tenfold beside each goes into git, the data does not.

    A path that is tracked is committed.
    """
    work = worktree_here(create=True)
    with progress("storing") as report:
        done = work.add(paths, name=name, branch=branch, message=message, progress=report)
    if as_json:
        emit_json(done)
        return
    echo_committed(done)
    pointers = " ".join(f"{one.path}.tenfold" for one in done)
    click.echo(f"Next: git add {pointers} .gitignore, then tenfold data status", err=True)
