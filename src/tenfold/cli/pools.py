"""`tenfold pools`: limits that pipelines share."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table


@click.group(epilog=f"Example: tenfold pools set gpu 2\n\n{EXIT_CODES}")
def command() -> None:
    """Limit how many steps run at once that use one thing, in all pipelines; steps name it with @step(pool=…)."""


@command.command("set", epilog=f"Example: tenfold pools set gpu 2\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("slots", type=click.IntRange(min=0))
@json_option
def set_(name: str, slots: int, as_json: bool) -> None:
    """Give pool NAME so many SLOTS; runs under way feel it within a second."""
    from tenfold.base.user import user_name
    from tenfold.pipelines.driving.pools import set_pool

    version = set_pool(workspace(create=True).stores, name, slots, who=user_name())
    if as_json:
        emit_json({"name": name, "slots": slots, "version": version.number})
        return
    click.echo(f"{name} has {slots} slots. Let a step wait for one with: @tenfold.step(pool={name!r})")


@command.command("list", epilog=f"Example: tenfold pools list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the pools, how many of their slots are held, and how many steps wait."""
    from tenfold.pipelines.driving.pools import all_pools

    found = all_pools(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [(one.name, one.slots, one.held, one.waiting) for one in found]
    table(rows, ("pool", "slots", "held", "waiting"), empty="There is no pool. Make one with: tenfold pools set gpu 2")


@command.command("remove", epilog=f"Example: tenfold pools remove gpu\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Forget a pool; steps that name it then run one at a time."""
    from tenfold.pipelines.driving.pools import remove_pool

    remove_pool(workspace().stores, name)
    if as_json:
        emit_json({"name": name, "removed": True})
        return
    click.echo(
        f"{name} is forgotten; steps that name it run one at a time. Make it again with: tenfold pools set {name} 2"
    )
