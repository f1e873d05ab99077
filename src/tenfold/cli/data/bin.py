"""`tenfold data delete, restore, purge`: the bin of a dataset's versions."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import VersionNotFound
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.naming import dataset_of
from tenfold.cli.models_bin import print_purged
from tenfold.cli.output import emit_json, json_option

numbers_argument = click.argument("numbers", nargs=-1, required=True, type=click.IntRange(min=1))


@click.command("delete", epilog=f"Example: tenfold data delete flights 2\n\n{EXIT_CODES}")
@click.argument("name")
@numbers_argument
@json_option
def delete(name: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Put versions of a dataset into the bin; nothing is lost until they are purged. One that a branch or tag names stays."""
    dataset = dataset_of(parse(name, default_kind="data").name)
    gone = [dataset.delete(number) for number in numbers]
    if as_json:
        emit_json(gone)
        return
    said = ", ".join(version.address for version in gone)
    click.echo(f"{said} in the bin. Take it out with: tenfold data restore {dataset.name} {numbers[0]}")


@click.command("restore", epilog=f"Example: tenfold data restore flights 2\n\n{EXIT_CODES}")
@click.argument("name")
@numbers_argument
@json_option
def restore(name: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Take versions of a dataset out of the bin."""
    dataset = dataset_of(parse(name, default_kind="data").name)
    back = [dataset.restore(number) for number in numbers]
    if gone := [version for version in back if version.is_purged]:
        raise VersionNotFound(f"{gone[0].address} was purged: its files are gone for good", field="numbers")
    if as_json:
        emit_json(back)
        return
    said = ", ".join(version.address for version in back)
    click.echo(f"{said} restored. See them with: tenfold data log {dataset.name}")


@click.command("purge", epilog=f"Example: tenfold data purge flights --preview\n\n{EXIT_CODES}")
@click.argument("name")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1))
@click.option("--preview", is_flag=True, help="Say what would go, remove nothing")
@click.option("--now", is_flag=True, help="Nobody else is writing: free also what was stored in the last hour")
@json_option
def purge(name: str, numbers: tuple[int, ...], preview: bool, now: bool, as_json: bool) -> None:
    """Remove the files of versions in the bin for good: those NUMBERS, or all that are there."""
    from tenfold.workspace.purging import SAFE_GRACE_MS, binned_versions, purge_versions

    stores = workspace().stores
    wanted = parse(name, default_kind="data").name
    binned = {v.number: v.id for v in binned_versions(stores) if (v.kind, v.name) == ("data", wanted)}
    if missing := [number for number in numbers if number not in binned]:
        raise VersionNotFound(f"No version {missing[0]} of data:{wanted} is in the bin", field="numbers")
    chosen = [binned[number] for number in numbers or sorted(binned)]
    done = purge_versions(stores, chosen, preview=preview, grace_ms=0 if now else SAFE_GRACE_MS)
    if as_json:
        emit_json(done)
        return
    print_purged(done)
