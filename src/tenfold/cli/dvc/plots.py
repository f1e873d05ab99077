"""`tenfold dvc plots show` and `diff`: the plots of a repository as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, repo_here
from tenfold.cli.output import emit_json, json_option

_out = click.option(
    "-o", "--out", default="dvc_plots/index.html", show_default=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write",
)  # fmt: skip


@click.group(epilog=f"Example: tenfold dvc plots diff HEAD~1\n\n{EXIT_CODES}")
def plots() -> None:
    """Draw the plots that stages and dvc.yaml name, and those of several git revisions over one another."""


@plots.command("show", epilog=f"Example: tenfold dvc plots show curve.csv\n\n{EXIT_CODES}")
@click.argument("targets", nargs=-1, metavar="[PLOT...]")
@_out
@cd_option
@json_option
def plots_show(targets: tuple[str, ...], out: Path, folder: Path | None, as_json: bool) -> None:
    """Draw the plots of the working copy; --json gives their points."""
    _draw(folder, [""], targets, out, as_json=as_json)


@plots.command("diff", epilog=f"Example: tenfold dvc plots diff main experiment\n\n{EXIT_CODES}")
@click.argument("revisions", nargs=-1, metavar="[REV...]")
@click.option("--target", "targets", multiple=True, metavar="PLOT", help="Only this plot; may be repeated")
@_out
@cd_option
@json_option
def plots_diff(
    revisions: tuple[str, ...], targets: tuple[str, ...], out: Path, folder: Path | None, as_json: bool
) -> None:
    """Draw git revisions over one another: HEAD and the working copy, one and the working copy, or those given."""
    wanted = list(revisions) if len(revisions) > 1 else [*(revisions or ("HEAD",)), ""]
    _draw(folder, wanted, targets, out, as_json=as_json)


def _draw(folder: Path | None, revisions: list[str], targets: tuple[str, ...], out: Path, *, as_json: bool) -> None:
    from tenfold.doors.dvc.looking.plots import plots_of

    repo = repo_here(folder)
    found = plots_of(repo, revisions, targets)
    if as_json:
        emit_json(found)
        return
    from tenfold.base.files import write_atomic
    from tenfold.doors.dvc.looking.plots_page import page

    for problem in (problem for plot in found for problem in plot.problems):
        click.echo(problem, err=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out, page(found, title=f"Plots of {repo.root.name}").encode(), durable=False)
    click.echo(f"{out}: {len(found)} plots")
    click.echo(f"Next: open {out.resolve().as_uri()}", err=True)
