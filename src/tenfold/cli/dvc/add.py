"""`tenfold dvc add`: track files and folders with .dvc files."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, repo_here
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("add", epilog=f"Example: tenfold dvc add data/\n\n{EXIT_CODES}")
@click.argument("targets", nargs=-1, required=True, metavar="PATH...")
@cd_option
@json_option
def add(targets: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Put files or folders into DVC's cache and write their .dvc files, byte for byte as dvc add does."""
    from tenfold.doors.dvc.adding import add as add_paths

    with progress("Adding") as bar:
        done = add_paths(repo_here(folder), targets, progress=bar)
    if as_json:
        emit_json(done)
        return
    for one in done:
        files = f", {one.content.files:,} files" if one.content.files is not None else ""
        click.echo(f"{one.path}: {size(one.content.size or 0)}{files}{'' if one.is_new else ', nothing new'}")
    names = " ".join(one.file for one in done)
    click.echo(f"Next: git add {names} .gitignore, then: tenfold dvc push", err=True)
