"""`tenfold gc`: free the bytes that nothing refers to, and say why the rest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.models_bin import print_purged
from tenfold.cli.output import emit_json, json_option, size

if TYPE_CHECKING:
    from tenfold.workspace import Account

DAY_MS = 86_400_000


@click.command(epilog=f"Example: tenfold gc --dry-run\n\n{EXIT_CODES}")
@click.option("--dry-run", is_flag=True, help="Say what would be freed, remove nothing")
@click.option(
    "--grace-days",
    default=14.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Leave what is younger than this",
)
@click.option(
    "--bin-days",
    default=None,
    type=click.FloatRange(min=0),
    help="First purge the runs and versions that have been in the bin for longer than this",
)
@json_option
def command(dry_run: bool, grace_days: float, bin_days: float | None, as_json: bool) -> None:
    """Remove stored bytes that no version, run or live upload reaches. Safe while others write, with a grace of an hour."""
    from tenfold.workspace import account, collect_garbage, empty_bin

    place = workspace()
    grace_ms = int(grace_days * DAY_MS)
    purged = None
    if bin_days is not None:
        purged = empty_bin(place.stores, older_than_ms=int(bin_days * DAY_MS), preview=dry_run, grace_ms=grace_ms)
    objects, freed = collect_garbage(place, grace_ms=grace_ms, dry_run=dry_run)
    rest = account(place.stores) if dry_run else None
    if as_json:
        emit_json({"objects": objects, "size_bytes": freed, "dry_run": dry_run, "purged": purged, "rest": rest})
        return
    if purged is not None:
        print_purged(purged)
    click.echo(f"{objects:,} objects, {size(freed)} {'would be freed' if dry_run else 'freed'}")
    if rest is not None:
        _print_rest(rest, freed, grace_days)
    else:
        click.echo("See why the rest stays with: tenfold gc --dry-run", err=True)


def _print_rest(rest: Account, freed: int, grace_days: float) -> None:
    if (young := rest.unreached_bytes - freed) > 0:
        click.echo(f"{size(young)} that nothing reaches stay, for they are younger than {grace_days:g} days")
    if rest.binned_runs or rest.binned_versions:
        click.echo(
            f"{size(rest.binned_bytes)} stay for {rest.binned_versions:,} versions and {rest.binned_runs:,} runs in the "
            "bin. Purge what lies there for a month with: tenfold gc --bin-days 30"
        )
    click.echo(f"{size(rest.kept_bytes)} stay for what is in use: {rest.versions:,} versions with files")
    from tenfold.workspace.sources import referenced_places

    for uri, versions in referenced_places().items():
        click.echo(f"{uri}, which {versions:,} versions reference, is not ours: nothing there is ever removed")
