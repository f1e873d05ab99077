"""`tenfold dvc push`, `fetch` and `pull`."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, remote_option, repo_here, revision_options, targets_argument
from tenfold.cli.output import emit_json, json_option, progress, size

_with_deps = click.option("-d", "--with-deps", is_flag=True, help="Also what the targets are made from")
_run_cache = click.option("--run-cache", is_flag=True, help="Also what stages gave for inputs seen before")


@click.command("push", epilog=f"Example: tenfold dvc push\n\n{EXIT_CODES}")
@targets_argument
@remote_option
@_with_deps
@_run_cache
@revision_options
@cd_option
@json_option
def push(
    targets: tuple[str, ...],
    remote: str,
    with_deps: bool,
    run_cache: bool,
    branches: bool,
    tags: bool,
    commits: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Send to a remote what it has not, so that colleagues can dvc pull it."""
    from tenfold.doors.dvc import transfer
    from tenfold.doors.dvc.revisions import revisions_of

    with progress("Pushing") as bar:
        repo = repo_here(folder)
        done = transfer.push(
            repo, targets, remote=remote, with_deps=with_deps, run_cache=run_cache,
            revisions=revisions_of(repo, branches=branches, tags=tags, commits=commits), progress=bar,
        )  # fmt: skip
    if as_json:
        emit_json(done)
        return
    for one in done:
        click.echo(f"{one.remote}: {one.objects:,} objects pushed, {size(one.size_bytes)}; {one.there:,} were there")
    click.echo("Next: git push, so that others find the .dvc files", err=True)


@click.command("fetch", epilog=f"Example: tenfold dvc fetch data/train\n\n{EXIT_CODES}")
@targets_argument
@remote_option
@_with_deps
@_run_cache
@revision_options
@cd_option
@json_option
def fetch(
    targets: tuple[str, ...],
    remote: str,
    with_deps: bool,
    run_cache: bool,
    branches: bool,
    tags: bool,
    commits: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Bring content into the cache, each object checked; the working copy is not touched."""
    from tenfold.doors.dvc import transfer
    from tenfold.doors.dvc.revisions import revisions_of

    with progress("Fetching") as bar:
        repo = repo_here(folder)
        done = transfer.fetch(
            repo, targets, remote=remote, with_deps=with_deps, run_cache=run_cache,
            revisions=revisions_of(repo, branches=branches, tags=tags, commits=commits), progress=bar,
        )  # fmt: skip
    if as_json:
        emit_json(done)
        return
    for one in done:
        click.echo(f"{one.remote}: {one.objects:,} objects fetched, {size(one.size_bytes)}; {one.there:,} were here")
    click.echo("Next: tenfold dvc checkout", err=True)


@click.command("pull", epilog=f"Example: tenfold dvc pull\n\n{EXIT_CODES}")
@targets_argument
@remote_option
@_with_deps
@click.option("-f", "--force", is_flag=True, help="Also overwrite what is kept nowhere")
@cd_option
@json_option
def pull(
    targets: tuple[str, ...], remote: str, with_deps: bool, force: bool, folder: Path | None, as_json: bool
) -> None:
    """Fetch what the cache has not and check it out; a file or folder inside a tracked folder is enough as a target."""
    from tenfold.doors.dvc import transfer

    with progress("Pulling") as bar:
        done = transfer.pull(repo_here(folder), targets, remote=remote, with_deps=with_deps, force=force, progress=bar)
    if as_json:
        emit_json(done)
        return
    for moved in done.fetched:
        click.echo(f"{moved.remote}: {moved.objects:,} objects fetched, {size(moved.size_bytes)}")
    for one in done.checked_out:
        click.echo(f"{one.path}: {one.written:,} files written, {one.removed:,} removed")
    if not done.fetched and not done.checked_out:
        click.echo("Everything is here already.", err=True)
    click.echo("Next: tenfold dvc repro, or see with: tenfold dvc status", err=True)
