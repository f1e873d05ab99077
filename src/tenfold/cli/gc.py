"""`tenfold gc`: free the bytes that nothing refers to."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, size


@click.command(epilog=f"Example: tenfold gc --dry-run\n\n{EXIT_CODES}")
@click.option("--dry-run", is_flag=True, help="Say what would be freed, remove nothing")
@click.option(
    "--grace-days",
    default=14.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Leave what is younger than this",
)
@json_option
def command(dry_run: bool, grace_days: float, as_json: bool) -> None:
    """Remove stored bytes that no version, run or live upload reaches. Safe while others write."""
    from tenfold.workspace import collect_garbage

    objects, freed = collect_garbage(workspace(), grace_ms=int(grace_days * 86_400_000), dry_run=dry_run)
    if as_json:
        emit_json({"objects": objects, "size_bytes": freed, "dry_run": dry_run})
        return
    click.echo(f"{objects:,} objects, {size(freed)} {'would be freed' if dry_run else 'freed'}")
