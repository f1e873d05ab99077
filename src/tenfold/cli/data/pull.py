"""`tenfold data pull` and `tenfold data fetch`: what a remote has comes here."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.remote import remote_option
from tenfold.cli.output import emit_json, json_option, progress, size

_what = click.argument("what", nargs=-1, metavar="[PATH|DATASET...]")
_branch = click.option("--branch", "refs", multiple=True, help="Only this branch or tag (may be given again)")
_history = click.option("--history", is_flag=True, help="The files of every version, not only of those that are named")
_only = click.option(
    "--only", multiple=True, metavar="PATH|GLOB", help="Only these files of each version (may be given again)"
)
_dry = click.option("--dry-run", is_flag=True, help="Say what would come: files, bytes, seconds")


@click.command("pull", epilog=f"Example: git pull && tenfold data pull\n\n{EXIT_CODES}")
@_what
@remote_option
@_branch
@_history
@_only
@click.option("--force", is_flag=True, help="Overwrite changed files, which are in no version")
@_dry
@json_option
def pull(
    what: tuple[str, ...],
    remote: str | None,
    refs: tuple[str, ...],
    history: bool,
    only: tuple[str, ...],
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fetch, move the branches here forward, and make tracked paths what their pointers name.

    A branch that went on at both ends stays as it is, and how to merge it is said. With --only no tracked path is written:
    ls, cat and get read the part that came.
    """
    from tenfold.data.remotes import apart_error
    from tenfold.workspace import sharing

    workspace(create=True)
    chosen = sharing.choose(what)
    with progress("fetching", rate=True) as report:
        found = sharing.pull(
            chosen, remote=remote, refs=refs or None, history=history, only=only, dry_run=dry_run, progress=report
        )
    restored = []
    if not dry_run and chosen.paths and not only:
        with progress("writing") as report:
            restored = sharing.check_out(chosen, force=force, progress=report)
    if as_json:
        emit_json({"fetched": found, "written": restored})
    else:
        for one in found:
            _echo(one, dry_run=dry_run)
        for path in restored:
            click.echo(f"{path.path}: v{path.number}, {path.files:,} files written, {path.removed:,} removed")
        if dry_run:
            click.echo(f"Do it with: tenfold data pull {' '.join(what)}".rstrip(), err=True)
        elif only or not chosen.paths:
            click.echo(f"Next: tenfold data get {chosen.datasets[0]}", err=True)
    if apart := [one for one in found if one.apart]:
        raise apart_error(apart[0])


@click.command("fetch", epilog=f"Example: tenfold data fetch flights --history\n\n{EXIT_CODES}")
@_what
@remote_option
@_branch
@_history
@_only
@_dry
@json_option
def fetch(
    what: tuple[str, ...],
    remote: str | None,
    refs: tuple[str, ...],
    history: bool,
    only: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring versions and their files into the store; no branch here moves and no working copy is touched.

    Where the remote's branches are is said by refs like origin.main, which diff, log and merge take.
    """
    from tenfold.workspace import sharing

    workspace(create=True)
    chosen = sharing.choose(what)
    with progress("fetching", rate=True) as report:
        found = sharing.pull(
            chosen,
            remote=remote,
            refs=refs or None,
            history=history,
            only=only,
            fetch_only=True,
            dry_run=dry_run,
            progress=report,
        )
    if as_json:
        emit_json(found)
        return
    for one in found:
        _echo(one, dry_run=dry_run)
    if not dry_run:
        one = found[0]
        branch = next((ref for ref in one.refs), "main")
        click.echo(f"Next: tenfold data diff {one.dataset} {branch} {one.remote}.{branch}", err=True)


def _echo(one: Any, *, dry_run: bool) -> None:
    verb = "would come" if dry_run else "came"
    about = f", about {one.seconds:.0f} s" if dry_run and one.seconds is not None else ""
    if one.versions or one.files:
        said = f"{one.versions:,} versions, {one.files:,} files, {size(one.size_bytes)}{about} {verb} from {one.remote}"
    else:
        said = f"nothing new at {one.remote}"
    moved = f"; {', '.join(one.moved)} moved forward" if one.moved else ""
    click.echo(f"{one.dataset}: {said}{moved}")
