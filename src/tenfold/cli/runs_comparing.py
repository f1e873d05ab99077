"""`tenfold runs compare` and `tenfold runs importance`: runs beside each other."""

from __future__ import annotations

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table
from tenfold.cli.runs_acting import run_id
from tenfold.records import RunQuery

RUNS_LIMIT = 500


def add_to(group: click.Group) -> None:
    """Add the verbs to `tenfold runs`."""
    group.add_command(compare)
    group.add_command(importance)


@click.command("compare", epilog=f"Example: tenfold runs compare 01JD… 01JE… --code\n\n{EXIT_CODES}")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--code", is_flag=True, help="Of two runs: also the diff of their code, packages and data")
@json_option
def compare(runs: tuple[str, ...], code: bool, as_json: bool) -> None:
    """Show the params, metrics and tags that differ between runs."""
    from tenfold.workspace import comparing

    ids = list(dict.fromkeys(run_id(run) for run in runs))
    if len(ids) < 2 or (code and len(ids) > 2):
        wanted = "exactly two runs" if code else "two runs or more"
        raise Invalid(f"Name {wanted}, not {len(ids)}. List runs with: tenfold runs list", field="runs")
    stores = workspace().stores
    found = stores.runs.get(ids)
    unlike = comparing.differing(found)
    pair = comparing.pair_between(stores, found[0], found[1]) if code else None
    if as_json:
        emit_json({"runs": ids, **unlike} | ({} if pair is None else pair.plain()))
        return
    headers = ("", *(run.name or run.id[-8:] for run in found))
    for family, rows in unlike.items():
        if rows:
            table([(key, *values) for key, values in rows.items()], (family, *headers[1:]), empty="")
            click.echo()
    if not any(unlike.values()):
        click.echo("The same params, metrics and tags.")
    if pair is not None:
        for title, values in (("packages", pair.packages), ("environment", pair.environment), ("data", pair.data)):
            if values:
                table([(name, *sides) for name, sides in values.items()], (title, *headers[1:]), empty="")
                click.echo()
        click.echo(pair.code.patch or "The same code.", nl=not pair.code.patch)
    click.echo(f"See their curves with: tenfold up, then /compare?runs={','.join(ids)}", err=True)


@click.command("importance", epilog=f"Example: tenfold runs importance val/auc --project flights\n\n{EXIT_CODES}")
@click.argument("metric")
@click.option("--project", multiple=True, help="Only runs of this project; may be given more than once")
@click.option("--where", default="", help="Search text, such as: params.opt = 'adam' and state = 'finished'")
@click.option("--summary", type=click.Choice(["last", "min", "max", "mean"]), help="By the metric's definition else")
@json_option
def importance(metric: str, project: tuple[str, ...], where: str, summary: str | None, as_json: bool) -> None:
    """Tell which params METRIC depends on, over the newest 500 runs found."""
    from tenfold.tracking import parse_search
    from tenfold.workspace import comparing

    query = RunQuery(projects=list(project) or None, where=parse_search(where), limit=RUNS_LIMIT)
    found = comparing.importance_of(workspace().stores.runs.search(query).items, metric, summary)  # type: ignore[arg-type]
    if as_json:
        weights = [weight._asdict() for weight in found.weights]
        emit_json({"metric": metric, "summary": found.summary, "runs": found.runs, "params": weights, "constant": found.constant})  # fmt: skip
        return
    rows = [(w.param, f"{w.share:.1%}", w.correlation, w.kind, w.values) for w in found.weights]
    empty = f"No two runs with {metric!r} differ in a param. List what is logged with: tenfold runs list"
    table(rows, ("param", "share", "correlation", "kind", "values"), empty=empty)
    if found.weights:
        click.echo(f"{found.runs} runs. See them with: tenfold up, then /compare, Importance", err=True)
