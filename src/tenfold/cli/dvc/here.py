"""The options that every verb of `tenfold dvc` has, and the repository they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

cd_option = click.option(
    "--cd", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Work in this folder"
)
targets_argument = click.argument("targets", nargs=-1, metavar="[TARGET...]")
remote_option = click.option("-r", "--remote", default="", help="Name of the remote; else the default one")


def revision_options(command: Any) -> Any:
    """-a, -T and -A: which revisions of git beside the working copy; given on as branches, tags and commits."""
    for short, name, target, what in (
        ("-A", "--all-commits", "commits", "commits"),
        ("-T", "--all-tags", "tags", "tags"),
        ("-a", "--all-branches", "branches", "branches"),
    ):
        command = click.option(short, name, target, is_flag=True, help=f"Also what git's {what} refer to")(command)
    return command


def repo_here(folder: Path | None) -> Any:
    """The DVC repository around a folder, or around the current one."""
    from tenfold.doors.dvc import open_repo

    repo = open_repo(folder)
    repo.tell = lambda text: click.echo(text, err=True)
    return repo
