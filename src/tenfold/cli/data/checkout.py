"""`tenfold data checkout`: make tracked paths what their pointers name."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import link_option, link_types, worktree_here
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("checkout", epilog=f"Example: tenfold data checkout raw/ --rev HEAD~1\n\n{EXIT_CODES}")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("--rev", metavar="GITREV", help="First take the pointers of this git revision")
@click.option("--at", metavar="VERSION", help="First make the pointers name this version, branch or tag")
@click.option("--force", is_flag=True, help="Overwrite changed files, which are in no version")
@link_option
@click.option("--relink", is_flag=True, help="Also place files anew that are right but placed in another way")
@click.option("--dry-run", is_flag=True, help="Say what would be written: files, bytes, seconds")
@click.option("--hook", is_flag=True, hidden=True, help="Called by git: say nothing when there is nothing to do")
@json_option
def checkout(
    paths: tuple[str, ...],
    rev: str | None,
    at: str | None,
    force: bool,
    link: str | None,
    relink: bool,
    dry_run: bool,
    hook: bool,
    as_json: bool,
) -> None:
    """Restore working copies. Files that are in no version are never overwritten without --force.

    To write a version somewhere else: tenfold data get.
    """
    work = worktree_here()
    options: dict[str, Any] = {"rev": rev, "at": at, "force": force, "link": link_types(link), "relink": relink}
    if not dry_run and not as_json:
        planned = work.checkout(paths, **options, dry_run=True)
        if sum(one.seconds for one in planned) > 1:
            click.echo(f"Writing {_amount(planned)}", err=True)
    with progress("writing") as report:
        done = work.checkout(paths, **options, dry_run=dry_run, progress=report)
    if as_json:
        emit_json(done)
        return
    for one in done:
        if hook and not (one.files or one.removed):
            continue
        verb = "would be written" if dry_run else "written"
        click.echo(f"{one.path}: v{one.number}, {one.files:,} files {verb}, {one.removed:,} removed")
        if one.kept:
            click.echo(
                f"  {len(one.kept):,} files changed here were kept. Give them up with: tenfold data checkout {one.path} --force",
                err=True,
            )
    if dry_run:
        click.echo(f"In all {_amount(done)}. Do it with: tenfold data checkout {' '.join(paths)}".rstrip(), err=True)
    elif not done and not hook:
        click.echo("Nothing is tracked here. Track a path with: tenfold data add PATH", err=True)


def _amount(planned: list[Any]) -> str:
    seconds = sum(one.seconds for one in planned)
    files, removed = sum(one.files for one in planned), sum(one.removed for one in planned)
    return (
        f"{files:,} files, {size(sum(one.size_bytes for one in planned))}, {removed:,} removed, about {seconds:.0f} s"
    )
