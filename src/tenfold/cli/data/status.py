"""`tenfold data status`: what changed in tracked paths."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import worktree_here
from tenfold.cli.output import emit_json, json_option

_SHOWN = 20
_NEXT = {
    "modified": "tenfold data commit {path}, or give it up: tenfold data checkout {path} --force",
    "outdated": "tenfold data checkout {path}",
    "missing": "tenfold data checkout {path}",
    "not stored": "name the store that has it with --store",
}


@click.command("status", epilog=f"Example: tenfold data status\n\n{EXIT_CODES} 3: something is not clean.")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("--all", "show_all", is_flag=True, help=f"Name every file, not only the first {_SHOWN}")
@click.option("--heads", is_flag=True, help="Also say where the branches are now")
@json_option
@click.pass_context
def status(ctx: click.Context, paths: tuple[str, ...], show_all: bool, heads: bool, as_json: bool) -> None:
    """Show what changed in each tracked path, and whether pointer, store and working copy agree."""
    found = worktree_here().status(paths, heads=heads)
    if as_json:
        emit_json(found)
    elif not found:
        click.echo("Nothing is tracked here. Track a path with: tenfold data add PATH", err=True)
    else:
        for one in found:
            _echo(one, show_all=show_all)
    if any(one.state != "clean" or one.cut_short for one in found):
        ctx.exit(3)


def _echo(one: Any, *, show_all: bool) -> None:
    colour = "green" if one.state == "clean" else "yellow" if one.state != "not stored" else "red"
    at = f"data:{one.dataset}@v{one.number}"
    moved = f", {one.branch} is at v{one.head}" if one.head not in (None, one.number) else ""
    click.secho(f"{one.path}: {one.state}", fg=colour, nl=False)
    click.echo(f"  ({at}{moved})")
    lines = [
        *(f"new       {path}" for path in one.new),
        *(f"modified  {path}" for path in one.modified),
        *(f"deleted   {path}" for path in one.deleted),
        *(f"renamed   {old} -> {new}" for old, new in one.renamed),
    ]
    for line in lines if show_all else lines[:_SHOWN]:
        click.echo(f"  {line}")
    if not show_all and len(lines) > _SHOWN:
        click.echo(f"  and {len(lines) - _SHOWN:,} more; see all with --all")
    if one.cut_short:
        click.echo(f"  A checkout was cut short. Next: tenfold data checkout {one.path}")
    elif one.state in _NEXT:
        click.echo(f"  Next: {_NEXT[one.state].format(path=one.path)}")
