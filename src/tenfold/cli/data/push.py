"""`tenfold data push`: what a remote lacks goes there."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.remote import remote_option
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("push", epilog=f"Example: tenfold data push raw/ --remote origin\n\n{EXIT_CODES}")
@click.argument("what", nargs=-1, metavar="[PATH|DATASET...]")
@remote_option
@click.option("--branch", "refs", multiple=True, help="Only this branch or tag (may be given again)")
@click.option("--all", "everything", is_flag=True, help="All datasets of this store")
@click.option("--dry-run", is_flag=True, help="Say what would go: files, bytes, seconds")
@json_option
def push(
    what: tuple[str, ...], remote: str | None, refs: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring datasets, or those of tracked paths (all below this folder), to a remote: versions, branches and tags.

    What was sent before an interruption counts. A branch that went on there is left as it is, and named.
    """
    from tenfold.workspace import sharing

    workspace()
    chosen = sharing.choose(what, everything=everything)
    with progress("sending", rate=True) as report:
        done = sharing.push(chosen, remote=remote, refs=refs or None, dry_run=dry_run, progress=report)
    if as_json:
        emit_json(done)
        return
    for one in done:
        about = f", about {one.seconds:.0f} s" if dry_run and one.seconds is not None else ""
        verb = "would go" if dry_run else "went"
        if not one.refs:
            click.echo(f"{one.dataset}: {one.remote} has all of it")
        else:
            click.echo(
                f"{one.dataset}: {', '.join(one.refs)} {verb} to {one.remote}: {one.versions:,} versions, {one.files:,} files, "
                f"{size(one.size_bytes)}{about}"
            )
        if one.elsewhere:
            click.echo(f"  its files lie at {one.elsewhere} and stay there; only what says so {verb}", err=True)
        for branch in one.behind:
            click.echo(
                f"  {branch} is further on at {one.remote}. Get it with: tenfold data pull {one.dataset}", err=True
            )
    if dry_run:
        click.echo(f"Do it with: tenfold data push {' '.join(what)}".rstrip(), err=True)
    else:
        click.echo("Others get it with: tenfold data pull, after git pull for tracked paths", err=True)
