"""`tenfold models delete, restore, purge`: the bin of a model's versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tenfold.base.addresses import parse
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, size

if TYPE_CHECKING:
    from tenfold.records import Version
    from tenfold.workspace import Purged


@click.command("delete", epilog=f"Example: tenfold models delete delay 2\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(min=1))
@json_option
def delete(name: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Put versions of a model into the bin; nothing is lost until they are purged."""
    from tenfold.api import model

    workspace()
    registered = model(parse(name, default_kind="model").name)
    gone = [registered.delete(number) for number in numbers]
    if as_json:
        emit_json(gone)
        return
    click.echo(f"{_named(gone)} in the bin. Take it out with: tenfold models restore {registered.name} {numbers[0]}")


@click.command("restore", epilog=f"Example: tenfold models restore delay 2\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(min=1))
@json_option
def restore(name: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Take versions of a model out of the bin."""
    from tenfold.api import model

    workspace()
    registered = model(parse(name, default_kind="model").name)
    back = [registered.restore(number) for number in numbers]
    if as_json:
        emit_json(back)
        return
    click.echo(f"{_named(back)} restored. See them with: tenfold models show {registered.name}")


@click.command("purge", epilog=f"Example: tenfold models purge delay 2 --preview\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1))
@click.option("--preview", is_flag=True, help="Say what would go, remove nothing")
@click.option("--now", is_flag=True, help="Nobody else is writing: free also what was stored in the last hour")
@json_option
def purge(name: str, numbers: tuple[int, ...], preview: bool, now: bool, as_json: bool) -> None:
    """Remove the files of versions in the bin for good: those NUMBERS, or all that are there."""
    from tenfold.api import model
    from tenfold.workspace.purging import SAFE_GRACE_MS

    workspace()
    registered = model(parse(name, default_kind="model").name)
    done = registered.purge(*numbers, preview=preview, grace_ms=0 if now else SAFE_GRACE_MS)
    if as_json:
        emit_json(done)
        return
    print_purged(done)


def print_purged(done: Purged) -> None:
    """The text twin of a purge."""
    would = "would be " if done.preview else ""
    what = [f"{done.versions:,} version{'' if done.versions == 1 else 's'}"]
    if done.runs:
        what.insert(0, f"{done.runs:,} run{'' if done.runs == 1 else 's'} with {done.points:,} points")
    click.echo(f"{' and '.join(what)} {would}removed for good; {size(done.freed_bytes)} {would}freed")
    if done.waiting_bytes:
        click.echo(
            f"{size(done.waiting_bytes)} stored in the last hour wait, so that others may go on writing. "
            "Free them later with: tenfold gc --grace-days 1",
            err=True,
        )
    for address, why in sorted(done.kept.items()):
        click.echo(f"{address} stays: {why}", err=True)


def _named(versions: list[Version]) -> str:
    return ", ".join(version.address for version in versions)


COMMANDS = (delete, restore, purge)
