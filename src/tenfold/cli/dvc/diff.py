"""`tenfold dvc diff` and `tenfold dvc data status`: what changed in tracked data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import cd_option, remote_option, repo_here, targets_argument
from tenfold.cli.output import emit_json, json_option

_COLOURS = {"added": "green", "renamed": "green", "deleted": "red", "modified": "yellow", "not in cache": "yellow"}


@click.command("diff", epilog=f"Example: tenfold dvc diff v1 v2\n\n{EXIT_CODES}")
@click.argument("before", default="HEAD", metavar="[REV]")
@click.argument("after", default="", metavar="[REV]")
@click.option("--target", "targets", multiple=True, metavar="PATH", help="Only this tracked path; may be repeated")
@click.option("--show-hash", is_flag=True, help="Show the md5s, too")
@click.option("--hide-missing", is_flag=True, help="Leave out what the cache lacks")
@cd_option
@json_option
def diff(
    before: str,
    after: str,
    targets: tuple[str, ...],
    show_hash: bool,
    hide_missing: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Show files that were added, removed, changed or renamed between two git revisions, or one and the working copy."""
    from tenfold.doors.dvc.looking.comparing import diff as compare

    found = compare(repo_here(folder), before, after, targets)
    if hide_missing:
        found.pop("not in cache", None)
    for entry in (entry for entries in found.values() for entry in entries if not show_hash):
        del entry["hash"]
    if as_json:
        emit_json(found)
        return
    for state, entries in found.items():
        for entry in entries:
            digest = f"{_short(entry['hash'])}  " if show_hash else ""
            click.secho(f"{state:<14}", fg=_COLOURS[state], nl=False)
            click.echo(f"{digest}{_path(entry['path'])}")
    counted = [f"{len(entries):,} {state}" for state, entries in found.items() if entries]
    click.echo(
        f"{', '.join(counted)}. Next: git commit, or tenfold dvc push" if counted else "Nothing changed.", err=True
    )


def _short(digest: Any) -> str:
    return f"{digest['old'][:8]}..{digest['new'][:8]}" if isinstance(digest, dict) else str(digest)[:8]


def _path(path: Any) -> str:
    return f"{path['old']} -> {path['new']}" if isinstance(path, dict) else str(path)


@click.group(epilog=f"Example: tenfold dvc data status --granular\n\n{EXIT_CODES}")
def data() -> None:
    """What is known of tracked data."""


@data.command("status", epilog=f"Example: tenfold dvc data status --granular\n\n{EXIT_CODES}")
@targets_argument
@click.option("--granular", is_flag=True, help="Also the files inside tracked folders")
@click.option("--unchanged", is_flag=True, help="Also what did not change")
@click.option("--untracked-files", "untracked", is_flag=True, help="Also files that neither git nor DVC knows")
@click.option("--not-in-remote", is_flag=True, help="Also what the remote lacks")
@remote_option
@cd_option
@json_option
def data_status(targets: tuple[str, ...], folder: Path | None, as_json: bool, **options: Any) -> None:
    """Show data changed since the last git commit, and what cache or remote lack. --json is the JSON of dvc data status."""
    from tenfold.doors.dvc.looking.comparing import data_status as status_of

    found = status_of(repo_here(folder), targets, **options)
    if as_json:
        emit_json(found)
        return
    for section, listed in found.items():
        click.secho(f"{section.replace('_', ' ')}:", fg="yellow")
        for state, entries in listed.items() if isinstance(listed, dict) else [("", listed)]:
            for entry in entries:
                click.echo(f"  {state:<10}{_path(entry)}" if state else f"  {_path(entry)}")
    said = "Next: tenfold dvc add PATH, git commit, or tenfold dvc push" if found else "No changes."
    click.echo(said, err=True)
