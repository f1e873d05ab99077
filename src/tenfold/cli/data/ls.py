"""`tenfold data ls`: the files of a version."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import open_address, part_note, remote_source, version_in
from tenfold.cli.output import emit_json, json_option, size, table


@click.command("ls", epilog=f"Example: tenfold data ls 'flights@v3/2013/*.csv'\n\n{EXIT_CODES}")
@click.argument("dataset", metavar="DATASET[@VERSION[/GLOB]]|PATH")
@remote_source
@json_option
def ls(dataset: str, remote: str | None, as_json: bool) -> None:
    """List the files of a version, or those of a folder or glob in it."""
    data, address = open_address(dataset, remote=remote)
    entries = data.glob(address.path, version_in(address)) if address.path else data.files(version_in(address))
    if as_json:
        emit_json(entries)
        return
    if (note := part_note(data, version_in(address))) is not None:
        click.secho(note, fg="yellow", err=True)
    table([(e.path, size(e.size_bytes), e.digest[:12]) for e in entries], ("path", "size", "content"), empty="No files")
