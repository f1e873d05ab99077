"""`tenfold schema`: infer, show, list, save, diff. What changes one, and TFDV's files, stand in schema_acting.py."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli import schema_acting
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table
from tenfold.cli.validate import schema_of, table_of


@click.group(epilog=f"Example: tenfold schema infer march.csv > schema.yaml\n\n{EXIT_CODES}")
def command() -> None:
    """Schemas: what the columns of a table should look like. Hold data to one with: tenfold validate"""


for _one in (schema_acting.accept, schema_acting.import_, schema_acting.export, schema_acting.statistics):
    command.add_command(_one)


@command.command("infer", epilog=f"Example: tenfold schema infer march.csv --label late > schema.yaml\n\n{EXIT_CODES}")
@click.argument("data")
@click.option("--label", "labels", multiple=True, help="A column known only in training; can be given several times")
@click.option("--ranges", is_flag=True, help="Also take the lowest and highest number, and time, as limits")
@click.option("--domain-limit", default=100, show_default=True, help="Strings with more different values get no domain")
@click.option(
    "--rules", type=click.Choice(["tenfold", "tfdv"]), default="tenfold", show_default=True, help="Whose rules"
)
@click.option("--save", "name", help="Also keep it as the next version of schema:NAME")
@json_option
def infer(
    data: str, labels: tuple[str, ...], ranges: bool, domain_limit: int, rules: str, name: str | None, as_json: bool
) -> None:
    """Print the schema that a table suggests, as YAML to read and edit."""
    from tenfold.monitoring import infer_schema, to_yaml

    schema = infer_schema(table_of(data), labels=labels, ranges=ranges, domain_limit=domain_limit, rules=rules)  # type: ignore[arg-type]
    if name is not None:
        from tenfold.workspace import schemas

        kept = schemas.save(workspace(create=True).stores, name, schema, message=f"Inferred from {data}")
        click.echo(f"Kept as {kept.address}", err=True)
    if as_json:
        emit_json(schema)
        return
    click.echo(to_yaml(schema), nl=False)
    hold = f"schema:{name}" if name else "schema.yaml"
    click.echo(f"{len(schema.features)} columns. Hold data to it with: tenfold validate DATA --schema {hold}", err=True)


@command.command("show", epilog=f"Example: tenfold schema show schema:flights@v2\n\n{EXIT_CODES}")
@click.argument("place")
@json_option
def show(place: str, as_json: bool) -> None:
    """Print a schema: schema:NAME, schema:NAME@v2, a file, or TFDV's schema.pbtxt."""
    from tenfold.monitoring import to_yaml

    schema = schema_of(_place(place))
    if as_json:
        emit_json(schema)
        return
    click.echo(to_yaml(schema), nl=False)


@command.command("list", epilog=f"Example: tenfold schema list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the schemas of this store."""
    from tenfold.workspace import schemas

    found = schemas.listed(workspace().stores)
    if as_json:
        emit_json(
            [
                {"name": v.name, "version": v.number, "columns": v.metadata.get("columns"), "message": v.message}
                for v in found
            ]
        )
        return
    rows = [(v.name, v.number, v.metadata.get("columns"), ago(v.created_at_ms), v.message) for v in found]
    table(
        rows, ("schema", "version", "columns", "saved", "message"),
        empty="No schemas yet. Make one: tenfold schema infer DATA --save NAME",
    )  # fmt: skip


@command.command(
    "save", epilog=f'Example: tenfold schema save flights schema.yaml -m "Two new carriers"\n\n{EXIT_CODES}'
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-m", "--message", default="", help="What changed")
@json_option
def save(name: str, file: Path, message: str, as_json: bool) -> None:
    """Keep a schema file as the next version of schema:NAME."""
    from tenfold.workspace import schemas

    kept = schemas.save(workspace(create=True).stores, name, schema_of(str(file)), message=message)
    if as_json:
        emit_json({"name": kept.name, "version": kept.number, "address": kept.address})
        return
    click.echo(f"{kept.address}. Hold data to it with: tenfold validate DATA --schema schema:{name}")


@command.command("diff", epilog=f"Example: tenfold schema diff schema:flights@v1 schema.yaml\n\n{EXIT_CODES}")
@click.argument("before")
@click.argument("after")
@json_option
def diff(before: str, after: str, as_json: bool) -> None:
    """Compare two schemas, field by field."""
    from tenfold.monitoring import differences

    found = differences(schema_of(_place(before)), schema_of(_place(after)))
    if as_json:
        emit_json(found)
        return
    rows = [(one.column or "(table)", one.field or "(column)", _short(one.before), _short(one.after)) for one in found]
    table(rows, ("column", "field", "before", "after"), empty="The schemas are equal")


def _place(place: str) -> str:
    """A name alone is a kept schema, unless it is a file here."""
    return place if ":" in place or "." in place or Path(place).exists() else f"schema:{place}"


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
