"""`tenfold dvc checkout`: the working copy made what .dvc files and dvc.lock say."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, repo_here, targets_argument
from tenfold.cli.output import emit_json, json_option, progress


@click.command("checkout", epilog=f"Example: tenfold dvc checkout data/train\n\n{EXIT_CODES}")
@targets_argument
@click.option("-f", "--force", is_flag=True, help="Also overwrite what is kept nowhere")
@cd_option
@json_option
def checkout(targets: tuple[str, ...], force: bool, folder: Path | None, as_json: bool) -> None:
    """Put tracked paths, or parts of them, into the state that is recorded, from the cache."""
    from tenfold.doors.dvc.checking_out import checkout as check_out

    with progress("Checking out") as bar:
        done = check_out(repo_here(folder), targets, force=force, progress=bar)
    if as_json:
        emit_json(done)
        return
    for one in done:
        click.echo(f"{one.path}: {one.written:,} files written, {one.removed:,} removed")
    click.echo("Done. See with: tenfold dvc status" if done else "Everything was right already.", err=True)
