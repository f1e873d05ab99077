"""`tenfold dvc list` and `get`: what another repository holds, and one path of it downloaded."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.dvc.here import remote_option
from tenfold.cli.output import emit_json, json_option, progress, size

_rev = click.option("--rev", "revision", default="", help="Commit, branch or tag; else the folder as it is, or HEAD")


@click.command("list", epilog=f"Example: tenfold dvc list https://example.org/shop.git data -R\n\n{EXIT_CODES}")
@click.argument("url")
@click.argument("path", default="")
@click.option("-R", "--recursive", is_flag=True, help="Also what is inside folders")
@click.option("--dvc-only", is_flag=True, help="Only what DVC tracks")
@click.option("--size", "show_size", is_flag=True, help="Show sizes")
@_rev
@remote_option
@json_option
def list_(
    url: str,
    path: str,
    recursive: bool,
    dvc_only: bool,
    show_size: bool,
    revision: str,
    remote: str,
    as_json: bool,
) -> None:
    """List a repository, given by folder or git URL: files of git and what DVC tracks."""
    from tenfold.doors.dvc.elsewhere import elsewhere

    with elsewhere(url, revision, remote=remote) as other:
        found = other.listing(path.strip("/"), recursive=recursive, dvc_only=dvc_only)
    if as_json:
        emit_json(found)
        return
    for item in found:
        length = f"{size(item.size) if item.size is not None else '-':>10}  " if show_size else ""
        click.secho(f"{length}{item.path}{'/' if item.isdir else ''}", fg="cyan" if item.isout else None)
    click.echo(f"Next: tenfold dvc get {url} PATH", err=True)


@click.command(
    "get", epilog=f"Example: tenfold dvc get https://example.org/shop.git data/train --rev v2\n\n{EXIT_CODES}"
)
@click.argument("url")
@click.argument("path")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where to put it; else under its own name here")
@click.option("-f", "--force", is_flag=True, help="Replace what is there")
@_rev
@remote_option
@json_option
def get(url: str, path: str, out: Path | None, force: bool, revision: str, remote: str, as_json: bool) -> None:
    """Download a file or folder of a repository, given by folder or git URL. Nothing here tracks it."""
    from tenfold.doors.dvc.getting import get as get_path

    name = Path(path.rstrip("/")).name
    target = (out / name if out.is_dir() else out) if out is not None else Path(name)
    with progress("Getting") as bar:
        done = get_path(url, path, target, revision=revision, remote=remote, force=force, progress=bar)
    if as_json:
        emit_json(done)
        return
    click.echo(f"{done.path}: {done.files:,} files, {size(done.size_bytes)}")
    click.echo(f"Next: track it here with: tenfold dvc add {done.path}", err=True)
