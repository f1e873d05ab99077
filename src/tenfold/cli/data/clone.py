"""`tenfold data clone`: a dataset of a remote, as a new tracked working copy."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("clone", epilog=f"Example: tenfold data clone s3://bucket/prefix flights\n\n{EXIT_CODES}")
@click.argument("remote", metavar="REMOTE|URL|FOLDER")
@click.argument("dataset")
@click.option("--path", help="Where the working copy goes (default: the dataset's name)")
@click.option("--branch", default="main", show_default=True)
@json_option
def clone(remote: str, dataset: str, path: str | None, branch: str, as_json: bool) -> None:
    """Pull a dataset and begin a tracked working copy of it, with a pointer beside it for git.

    Part of a dataset, untracked: tenfold data get --remote.
    """
    from tenfold.workspace import sharing

    workspace(create=True)
    with progress("fetching", rate=True) as report:
        found, (restored,) = sharing.clone(remote, dataset, path=path, branch=branch, progress=report)
    if as_json:
        emit_json({"fetched": found, "written": restored})
        return
    click.echo(
        f"{restored.path}: data:{dataset}@v{restored.number}, {restored.files:,} files, {size(found.size_bytes)} fetched"
    )
    click.echo(f"Next: git add {restored.path}.tenfold .gitignore, then tenfold data status", err=True)
