"""`tenfold data export`: files of a version, as plain files in a folder or a bucket."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command("export", epilog=f"Example: tenfold data export 'flights@v3/2013/*.csv' s3://bucket/out\n\n{EXIT_CODES}")
@click.argument("address", metavar="DATASET[@VERSION[/GLOB]]")
@click.argument("dest", metavar="FOLDER|URL")
@json_option
def export(address: str, dest: str, as_json: bool) -> None:
    """Write files of a version to a folder or a bucket, for programs that know nothing of Tenfold.

    What is there already, the same, is not sent again; what is there under other names stays.
    """
    from tenfold.workspace import sources

    workspace()
    with progress("exporting", rate=True) as report:
        done = sources.export(address, dest, progress=report)
    if as_json:
        emit_json(done)
        return
    same = f"; {done.same:,} were there already" if done.same else ""
    click.echo(f"{done.address}: {done.files:,} files written to {done.uri}{same}; {size(done.size_bytes)} in all")
    if done.left_out:
        some = ", ".join(done.left_out[:5])
        click.secho(f"  note: a bucket holds no symlinks and empty folders: {some}", fg="yellow", err=True)
    if "://" in done.uri:
        click.echo(f"Others track it there with: tenfold data reference {done.uri}", err=True)
