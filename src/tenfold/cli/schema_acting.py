"""`tenfold schema accept|import|export|statistics`: change a schema by what was found; TFDV's files in and out."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option
from tenfold.cli.validate import schema_of, table_of


@click.command(
    "accept", epilog=f"Example: tenfold schema accept april.csv --schema schema.yaml carrier\n\n{EXIT_CODES}"
)
@click.argument("data")
@click.argument("anomalies", nargs=-1, metavar="ANOMALY…")
@click.option(
    "--schema", "place", required=True, help="A YAML file, which is written anew, or schema:NAME: its next version"
)
@click.option("--all", "every", is_flag=True, help="Every anomaly that a change of the schema can allow")
@click.option("--environment", help="As for tenfold validate")
@click.option("--previous", help="As for tenfold validate")
@click.option("--serving", help="As for tenfold validate")
@json_option
def accept(
    data: str, anomalies: tuple[str, ...], place: str, every: bool, environment: str | None, previous: str | None,
    serving: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Change the schema so that it allows what DATA has. ANOMALY is a column, a type, or COLUMN:TYPE."""
    from tenfold.monitoring import accept as accepted
    from tenfold.monitoring import differences, to_yaml, validate
    from tenfold.monitoring.validation import chosen

    if every == bool(anomalies):
        raise click.UsageError("Name the anomalies to accept, or give --all")
    if place.endswith((".pbtxt", ".textproto")):
        raise Invalid(
            f"{place} is TFDV's. Make it one of ours with: tenfold schema import {place} > schema.yaml", field="schema"
        )
    before = schema_of(place)
    found = validate(
        table_of(data), before, environment=environment,
        previous=table_of(previous) if previous else None, serving=table_of(serving) if serving else None,
    )  # fmt: skip
    wanted = [one for one in found if one.change is not None] if every else chosen(found, anomalies)
    after = accepted(before, wanted)
    address = place
    if place.startswith("schema:"):
        from tenfold.workspace import schemas

        message = f"Accepted of {data}: " + ", ".join(f"{one.column or 'table'}: {one.short}" for one in wanted)[:500]
        address = schemas.save(
            workspace().stores, place.removeprefix("schema:").partition("@")[0], after, message=message
        ).address
    elif wanted:
        Path(place).write_text(to_yaml(after), "utf-8")
    changes = differences(before, after)
    if as_json:
        emit_json({"schema": address, "accepted": wanted, "changes": changes})
        return
    for one in wanted:
        click.echo(f"{one.column or '(table)'}: {one.short}")
    click.echo(
        f"{len(wanted)} accepted, {len(changes)} changes in {address}. Look again: tenfold validate {data} --schema {place}"
    )


@click.command("import", epilog=f"Example: tenfold schema import schema.pbtxt > schema.yaml\n\n{EXIT_CODES}")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--save", "name", help="Also keep it as the next version of schema:NAME")
@json_option
def import_(file: Path, name: str | None, as_json: bool) -> None:
    """Print TFDV's schema.pbtxt as one of ours. What is kept for the way back but not checked is said on stderr."""
    from tenfold.monitoring import to_yaml

    schema = schema_of(str(file)) if file.suffix in (".pbtxt", ".textproto") else None
    if schema is None:
        raise Invalid(f"{file} is no .pbtxt. Give the schema.pbtxt that TFDV wrote", field="file")
    if name is not None:
        from tenfold.workspace import schemas

        kept = schemas.save(workspace(create=True).stores, name, schema, message=f"Imported from {file.name}")
        click.echo(f"Kept as {kept.address}", err=True)
    if as_json:
        emit_json(schema)
        return
    click.echo(to_yaml(schema), nl=False)


@click.command("export", epilog=f"Example: tenfold schema export schema:flights -o schema.pbtxt\n\n{EXIT_CODES}")
@click.argument("place")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="schema.pbtxt", show_default=True
)
@json_option
def export(place: str, output: Path, as_json: bool) -> None:
    """Write a schema as TFDV's schema.pbtxt. What it cannot say is said on stderr."""
    from tenfold.doors.tfdv import write_schema

    lost = write_schema(schema_of(place), output)
    if as_json:
        emit_json({"file": str(output), "not_said": lost})
        return
    for line in lost:
        click.echo(f"TFDV has no field for {line}", err=True)
    click.echo(f"Written to {output}. Read it with: tfdv.load_schema_text({str(output)!r})")


@click.command("statistics", epilog=f"Example: tenfold schema statistics march.csv -o stats.tfrecord\n\n{EXIT_CODES}")
@click.argument("data")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="stats.tfrecord", show_default=True
)
@json_option
def statistics(data: str, output: Path, as_json: bool) -> None:
    """Write TFDV's statistics of a table: text for .pbtxt, else a TFRecord. tenfold validate reads such files as DATA."""
    from tenfold.doors.tfdv import write_statistics
    from tenfold.profiles import profile

    found = profile(table_of(data))
    write_statistics(found, output)
    if as_json:
        emit_json({"file": str(output), "rows": found.rows, "columns": len(found.columns)})
        return
    click.echo(f"Written to {output}. Hold them to a schema with: tenfold validate {output} --schema schema.pbtxt")
