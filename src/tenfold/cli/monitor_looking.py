"""`tenfold monitor summary|together`: what a table is like, and how two of them differ beyond single columns."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.output import emit_json, json_option, table
from tenfold.cli.report_tasks import TableOrAddress, table_of

PAIRS = 10


@click.command(
    "summary", epilog=f"Example: tenfold monitor summary april.parquet --reference march.parquet\n\n{EXIT_CODES}"
)
@click.argument("path", metavar="TABLE", type=TableOrAddress())
@click.option(
    "--reference",
    type=TableOrAddress(),
    help="Say what became worse than in this table; exit code 3 when something did",
)
@json_option
@click.pass_context
def summary(ctx: click.Context, path: Path | str, reference: Path | str | None, as_json: bool) -> None:
    """Summarize a table: missing values, ranges, quantiles, constant and duplicated columns."""
    from tenfold.monitoring import quality_change, summarize

    of, current = table_of(reference), table_of(path)
    found = summarize(current)
    changes = quality_change(of, current) if reference is not None else []
    if as_json:
        emit_json({"summary": found, "changes": changes} if reference is not None else found)
    else:
        rows = [
            (c.name, c.kind or "", c.missing / max(c.rows, 1), c.distinct, c.min, c.q50, c.max, c.mean, c.std)
            for c in found.columns
        ]
        headers = ("column", "kind", "missing", "distinct", "min", "median", "max", "mean", "std")
        table(rows, headers, empty="The table has no columns")
        click.echo(
            f"{found.rows} rows, {found.duplicated_rows} duplicated, {found.missing_share:.1%} of the cells missing; "
            f"columns: {found.constant_columns} constant, {found.duplicated_columns} equal to another"
        )
        for change in changes:
            click.echo(f"{change.column or 'table'}: {change.text}")
        if reference is None:
            click.echo(f"Compare it with: tenfold monitor summary {path} --reference OTHER", err=True)
        elif not changes:
            click.echo("Nothing is worse than in the reference")
    if changes:
        ctx.exit(3)


@click.command(
    "together", epilog=f"Example: tenfold monitor together --reference a.parquet --current b.parquet\n\n{EXIT_CODES}"
)
@click.option("--reference", required=True, type=TableOrAddress(), help="A file, or a dataset's address")
@click.option("--current", required=True, type=TableOrAddress(), help="A file, or a dataset's address")
@click.option(
    "--correlation",
    type=click.Choice(["pearson", "spearman", "kendall", "cramer_v"]),
    default="pearson",
    show_default=True,
    help="Which correlation of every pair of columns",
)
@json_option
@click.pass_context
def together(ctx: click.Context, reference: Path | str, current: Path | str, correlation: str, as_json: bool) -> None:
    """Compare two tables as a whole: reconstruction error, a classifier that tells them apart, correlations.

    Finds what no column shows alone. Exit code 3 when the tables differ, or neither of
    the first two could be judged.
    """
    from tenfold.monitoring import correlation_change, domain_classifier, reconstruction_drift

    before, now = table_of(reference), table_of(current)
    found = [reconstruction_drift(before, now), domain_classifier(before, now)]
    changed = correlation_change(before, now, method=correlation)  # type: ignore[arg-type]
    if as_json:
        emit_json({"drift": found, "correlations": changed})
    else:
        said = {True: "drifted", False: "no", None: "not judged"}
        rows = [(d.method, d.score, d.low, d.high, said[d.drifted], d.reason) for d in found]
        table(rows, ("method", "score", "low", "high", "drift", "note"), empty="")
        if found[1].drifted:
            click.echo(f"What tells the tables apart, most first: {', '.join(found[1].columns[:5])}")
        pairs = [(p.first, p.second, p.reference, p.current, p.change) for p in changed.pairs[:PAIRS]]
        table(pairs, ("column", "and", "reference", "current", "change"), empty=changed.reason)
        click.echo("Column by column: tenfold monitor report --reference A --current B", err=True)
    if any(drift.drifted for drift in found) or all(drift.drifted is None for drift in found):
        ctx.exit(3)
