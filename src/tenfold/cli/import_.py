"""`tenfold import`: runs, models and datasets out of the files of other tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress, size

_path = click.argument("path", type=click.Path(exists=True, path_type=Path))
_project = click.option("--project", default="", help="Project of all the runs; that of the source when not given")


class _PathOrUrl(click.Path):
    """A path that must be there, or a URL."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if isinstance(value, str) and "://" in value else super().convert(value, param, ctx)


@click.group(epilog=f"Example: tenfold import mlflow mlruns\n\n{EXIT_CODES}")
def command() -> None:
    """Import what other tools left on a disk. None of their packages is needed, and nothing of theirs is changed.

    Importing again brings only what came since; what was changed here stays.
    """


@command.command("mlflow", epilog=f"Example: tenfold import mlflow mlruns\n\n{EXIT_CODES}")
@click.argument("source", metavar="PATH_OR_URL", type=_PathOrUrl())
@_project
@json_option
def mlflow(source: Path | str, project: str, as_json: bool) -> None:
    """Import from MLflow: an mlruns folder of any age, an mlflow.db, or a URL: http://… of a running server (with
    MLFLOW_TRACKING_TOKEN where it wants one), postgresql://… or mysql://… of its database. Runs, files, models, aliases.
    """
    from tenfold.doors import mlruns

    unplaced: Counter[str] = Counter()
    _import(mlruns.read(source, unplaced), project, unplaced, as_json=as_json)


@command.command("wandb", epilog=f"Example: tenfold import wandb wandb\n\n{EXIT_CODES}")
@_path
@_project
@json_option
def wandb(path: Path, project: str, as_json: bool) -> None:
    """Import W&B run folders, offline or not: history, config, summary, media, console, saved files, artifacts."""
    from tenfold.doors import wandb as door

    unplaced: Counter[str] = Counter()
    _import(door.read(path, unplaced), project, unplaced, as_json=as_json)


@command.command("comet", epilog=f"Example: tenfold import comet .cometml-runs\n\n{EXIT_CODES}")
@_path
@_project
@json_option
def comet(path: Path, project: str, as_json: bool) -> None:
    """Import the .zip archives of Comet's offline experiments."""
    from tenfold.doors import comet as door

    unplaced: Counter[str] = Counter()
    _import(door.read(path, unplaced), project, unplaced, as_json=as_json)


@command.command("tensorboard", epilog=f"Example: tenfold import tensorboard runs\n\n{EXIT_CODES}")
@_path
@_project
@json_option
def tensorboard(path: Path, project: str, as_json: bool) -> None:
    """Import a folder of TensorBoard event files; each folder with event files is a run."""
    from tenfold.doors import tensorboard as door

    unplaced: Counter[str] = Counter()
    _import(door.read(path, unplaced), project, unplaced, as_json=as_json)


@command.command("neptune", epilog=f"Example: tenfold import neptune exports\n\n{EXIT_CODES}")
@_path
@click.option("--files", type=click.Path(exists=True, path_type=Path), help="Files of the export, when not beside it")
@_project
@json_option
def neptune(path: Path, files: Path | None, project: str, as_json: bool) -> None:
    """Import the Parquet folders that neptune-exporter wrote."""
    from tenfold.doors import neptune as door

    unplaced: Counter[str] = Counter()
    _import(door.read(path, unplaced, files=files), project, unplaced, as_json=as_json)


@command.command("dvc", epilog=f"Example: tenfold import dvc . --prefix flights\n\n{EXIT_CODES}")
@_path
@click.option("--prefix", default="", help="Put before the names of the datasets, with a dot")
@click.option("--remote", default="", help="Name of the remote to get missing content from; else the default one")
@click.option("--no-fetch", "fetch", is_flag=True, default=True, flag_value=False, help="Take only what the cache has")
@json_option
def dvc(path: Path, prefix: str, remote: str, fetch: bool, as_json: bool) -> None:
    """Import the history of a DVC repository: each tracked path becomes a dataset, with a version for each commit of git
    that changed it, by its author, at its date; branches and tags stay. dvc need not be installed.
    """
    from tenfold.doors.dvc import open_repo
    from tenfold.doors.dvc.importing import import_history

    with progress("Importing") as bar:
        done = import_history(
            open_repo(path), workspace(create=True).stores, prefix=prefix, fetch=fetch, remote=remote, progress=bar
        )
    if as_json:
        emit_json(done)
        return
    click.echo(
        f"{done.commits:,} commits; {done.datasets:,} datasets; {done.versions:,} versions, {done.new_versions:,} of them "
        f"new; {done.files:,} files, {size(done.size_bytes)}"
    )
    if done.unplaced:
        click.echo("Not imported as it was:", err=True)
        for what, count in done.unplaced.items():
            click.echo(f"  {count:>7,}  {what}", err=True)
    click.echo("See them with: tenfold data list", err=True)


def _import(found: Iterator[Any], project: str, unplaced: Counter[str], *, as_json: bool) -> None:
    from tenfold.workspace.importing import import_all

    with progress("Importing") as bar:
        done = import_all(
            workspace(create=True).stores, found, project=project or None, unplaced=unplaced, progress=bar
        )
    if as_json:
        emit_json(done)
        return
    click.echo(
        f"{done.runs:,} runs, {done.new_runs:,} of them new; {done.points:,} new points; {done.files:,} files; "
        f"{done.model_versions:,} model versions"
    )
    if done.unplaced:
        click.echo("Not imported as it was:", err=True)
        for what, count in done.unplaced.items():
            click.echo(f"  {count:>7,}  {what}", err=True)
    if done.new_runs:
        click.echo("See them with: tenfold runs list", err=True)
