"""`tenfold dvc status`: what changed since .dvc files and dvc.lock were written."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, repo_here, targets_argument
from tenfold.cli.output import emit_json, json_option


@click.command("status", epilog=f"Example: tenfold dvc status\n\n{EXIT_CODES} 3: something changed.")
@targets_argument
@click.option("--all", "show_all", is_flag=True, help="Name stages that are up to date, too")
@cd_option
@json_option
@click.pass_context
def status(ctx: click.Context, targets: tuple[str, ...], show_all: bool, folder: Path | None, as_json: bool) -> None:
    """Show which stages and tracked paths are not up to date, and why. --json is the JSON of dvc status."""
    from tenfold.doors.dvc.looking.status import status as status_of

    repo = repo_here(folder)
    found = status_of(repo, targets)
    if as_json:
        emit_json(found)
    else:
        for stage in repo.chosen(targets) if show_all else ():
            if (name := repo.address(stage)) not in found:
                click.echo(f"{name}: up to date")
        for name, why in found.items():
            click.secho(f"{name}:", fg="yellow")
            for line in why:
                _echo(line)
        if not found:
            click.echo("Everything is up to date.", err=True)
        else:
            click.echo("Next: tenfold dvc repro, tenfold dvc add PATH, or undo with: tenfold dvc checkout", err=True)
    if found:
        ctx.exit(3)


def _echo(line: str | dict[str, dict[str, object]]) -> None:
    if isinstance(line, str):
        click.echo(f"  {line}")
        return
    for what, paths in line.items():
        click.echo(f"  {what}:")
        for path, word in paths.items():
            for key, one in word.items() if isinstance(word, dict) else [("", word)]:
                click.echo(f"    {one:<14}{path}{f': {key}' if key else ''}")
