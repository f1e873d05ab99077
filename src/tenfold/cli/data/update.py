"""`tenfold data update`: datasets of other places, as they are there now."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress

_SHOWN = 20


@click.command(
    "update", epilog=f"Example: tenfold data update --dry-run\n\n{EXIT_CODES} 3: --dry-run, and something changed."
)
@click.argument("datasets", nargs=-1, metavar="[DATASET...]")
@click.option("--branch", default="main", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what changed there: new, changed, gone; record nothing")
@json_option
@click.pass_context
def update(ctx: click.Context, datasets: tuple[str, ...], branch: str, dry_run: bool, as_json: bool) -> None:
    """Look where imported and referenced datasets came from (all when none is named); what changed is their next version."""
    from tenfold.workspace import sources

    workspace()
    with progress("importing", rate=True) as report:
        done = sources.update(datasets, branch=branch, dry_run=dry_run, progress=report)
    if as_json:
        emit_json(done)
    else:
        echo_updated(done, dry_run=dry_run)
    if dry_run and any(one.changed for one in done):
        ctx.exit(3)


def echo_updated(done: list[Any], *, dry_run: bool) -> None:
    """One line for each dataset, and the paths that changed."""
    for one in done:
        if not one.changed:
            click.echo(f"{one.dataset}: v{one.number}, unchanged at {one.uri}")
            continue
        number = f"v{one.before} is outdated" if dry_run else f"v{one.before} -> v{one.number}"
        click.echo(f"{one.dataset}: {number}, from {one.uri}")
        lines = [
            *(f"new      {path}" for path in one.new),
            *(f"changed  {path}" for path in one.modified),
            *(f"gone     {path}" for path in one.gone),
        ]
        for line in lines[:_SHOWN]:
            click.echo(f"  {line}")
        if len(lines) > _SHOWN:
            click.echo(f"  and {len(lines) - _SHOWN:,} more; see all with --json")
    changed = [one for one in done if one.changed]
    if changed and dry_run:
        click.echo(f"Next: tenfold data update {' '.join(one.dataset for one in changed)}", err=True)
    elif changed:
        one = changed[0]
        click.echo(f"Next: tenfold data diff {one.dataset} v{one.before} v{one.number}", err=True)
