"""`tenfold runs`: list, search, show, delete, restore."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


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
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--offset", default=0, show_default=True, type=click.IntRange(min=0))
@json_option
def list_(
    project: tuple[str, ...],
    kind: tuple[str, ...],
    where: str,
    order: str,
    deleted: bool,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """List runs, the newest first."""
    from tenfold.api import Client

    page = Client(workspace()).runs(
        where, projects=list(project), kinds=list(kind), order=order, deleted=deleted, limit=limit, offset=offset
    )
    if as_json:
        emit_json(page)
        return
    rows = []
    for run in page.items:
        shown = [
            f"{key}={summary.last:.4g}" for key, summary in sorted(run.metrics.items()) if not key.startswith("system/")
        ]
        rows.append((run.id, run.project, run.kind, run.name, run.state, ago(run.created_at_ms), " ".join(shown[:4])))
    table(
        rows,
        ("id", "project", "kind", "name", "state", "when", "metrics"),
        empty="No runs match. Log one with: python -c \"import tenfold; tenfold.run('first').log({'loss': 1.0})\"",
    )
    if page.next is not None:
        click.echo(f"{page.total} in all; the next page: --offset {page.next}", err=True)


@command.command("show", epilog=f"Example: tenfold runs show 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run")
@json_option
def show(run: str, as_json: bool) -> None:
    """Show one run whole."""
    stores = workspace().stores
    found = stores.runs.get([_id(run)])[0]
    if as_json:
        emit_json(found)
        return
    click.secho(f"{found.name or found.kind}  {found.state}", bold=True)
    for label, value in (
        ("id", found.id), ("project", found.project), ("kind", found.kind), ("parent", found.parent_id),
        ("by", f"{found.user}@{found.host}" if found.user else None), ("began", ago(found.started_at_ms)),
        ("ended", ago(found.ended_at_ms)), ("commit", found.code.commit if found.code else None),
        ("notes", found.notes),
    ):  # fmt: skip
        if value:
            click.echo(f"{label:<10}{value}")
    if found.error:
        click.secho(found.error, fg="red")
    for title, mapping in (("params", found.params), ("tags", found.tags), ("result", found.result)):
        if mapping:
            click.secho(title, dim=True)
            for key, value in sorted(mapping.items()):
                click.echo(f"  {key} = {value}")
    if found.metrics:
        rows = [(key, s.last, s.min, s.max, s.mean, s.count) for key, s in sorted(found.metrics.items())]
        table(rows, ("metric", "last", "min", "max", "mean", "points"), empty="")


@command.command("delete", epilog=f"Example: tenfold runs delete 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run", nargs=-1, required=True)
def delete(run: tuple[str, ...]) -> None:
    """Put runs into the bin; `restore` takes them out again."""
    from tenfold.base.clock import now_ms

    stores = workspace().stores
    found = [item.id for item in stores.runs.get([_id(text) for text in run])]
    click.echo(
        f"{stores.runs.set_deleted(found, at_ms=now_ms())} in the bin. Take them out with: tenfold runs restore {found[0]}"
    )


@command.command("restore", epilog=f"Example: tenfold runs restore 01JD0000000000000000000000\n\n{EXIT_CODES}")
@click.argument("run", nargs=-1, required=True)
def restore(run: tuple[str, ...]) -> None:
    """Take runs out of the bin."""
    stores = workspace().stores
    found = [item.id for item in stores.runs.get([_id(text) for text in run])]
    click.echo(f"{stores.runs.set_deleted(found, at_ms=None)} restored")


def _id(text: str) -> str:
    return parse(text if text.startswith("run:") else f"run:{text}").name
