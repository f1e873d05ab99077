"""`tenfold data reference`: what lies in a bucket, tracked where it is."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, size


@click.command("reference", epilog=f"Example: tenfold data reference s3://bucket/raw --name raw\n\n{EXIT_CODES}")
@click.argument("url", metavar="URL")
@click.option("--name", help="The dataset's name (default: the last part of the URL)")
@click.option("--branch", default="main", show_default=True)
@click.option("-m", "--message", default="", help="What it is, for the history")
@json_option
def reference(url: str, name: str | None, branch: str, message: str, as_json: bool) -> None:
    """Track a prefix of a bucket in place: nothing is copied; a version knows each object by path, size, etag and version.

    Reading such a version reads the bucket, and refuses an object that changed since. Again: what is there now.
    """
    from tenfold.workspace import sources

    workspace(create=True)
    made = sources.reference(url, name, branch=branch, message=message)
    if as_json:
        emit_json(made)
        return
    click.echo(f"{made.address}: {made.files:,} files, {size(made.size_bytes)}, referenced at {made.metadata['uri']}")
    click.echo(f"Next: tenfold data ls {made.name}; see whether it changed: tenfold data update --dry-run", err=True)
