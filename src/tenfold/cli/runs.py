"""`tenfold runs`: list, search, show, export; changing them stands in runs_acting, comparing in runs_comparing."""

from __future__ import annotations

from typing import TextIO

import click

from tenfold.cli import runs_acting as acting
from tenfold.cli import runs_comparing as comparing
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table
from tenfold.records import MARKS, RunQuery, without_marks


@click.group(epilog=f'Example: tenfold runs list --project flights --where "metrics.auc > 0.7"\n\n{EXIT_CODES}')
def command() -> None:
    """Runs: everything that executed."""


@command.command(
    "list", epilog=f'Example: tenfold runs list --where "params.lr < 0.1" --order "metrics.acc desc"\n\n{EXIT_CODES}'
)
@click.option("--project", multiple=True, help="Only runs of this project; may be given more than once")
@click.option("--kind", multiple=True, help="training, pipeline, step, deployment, check …")
@click.option("--where", default="", help="Search text, such as: metrics.acc > 0.9 and params.opt = 'adam'")
@click.option("--order", default="", help="Such as: metrics.acc desc, created_at_ms")
@click.option("--deleted", is_flag=True, help="Those in the bin")
@click.option("--archived", is_flag=True, help="Only archived ones, which are left out else")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--offset", default=0, show_default=True, type=click.IntRange(min=0))
@json_option
def list_(
    project: tuple[str, ...],
    kind: tuple[str, ...],
    where: str,
    order: str,
    deleted: bool,
    archived: bool,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """List runs, the newest first."""
    from tenfold.tracking.definitions import definitions
    from tenfold.workspace import Client

    if "archived" not in where and not deleted:
        where = f"({where}) and archived = {archived}" if where.strip() else f"archived = {archived}"
    page = Client(workspace()).runs(
        where, projects=list(project), kinds=list(kind), order=order, deleted=deleted, limit=limit, offset=offset
    )
    if as_json:
        emit_json(page)
        return
    rows = []
    for run in page.items:
        first = definitions(
            run
        )  # what somebody gave a goal; then what was measured, not how well it fits what it has seen
        keys = sorted(run.metrics, key=lambda key: (key not in first, key.startswith("training/"), key))
        shown = [f"{key}={run.metrics[key].last:.4g}" for key in keys if not key.startswith("system/")]
        rows.append((run.id, run.project, run.kind, run.name, run.state, ago(run.created_at_ms), " ".join(shown[:4])))
    table(
        rows,
        ("id", "project", "kind", "name", "state", "when", "metrics"),
        empty="No runs match. Log one with: python -c \"import tenfold; tenfold.run('first').log({'loss': 1.0})\"",
    )
    if page.next is not None:
        click.echo(f"{page.total}{'+' if page.at_least else ''} in all; the next page: --offset {page.next}", err=True)


@command.command("show", epilog=f"Example: tenfold runs show 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
@json_option
def show(run: str, as_json: bool) -> None:
    """Show one run whole."""
    stores = workspace().stores
    found = stores.runs.get([acting.run_id(run)])[0]
    if as_json:
        emit_json(found)
        return
    click.secho(f"{found.name or found.kind}  {found.state}", bold=True)
    for label, value in (
        ("id", found.id), ("project", found.project), ("kind", found.kind), ("parent", found.parent_id),
        ("by", f"{found.user}@{found.host}" if found.user else None), ("began", ago(found.started_at_ms)),
        ("ended", ago(found.ended_at_ms)), ("commit", found.code.commit if found.code else None),
        ("marks", ", ".join(mark.partition(".")[2] for mark in sorted(MARKS & found.tags.keys()))),
        ("notes", found.notes),
    ):  # fmt: skip
        if value:
            click.echo(f"{label:<10}{value}")
    if found.error:
        click.secho(found.error, fg="red")
    for title, mapping in (("params", found.params), ("tags", without_marks(found.tags)), ("result", found.result)):
        if mapping:
            click.secho(title, dim=True)
            for key, value in sorted(mapping.items()):
                click.echo(f"  {key} = {value}")
    if found.metrics:
        rows = [(key, s.last, s.min, s.max, s.mean, s.count) for key, s in sorted(found.metrics.items())]
        table(rows, ("metric", "last", "min", "max", "mean", "points"), empty="")


@command.command("export", epilog=f"Example: tenfold runs export --project flights --csv > runs.csv\n\n{EXIT_CODES}")
@click.option("--project", multiple=True, help="Only runs of this project; may be given more than once")
@click.option("--kind", multiple=True, help="training, pipeline, step, deployment, check …")
@click.option("--where", default="", help="Search text, such as: metrics.acc > 0.9 and params.opt = 'adam'")
@click.option("--order", default="", help="Such as: metrics.acc desc, created_at_ms")
@click.option("--columns", default="", help="name,params.lr,metrics.acc,summary.loss.min,tags.team; all when not given")
@click.option("--csv/--json", "as_csv", default=True, help="CSV, or one JSON list of objects", show_default=True)
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", lazy=True, atomic=True), default="-")
def export(
    project: tuple[str, ...],
    kind: tuple[str, ...],
    where: str,
    order: str,
    columns: str,
    as_csv: bool,
    output: TextIO,
) -> None:
    """Write runs as CSV or JSON, however many there are."""
    from tenfold.tracking import parse_order, parse_search
    from tenfold.workspace.exporting import check_columns, columns_of, csv_text, json_text, rows_of

    stores = workspace().stores
    query = RunQuery(
        projects=list(project) or None, kinds=list(kind) or None, where=parse_search(where), order=parse_order(order)
    )
    named = [name.strip() for name in columns.split(",") if name.strip()]
    chosen = check_columns(named) if named else columns_of(stores, query)
    for text in (csv_text if as_csv else json_text)(chosen, rows_of(stores, query, chosen)):
        output.write(text)


acting.add_to(command)
comparing.add_to(command)
