"""`tenfold data status`: what changed in tracked paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.base.errors import Invalid
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
@click.argument("paths", nargs=-1, metavar="[PATH...] | DATASET...")
@click.option("--all", "show_all", is_flag=True, help=f"Name every file, not only the first {_SHOWN}")
@click.option("--heads", is_flag=True, help="Also say where the branches are now")
@json_option
@click.pass_context
def status(ctx: click.Context, paths: tuple[str, ...], show_all: bool, heads: bool, as_json: bool) -> None:
    """Show what changed in each tracked path, and whether pointer, store and working copy agree.

    Of a dataset that came from another place, named instead of a path: whether it changed there (tenfold data update --dry-run).
    """
    if outside := [path for path in paths if not _is_path(path)]:
        ctx.exit(_outside(outside, [path for path in paths if path not in outside], as_json=as_json))
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


def _is_path(text: str) -> bool:
    from tenfold.data.pointers import read_pointer

    return Path(text).exists() or read_pointer(Path(text).absolute()) is not None


def _outside(names: list[str], paths: list[str], *, as_json: bool) -> int:
    """The exit code, after saying how datasets of other places stand."""
    from tenfold.cli.data.update import echo_updated
    from tenfold.workspace import sources

    if paths:
        raise Invalid(f"{names[0]} is a dataset, {paths[0]} a path. Ask for one kind at a time", field="paths")
    worktree_here()
    done = sources.update(names, dry_run=True)
    if as_json:
        emit_json(done)
    else:
        echo_updated(done, dry_run=True)
    return 3 if any(one.changed for one in done) else 0


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
