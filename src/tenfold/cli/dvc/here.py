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


def repo_here(folder: Path | None) -> Any:
    """The DVC repository around a folder, or around the current one."""
    from tenfold.doors.dvc import open_repo

    return open_repo(folder)
