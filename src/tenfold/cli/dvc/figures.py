"""`tenfold dvc metrics` and `params`: shown, and compared between git revisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, repo_here
from tenfold.cli.output import emit_json, json_option, table


@click.group(epilog=f"Example: tenfold dvc metrics diff HEAD~1\n\n{EXIT_CODES}")
def metrics() -> None:
    """Show and compare the metrics files of stages."""


@metrics.command("show", epilog=f"Example: tenfold dvc metrics show\n\n{EXIT_CODES}")
@cd_option
@json_option
def metrics_show(folder: Path | None, as_json: bool) -> None:
    """Show the metrics in the working copy."""
    from tenfold.doors.dvc.looking.figures import metrics_of

    _show(metrics_of(repo_here(folder)), as_json=as_json)


@metrics.command("diff", epilog=f"Example: tenfold dvc metrics diff v1 v2 --json\n\n{EXIT_CODES}")
@click.argument("before", default="HEAD", metavar="[REV]")
@click.argument("after", default="", metavar="[REV]")
@cd_option
@json_option
def metrics_diff(before: str, after: str, folder: Path | None, as_json: bool) -> None:
    """Show which metrics changed between two git revisions, or one and the working copy."""
    from tenfold.doors.dvc.looking.figures import diff, metrics_of

    _diff(diff(repo_here(folder), metrics_of, before, after), as_json=as_json)


@click.group(epilog=f"Example: tenfold dvc params diff\n\n{EXIT_CODES}")
def params() -> None:
    """Compare the parameters that stages depend on."""


@params.command("diff", epilog=f"Example: tenfold dvc params diff main\n\n{EXIT_CODES}")
@click.argument("before", default="HEAD", metavar="[REV]")
@click.argument("after", default="", metavar="[REV]")
@cd_option
@json_option
def params_diff(before: str, after: str, folder: Path | None, as_json: bool) -> None:
    """Show which parameters changed between two git revisions, or one and the working copy."""
    from tenfold.doors.dvc.looking.figures import diff, params_of

    _diff(diff(repo_here(folder), params_of, before, after), as_json=as_json)


def _show(found: dict[str, dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    rows = [(path, key, value) for path, values in found.items() for key, value in values.items()]
    table(rows, ("file", "name", "value"), empty="No stage names metrics. Name them in dvc.yaml, under metrics")


def _diff(found: dict[str, dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    rows = [
        (path, key, change["old"], change["new"], change.get("diff"))
        for path, changes in found.items()
        for key, change in changes.items()
    ]
    table(rows, ("file", "name", "old", "new", "change"), empty="Nothing changed.")
