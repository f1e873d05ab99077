"""`tenfold data hooks`: git checks data out after it checked code out, and merges pointers."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from tenfold.base.errors import TenfoldError
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.naming import worktree_here
from tenfold.cli.output import emit_json, json_option


@click.group("hooks", epilog=f"Example: tenfold data hooks install\n\n{EXIT_CODES}")
def hooks() -> None:
    """Make git look after data: check out after `git checkout` and `git merge`, merge two edits of a pointer."""


@hooks.command("install", epilog=f"Example: tenfold data hooks install\n\n{EXIT_CODES}")
@json_option
def install(as_json: bool) -> None:
    """Set up hooks and merge driver in this git repository; hooks that are there stay."""
    done = install_here()
    if as_json:
        emit_json(done)
        return
    click.echo(f"Set up: {', '.join(done)}")
    click.echo("Next: git add .gitattributes; everybody who clones runs this command once", err=True)


@hooks.command("uninstall", epilog=f"Example: tenfold data hooks uninstall\n\n{EXIT_CODES}")
@json_option
def uninstall(as_json: bool) -> None:
    """Take hooks and merge driver out of this git repository again."""
    from tenfold.data.working.hooks import uninstall as remove

    remove(Path.cwd())
    if as_json:
        emit_json({"removed": True})
        return
    click.echo("Removed. Set them up again with: tenfold data hooks install")


def install_here() -> list[str]:
    """Install into the repository of this folder, calling tenfold as it is called here."""
    from tenfold.data.working.hooks import command_line
    from tenfold.data.working.hooks import install as set_up

    found = shutil.which("tenfold")
    return set_up(Path.cwd(), "tenfold" if found else command_line(sys.executable, "-m", "tenfold"))


@click.command("merge-pointers", hidden=True, epilog=f"Example: set as merge.tenfold.driver in git\n\n{EXIT_CODES}")
@click.argument("files", nargs=3, type=click.Path(path_type=Path))
@click.argument("name")
@click.pass_context
def merge_pointers(ctx: click.Context, files: tuple[Path, Path, Path], name: str) -> None:
    """Merge two edits of a pointer: the base, ours (written to) and theirs. Called by git."""
    from tenfold.data.working.joining import merge_pointers as merge

    workspace()
    try:
        version = merge(worktree_here().local, *files, name)
    except TenfoldError as error:
        click.echo(f"{name}: {error}", err=True)
        ctx.exit(1)
    if version is not None:
        click.echo(f"{name}: merged as {version.address}", err=True)
