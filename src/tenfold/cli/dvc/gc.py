"""`tenfold dvc gc`: remove from the cache, and from a remote, what nothing refers to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, remote_option, repo_here, revision_options
from tenfold.cli.output import emit_json, json_option, size

DAY_S = 86_400.0


@click.command("gc", epilog=f"Example: tenfold dvc gc --all-branches --all-tags\n\n{EXIT_CODES}")
@click.option("-w", "--workspace", is_flag=True, help="Keep what the working copy refers to, nothing else")
@revision_options
@click.option("--rev", "revisions", multiple=True, help="Keep what this git revision refers to, too; may be repeated")
@click.option(
    "-p", "--projects", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another repository that shares the cache; may be repeated",
)  # fmt: skip
@click.option("-c", "--cloud", is_flag=True, help="Collect in the remote, too")
@remote_option
@click.option("-f", "--force", is_flag=True, help="Remove without asking")
@click.option("--dry", "preview", is_flag=True, help="Only say what would be removed")
@click.option("--grace-days", default=0.0, type=click.FloatRange(min=0), help="Leave what is younger than this")
@click.option("--skip-failed", is_flag=True, help="Pass over revisions of which nobody can say what they refer to")
@cd_option
@json_option
def gc(
    workspace: bool,
    branches: bool,
    tags: bool,
    commits: bool,
    revisions: tuple[str, ...],
    projects: tuple[Path, ...],
    cloud: bool,
    remote: str,
    force: bool,
    preview: bool,
    grace_days: float,
    skip_failed: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Remove objects that nothing you choose to keep refers to. What the working copy refers to is always kept.

    Says first what would go; at a terminal it then asks, without one it removes only with --force.
    """
    from tenfold.doors.dvc.garbage import collect

    if not (workspace or branches or tags or commits or revisions):
        raise click.UsageError("Say what to keep: -w, -a, -T, -A or --rev. See first with: tenfold dvc gc -w --dry")

    def run(*, only_look: bool) -> list[Any]:
        return collect(
            repo_here(folder), branches=branches, tags=tags, commits=commits, revisions=revisions, projects=projects,
            cloud=cloud, remote=remote, preview=only_look, grace_s=grace_days * DAY_S, skip_failed=skip_failed,
        )  # fmt: skip

    found = run(only_look=not force or preview)
    is_asked = not (force or preview or as_json) and sys.stdin.isatty() and any(one.objects for one in found)
    if is_asked:
        _print(found, "would be removed")
    is_done = (force and not preview) or (is_asked and click.confirm("Remove them?", err=True))
    if is_asked and is_done:
        found = run(only_look=False)
    if as_json:
        emit_json({"removed": is_done, "places": found})
        return
    if not is_asked or is_done:
        _print(found, "removed" if is_done else "would be removed")
    said = "Done. Check with: tenfold dvc status" if is_done else "Nothing was removed. Remove it with --force"
    click.echo(said, err=True)


def _print(found: list[Any], what: str) -> None:
    for one in found:
        young = f", {one.young:,} for their age" if one.young else ""
        click.echo(
            f"{one.place}: {one.objects:,} objects, {size(one.size_bytes)} {what}; {one.kept:,} are in use{young}"
        )
