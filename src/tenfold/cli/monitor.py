"""`tenfold monitor`: drift between two tables, and the monitors of this store. More looks stand in monitor_looking.py."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid, NotFound
from tenfold.cli import monitor_looking
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.group(epilog=f"Example: tenfold monitor report --reference a.parquet --current b.parquet\n\n{EXIT_CODES}")
def command() -> None:
    """Monitors: drift, data quality and performance."""


command.add_command(monitor_looking.summary)
command.add_command(monitor_looking.together)


@command.command(
    "report",
    epilog=f"Example: tenfold monitor report --reference a.csv --current b.csv --html drift.html\n\n{EXIT_CODES}",
)
@click.option("--reference", required=True, type=click.Path(exists=True, path_type=Path), help="CSV or Parquet file")
@click.option("--current", required=True, type=click.Path(exists=True, path_type=Path), help="CSV or Parquet file")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as one page here")
@click.option(
    "--share",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of drifted columns that counts as drift of the table",
)
@click.option("--column", "columns", multiple=True, help="Only this column; can be given several times")
@click.option("--method", "methods", multiple=True, help="NAME for all columns, COLUMN=NAME for one: --method age=ks")
@click.option("--threshold", "thresholds", multiple=True, help="NUMBER for all columns, COLUMN=NUMBER for one")
@click.option(
    "--correction",
    type=click.Choice(["bonferroni", "holm", "bh"]),
    help="Adjust p-values for the number of columns tested",
)
@json_option
@click.pass_context
def report(
    ctx: click.Context,
    reference: Path,
    current: Path,
    html: Path | None,
    share: float,
    columns: tuple[str, ...],
    methods: tuple[str, ...],
    thresholds: tuple[str, ...],
    correction: str | None,
    as_json: bool,
) -> None:
    """Compare two tables column by column. Nothing needs to be set up. Exit code 3 when the table drifted, or none could be judged."""
    from tenfold.api import drift

    if html is not None and not html.absolute().parent.is_dir():
        raise Invalid(f"There is no folder {html.parent} to write {html.name} into. Make it first", field="html")
    found = drift(
        reference, current, share=share, columns=columns or None, methods=_by_column(methods),
        thresholds=_numbers(_by_column(thresholds)), correction=correction,
    )  # fmt: skip
    if html is not None:
        from tenfold.monitoring import to_html

        html.write_text(to_html(found), "utf-8")
        click.echo(f"Written to {html}", err=True)
    if as_json:
        emit_json(found)
    else:
        rows = [
            (c.name, c.method, c.score, c.threshold, "drifted" if c.drifted else "no" if c.drifted is False else "unknown", c.reason or "")
            for c in found.columns
        ]  # fmt: skip
        table(rows, ("column", "test", "score", "limit", "drift", "note"), empty="The tables share no columns")
        verdict = "drift" if found.drifted else f"not judged: {found.reason}" if found.reason else "no drift"
        click.echo(f"{found.drifted_columns} of {len(found.columns)} columns drifted: {verdict}")
    if found.drifted or found.reason:
        ctx.exit(3)


def _by_column(given: tuple[str, ...]) -> dict[str, str]:
    """{column: what was given for it}, under '*' what is for all."""
    pairs = (text.rpartition("=") for text in given)
    return {column or "*": value for column, _, value in pairs}


def _numbers(given: dict[str, str]) -> dict[str, float]:
    try:
        return {column: float(value) for column, value in given.items()}
    except ValueError as error:
        raise Invalid(f"A threshold is a number: {error}. Give it as --threshold age=0.2", field="threshold") from error


@command.command("list", epilog=f"Example: tenfold monitor list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the monitors of this store and their newest check."""
    from tenfold.monitoring import monitors

    found = monitors(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [(m.name, m.checks, ago(m.last_at_ms), m.alarms) for m in found]
    table(
        rows,
        ("monitor", "checks", "newest", "alarms"),
        empty="No monitor has checked anything yet. See docs/monitoring.md",
    )


@command.command("show", epilog=f"Example: tenfold monitor show delay\n\n{EXIT_CODES}")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the checks of a monitor with their scores and alarms, the oldest first."""
    from tenfold.monitoring import history

    checks = history(workspace().stores, parse(name, default_kind="monitor").name)
    if not checks:
        raise NotFound(f"No monitor is called {name!r}. List them with: tenfold monitor list", field="name")
    if as_json:
        emit_json(checks)
        return
    keys = sorted({key for check in checks for key in check.scores if "." not in key})[:6]
    rows = [
        (check.window, *(check.scores.get(key) for key in keys), "; ".join(alarm.text for alarm in check.alarms))
        for check in checks
    ]
    table(rows, ("window", *keys, "alarms"), empty="")
