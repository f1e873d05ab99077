"""`tenfold monitor report`: two tables, or one, and what a report says of them. Nothing needs to be set up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table
from tenfold.cli.report_tasks import (
    PRESETS,
    Asked,
    TableOrAddress,
    definition_of,
    describe_texts,
    preset_of,
    table_of,
    task_options,
)

if TYPE_CHECKING:
    from tenfold.records import Version
    from tenfold.reports import Snapshot

MOST_TESTS = 20
VERDICT = ("drifted", "drifted_columns", "judged_columns", "drifted_share", "share", "reason", "columns")
"""What of the drift stands at the top of the JSON too."""


@click.command(
    "report",
    epilog=f"Example: tenfold monitor report --reference a.csv --current data:flights@main --html drift.html\n\n{EXIT_CODES}",
)
@click.option(
    "--reference",
    type=TableOrAddress(),
    help="How things should be: a CSV, Parquet, Arrow or JSON-lines file, or a dataset's address",
)
@click.option("--current", required=True, type=TableOrAddress(), help="The table to judge, in the same ways")
@click.option(
    "--preset",
    "presets",
    multiple=True,
    type=click.Choice(PRESETS),
    help="What to look at; can be given several times  [default: drift; without a reference summary]",
)
@click.option("--tests", "include_tests", is_flag=True, help="Hold every metric to its default test")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as one page here")
@click.option(
    "--save", metavar="NAME", help="Keep the report as the next version of report:NAME, with what it looked at"
)
@click.option(
    "--fail-on",
    type=click.Choice(["drift", "tests", "any", "never"]),
    default="any",
    show_default=True,
    help="What ends with exit code 3",
)
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
@task_options
@json_option
@click.pass_context
def report(
    ctx: click.Context, /, reference: Path | str | None, current: Path | str, presets: tuple[str, ...], include_tests: bool,
    html: Path | None, save: str | None, fail_on: str, share: float, columns: tuple[str, ...], methods: tuple[str, ...],
    thresholds: tuple[str, ...], correction: str | None, train: Path | str | None, as_json: bool, **told: Any,
) -> None:  # fmt: skip
    """Compare two tables, or summarize one. Exit code 3 when the table drifted, nothing could be judged, or a test failed."""
    from tenfold.reports import DataDriftPreset, Dataset, Report

    if html is not None and not html.absolute().parent.is_dir():
        raise Invalid(f"There is no folder {html.parent} to write {html.name} into. Make it first", field="html")
    asked = presets or (("drift",) if reference is not None else ("summary",))
    if reference is None and {"drift", "target"} & set(asked):
        raise Invalid("Drift needs a reference to compare with. Give --reference", field="reference")
    by_column, limits = _by_column(methods), _numbers(_by_column(thresholds))
    drift = DataDriftPreset(
        columns=columns or None, drift_share=share, per_column_method=by_column, per_column_threshold=limits,
        correction=correction,
    )  # fmt: skip
    about = Asked(presets=asked, columns=columns, **told)
    definition = definition_of(about)
    made = [drift if name == "drift" else preset_of(name, about) for name in asked]
    used: dict[str, Version] = {}
    given = {"current": current, "reference": reference, "train": train}
    tables = {role: table_of(place, role, used) for role, place in given.items()}
    sides = {
        role: None if tables[role] is None else Dataset(tables[role], definition) for role in ("current", "reference")
    }
    if "text" in asked:
        describe_texts(sides.values(), columns)
    title = f"{_name(current)} beside {_name(reference)}" if reference is not None else _name(current)
    more = {} if train is None else {"current_train_data": tables["train"]}
    found = Report(made, include_tests=include_tests, title=title).run(sides["current"], sides["reference"], more)
    if html is not None:
        found.save_html(html)
        click.echo(f"Written to {html}", err=True)
    if save:
        from tenfold.reports.recording import record_report

        kept = record_report(workspace().stores, found, save, used=used)
        click.echo(f"Kept as {kept.address}. Look at it with: tenfold up", err=True)
    if as_json:
        emit_json(_as_json(found))
    else:
        _print(found, asked)
    if _failed(found, fail_on):
        ctx.exit(3)


def _as_json(found: Snapshot) -> dict[str, Any]:
    """The report, with the verdict on drift in front of it."""
    whole = found.dict()
    drift = whole.get("drift", {})
    return {name: drift[name] for name in VERDICT if name in drift} | whole


def _print(found: Snapshot, asked: tuple[str, ...]) -> None:
    drift = found.result.drift
    if drift is not None:
        rows = [
            (c.name, c.method, c.score, c.threshold, "drifted" if c.drifted else "no" if c.drifted is False else "unknown", c.reason or "")
            for c in drift.columns
        ]  # fmt: skip
        table(rows, ("column", "test", "score", "limit", "drift", "note"), empty="The tables share no columns")
        verdict = "drift" if drift.drifted else f"not judged: {drift.reason}" if drift.reason else "no drift"
        click.echo(f"{drift.drifted_columns} of {len(drift.columns)} columns drifted: {verdict}")
    others = [m for m in found.metrics if m.type not in ("ValueDrift", "DriftedColumnsCount")]
    if others:
        both = found.result.reference_rows is not None
        rows = [(m.metric_name, *((_short(m.reference),) if both else ()), _short(m.value), m.reason) for m in others]
        table(rows, ("metric", *(("reference",) if both else ()), "current", "note"), empty="")
    failed = [test for test in found.tests if test.status != "pass"]
    if found.tests:
        table([(t.status, t.text) for t in failed[:MOST_TESTS]], ("result", "test"), empty="")
        more = f", {len(failed) - MOST_TESTS} more of them in --json" if len(failed) > MOST_TESTS else ""
        click.echo(f"{len(found.tests) - len(failed)} of {len(found.tests)} tests passed{more}")
    click.echo("As a page: add --html report.html. As a monitor over time: see docs/monitoring.md", err=True)


def _failed(found: Snapshot, fail_on: str) -> bool:
    drift = found.result.drift
    drifted = drift is not None and (drift.drifted or bool(drift.reason))
    tests = found.result.status in ("fail", "error")
    return {"drift": drifted, "tests": tests, "any": drifted or tests, "never": False}[fail_on]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        shown = value.get("counts", value)
        told = ", ".join(f"{key} {_short(part)}" for key, part in list(shown.items())[:5])
        return told + (f" + {len(shown) - 5}" if len(shown) > 5 else "")
    if isinstance(value, list):
        return _short(value[-1]) if value else ""
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _name(given: Path | str | None) -> str:
    return given.name if isinstance(given, Path) else str(given)


def _by_column(given: tuple[str, ...]) -> dict[str, str]:
    """{column: what was given for it}, under '*' what is for all."""
    pairs = (text.rpartition("=") for text in given)
    return {column or "*": value for column, _, value in pairs}


def _numbers(given: dict[str, str]) -> dict[str, float]:
    try:
        return {column: float(value) for column, value in given.items()}
    except ValueError as error:
        raise Invalid(f"A threshold is a number: {error}. Give it as --threshold age=0.2", field="threshold") from error
