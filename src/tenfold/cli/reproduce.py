"""`tenfold reproduce`: do a run again and compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenfold.base.errors import CheckFailed, Invalid
from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, table

if TYPE_CHECKING:
    from tenfold.workspace.reproducing import Reproduction


@click.command(epilog=f"Example: tenfold reproduce 01JD0000000000000000000000 --tolerance loss=1e-3\n\n{EXIT_CODES}")
@click.argument("run")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--here", is_flag=True, help="Use this environment instead of one made from the run's packages")
@click.option("--python", metavar="PYTHON", help="Version or path of the Python to use; the run's when not given")
@click.option("--repository", type=click.Path(path_type=Path), help="A clone that has the run's commit")
@click.option("--folder", type=click.Path(path_type=Path), help="Make the work tree here and keep it")
@click.option(
    "--tolerance",
    multiple=True,
    metavar="[METRIC=]NUMBER",
    help="Relative; for all metrics or one. May be repeated [1e-6]",
)
@click.option("--inexact", is_flag=True, help="Go on though secrets in the code were masked or parts too large to keep")
@json_option
def command(
    run: str,
    arguments: tuple[str, ...],
    here: bool,
    python: str | None,
    repository: Path | None,
    folder: Path | None,
    tolerance: tuple[str, ...],
    inexact: bool,
    as_json: bool,
) -> None:
    """Do RUN again: same commit, changes, packages, data and arguments; then its metrics then and now.

    ARGUMENTS after -- replace those it had. Exit code 3 when a metric is not within its tolerance.
    """
    from tenfold.workspace import Client

    found = Client(workspace()).reproduce(
        run, here=here, python=python, repository=repository, folder=folder, tolerance=_tolerances(tolerance),
        arguments=arguments or None, inexact=inexact, say=lambda text: click.secho(text, dim=True, err=True),
    )  # fmt: skip
    if as_json:
        emit_json(found)
    else:
        _show(found)
    if not found.within:
        raise CheckFailed(
            f"Run {found.run_id} is not as run {found.of} was. Look at it with: tenfold runs show {found.run_id}"
        )


def _tolerances(given: tuple[str, ...]) -> dict[str, float]:
    by_key: dict[str, float] = {}
    for text in given:
        key, _, number = text.rpartition("=")
        try:
            by_key[key] = float(number)
        except ValueError:
            raise Invalid(
                f"The tolerance {text!r} is no number. Write it like 1e-6, or loss=1e-3 for one metric",
                field="tolerance",
            ) from None
    return by_key


def _show(found: Reproduction) -> None:
    rows = [
        (row.key, row.then, row.now, f"{row.difference:.2g}", "yes" if row.within else f"no (over {row.tolerance:g})")
        for row in found.metrics
    ]
    table(rows, ("metric", "then", "now", "difference", "within"), empty="The run had no metrics to compare.")
    if found.state_then != found.state_now:
        click.secho(f"It was {found.state_then} then and is {found.state_now} now", fg="red")
    for note in found.notes:
        click.secho(note, dim=True)
    if found.folder:
        click.echo(f"The work tree is kept in {found.folder}", err=True)
    if found.within:
        click.echo(f"As it was. Look at the new run with: tenfold runs show {found.run_id}", err=True)
