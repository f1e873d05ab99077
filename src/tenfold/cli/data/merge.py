"""`tenfold data merge`: bring another branch in."""

from __future__ import annotations

from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import address_of_path, bare_name, worktree_here
from tenfold.cli.output import emit_json, json_option


@click.command(
    "merge", epilog=f"Example: tenfold data merge raw cleaning\n\n{EXIT_CODES} 3: both sides changed a path."
)
@click.argument("what", metavar="PATH|DATASET")
@click.argument("theirs", metavar="BRANCH|VERSION")
@click.option("--into", default="main", show_default=True, help="With a dataset: the branch to merge into")
@click.option("--prefer", type=click.Choice(["ours", "theirs"]), help="Whose content a path gets that both changed")
@click.option("-m", "--message", default="", help="For the history")
@click.option("--dry-run", is_flag=True, help="Say what would be taken and what clashes, change nothing")
@json_option
@click.pass_context
def merge(
    ctx: click.Context,
    what: str,
    theirs: str,
    into: str,
    prefer: Any,
    message: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Merge another branch or version, file by file: into the branch of a tracked PATH, which is then checked out, or into
    a branch of a DATASET. All of it or, when both sides changed a file, nothing."""
    tracked = address_of_path(what) is not None
    work = worktree_here()
    if tracked:
        plan = work.plan_merge(what, theirs)
    else:
        data = work.local.dataset(bare_name(what, "tenfold data merge flights cleaning --into main"))
        plan = data.plan_merge(theirs, into=into)
    if dry_run or (plan.clashes and prefer is None):
        _show(plan, as_json=as_json)
        if plan.clashes and not dry_run:
            click.echo("Nothing was merged. Say whose to take: --prefer ours, or --prefer theirs", err=True)
        ctx.exit(3 if plan.clashes else 0)
    if tracked:
        version = work.merge(what, theirs, prefer=prefer, message=message).version
    else:
        version = data.merge(theirs, into=into, prefer=prefer, message=message)
    if as_json:
        emit_json(version)
        return
    click.echo(f"{version.address}: {len(plan.taken):,} paths taken from {theirs}")
    click.echo(f"Next: {f'git add {what}.tenfold' if tracked else f'tenfold data log {what}'}", err=True)


def _show(plan: Any, *, as_json: bool) -> None:
    if as_json:
        emit_json(plan)
        return
    for path in plan.taken:
        click.echo(f"take   {path}")
    for clash in plan.clashes:
        click.secho(f"clash  {clash.path}", fg="red")
    click.echo(f"{len(plan.taken):,} paths taken, {len(plan.clashes):,} that both sides changed")
