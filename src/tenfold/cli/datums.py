"""`tenfold datums`: what an incremental pipeline knows of each datum."""

from __future__ import annotations

from typing import Any

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import NotFound
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold datums list thumbs\n\n{EXIT_CODES}")
def command() -> None:
    """The datums of incremental pipelines: what ran, what failed, what each gave."""


@command.command("list", epilog=f"Example: tenfold datums list thumbs --state failed\n\n{EXIT_CODES}")
@click.argument("output")
@click.option("--state", type=click.Choice(["done", "failed", "recovered"]), help="Only those of this state")
@click.option("-n", "limit", type=click.IntRange(min=1), default=50, help="At most so many")
@json_option
def list_(output: str, state: str | None, limit: int, as_json: bool) -> None:
    """List the datums behind OUTPUT, a dataset that an incremental pipeline writes; those that failed come first."""
    known, records = _records(output)
    wanted = [record for record in records if state in (None, record.state)]
    order = {"failed": 0, "recovered": 1, "done": 2}
    shown = sorted(wanted, key=lambda record: (order[record.state], record.parts[0].path))[:limit]
    if as_json:
        emit_json({"datums": known.address, "total": len(wanted), "shown": [_plain(record) for record in shown]})
        return
    rows = [
        (
            record.id[:12],
            ", ".join(f"{part.name}/{part.path}" for part in record.parts[:3]),
            record.state,
            record.tries,
            record.seconds,
            len(record.made),
            ago(record.at_ms),
            record.error[:80],
        )
        for record in shown
    ]
    headers = ("datum", "inputs", "state", "tries", "seconds", "files", "when", "error")
    table(rows, headers, empty=f"There is no such datum. See all with: tenfold datums list {output}")
    if len(wanted) > len(shown):
        click.echo(f"{len(wanted) - len(shown):,} more: tenfold datums list {output} -n {len(wanted)}", err=True)
    failed = next((record for record in shown if record.state == "failed"), None)
    if failed is not None:
        click.echo(f"See what it printed with: tenfold pipelines logs {failed.run_id}", err=True)


@command.command("show", epilog=f"Example: tenfold datums show thumbs 7644024ebedf\n\n{EXIT_CODES}")
@click.argument("output")
@click.argument("datum")
@json_option
def show(output: str, datum: str, as_json: bool) -> None:
    """Show one datum of OUTPUT by the beginning of its id: its inputs, its files, its times."""
    _, records = _records(output)
    record = next((one for one in records if one.id.startswith(datum)), None)
    if record is None:
        raise NotFound(f"{output} has no datum {datum!r}. List them with: tenfold datums list {output}", field="datum")
    if as_json:
        emit_json(_plain(record))
        return
    click.echo(f"{record.id}  {record.state} {ago(record.at_ms)}, {record.seconds:.2f} s, {record.tries} tries")
    for part in record.parts:
        click.echo(f"reads  {part.name}/{part.path}  {part.size_bytes:,} bytes  {part.content[:17]}")
    for made in record.made:
        click.echo(f"gives  {made.path}  {made.size_bytes:,} bytes  {made.digest[:12]}")
    if record.error:
        click.echo(f"error  {record.error}")
    click.echo(f"See what it printed with: tenfold pipelines logs {record.run_id}", err=True)


def _records(output: str) -> tuple[Any, Any]:
    from tenfold.pipelines.datums import find_state, read_records

    stores = workspace().stores
    wanted = parse(output, default_kind="data")
    state = find_state(stores, wanted.name, wanted.ref or "main")
    if state is None:
        known = ", ".join(name for _, name, _, _ in stores.versions.names("datums")[:8]) or "none yet"
        raise NotFound(
            f"No incremental pipeline writes {output}. Those that are written by one: {known}", field="output"
        )
    return state, read_records(stores, state)


def _plain(record: Any) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in record.__struct_fields__}
    plain["parts"] = [part._asdict() for part in record.parts]
    plain["made"] = [made._asdict() for made in record.made]
    return plain
