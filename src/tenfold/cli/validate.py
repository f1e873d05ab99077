"""`tenfold validate`: hold data to a schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenfold.base.addresses import parse
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.monitoring import Anomaly, Schema

ORDER = ("error", "warning", "info")
STATISTICS = (".tfrecord", ".pbtxt", ".pb")


@click.command(
    "validate", epilog=f"Example: tenfold validate april.csv --schema schema.yaml --environment serving\n\n{EXIT_CODES}"
)
@click.argument("data")
@click.option("--schema", "place", required=True, help="A YAML or JSON file, schema:NAME, or TFDV's schema.pbtxt")
@click.option("--environment", help="Hold it to this one: columns that are not in it are not expected")
@click.option("--previous", help="Earlier data, for drift and the limits on rows")
@click.option("--serving", help="Data as served, for skew")
@click.option(
    "--examples", default=5, show_default=True, type=click.IntRange(0, 1000), help="Rows shown of each anomaly"
)
@click.option(
    "--fail-on", type=click.Choice(ORDER), default="warning", show_default=True, help="The mildest that is exit code 3"
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write what was found as one page here")
@click.option("--record/--no-record", default=True, help="With schema:NAME, keep what was found, for its page")
@json_option
@click.pass_context
def command(
    ctx: click.Context, data: str, place: str, environment: str | None, previous: str | None, serving: str | None, examples: int,
    fail_on: str, html: Path | None, record: bool, as_json: bool,
) -> None:  # fmt: skip
    """Hold a table to a schema: a file, data:NAME@main, or statistics of TFDV. Exit code 3 when there are anomalies."""
    from tenfold.monitoring import anomalies_html
    from tenfold.monitoring.validation import facts_of_table, validate
    from tenfold.monitoring.validation.facts import TableFacts

    schema = schema_of(place)
    source = table_of(data)
    facts = source if isinstance(source, TableFacts) else facts_of_table(source, schema)
    found = validate(
        facts, schema, environment=environment, examples=examples,
        previous=table_of(previous) if previous else None, serving=table_of(serving) if serving else None,
    )  # fmt: skip
    if record and place.startswith("schema:"):
        _record(place, data, found, rows=facts.rows, environment=environment)
    if html is not None:
        held = f"{data}, {facts.rows:,} rows, held to {place}" + (f", {environment}" if environment else "")
        html.write_text(anomalies_html(found, about=held), "utf-8")
        click.echo(f"Written to {html}. Open it in a browser", err=True)
    if as_json:
        emit_json(found)
    else:
        show(found, data, place, facts.rows, more=f" --environment {environment}" if environment else "")
    if any(ORDER.index(anomaly.severity) <= ORDER.index(fail_on) for anomaly in found):
        ctx.exit(3)


def show(found: list[Anomaly], data: str, place: str, rows: int, *, more: str = "") -> None:
    """A line an anomaly, then rows of each, then what to type."""
    if not found:
        click.echo(f"{rows:,} rows are as {place} says")
        return
    lines = [(one.column or "(table)", one.severity, one.type, one.long) for one in found]
    table(lines, ("column", "severity", "anomaly", "found"), empty="")
    for one in found:
        if one.examples:
            shown = "; ".join(f"row {example.row}: {example.value or 'missing'}" for example in one.examples)
            click.echo(f"{one.column or '(table)'}: {shown}")
    click.echo(f"{len(found)} anomal{'y' if len(found) == 1 else 'ies'} in {rows:,} rows", err=True)
    if changing := next((one for one in found if one.change is not None), None):
        name = f"{changing.column}:{changing.type}"
        click.echo(
            f"Right as it is? Change the schema with: tenfold schema accept {data} --schema {place}{more} {name}",
            err=True,
        )


def table_of(place: str) -> Any:
    """What DATA names: a file, a dataset of this store, or statistics that TFDV wrote."""
    if place.startswith("data:"):
        from tenfold.data import Dataset

        wanted = parse(place)
        stores = workspace().stores
        return Dataset(stores, wanted.name).table(
            wanted.number or wanted.ref, paths=[wanted.path] if wanted.path else None
        )
    if place.endswith(STATISTICS) or ".tfrecord-" in place:
        from tenfold.doors.tfdv import read_statistics

        return read_statistics(place)
    return Path(place)


def schema_of(place: str) -> Schema:
    """What --schema names."""
    if place.endswith((".pbtxt", ".textproto")):
        from tenfold.doors.tfdv import read_schema, unchecked

        schema = read_schema(place)
        for line in unchecked(schema):
            click.echo(f"Kept, not checked: {line}", err=True)
        return schema
    from tenfold.workspace.schemas import find_schema

    return find_schema(place, lambda: workspace().stores)


def _record(place: str, data: str, found: list[Anomaly], *, rows: int, environment: str | None) -> None:
    from tenfold.contracts import resolve
    from tenfold.workspace import schemas

    stores = workspace().stores
    version, _ = schemas.load(stores, place)
    used = resolve(stores, data.partition("/")[0]) if data.startswith("data:") else None
    schemas.record(stores, version, found, rows=rows, data=data, used=used, environment=environment)
