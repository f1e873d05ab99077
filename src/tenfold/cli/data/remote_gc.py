"""What a collection at a remote says."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.output import ago, size

_SHOWN = 20


def echo_collected(found: Any, *, dry_run: bool) -> None:
    """The dead, who keeps the rest, and what was freed."""
    would = "would be " if dry_run else ""
    for one in found.gone[:_SHOWN]:
        click.echo(f"gone   {one.address}  {size(one.size_bytes)}, dead since {ago(one.dead_since_ms)}")
    for one in found.dead[:_SHOWN]:
        days = max(0, one.due_in_ms) / 86_400_000
        click.echo(f"dead   {one.address}  {size(one.size_bytes)}, goes in {days:.0f} days unless somebody names it")
    for keeper in found.keepers:
        click.echo(f"kept   {keeper.versions:,} versions by {keeper.what}")
    click.echo(
        f"{len(found.gone):,} versions {would}removed, {len(found.dead):,} dead and waiting; {found.objects:,} objects, "
        f"{size(found.size_bytes)} {would}freed"
    )
    if dry_run:
        click.echo("Do it with: tenfold data remote gc", err=True)
    elif found.dead:
        click.echo(
            "Bring one back by pushing it again; free the rest after the grace with: tenfold data remote gc", err=True
        )
