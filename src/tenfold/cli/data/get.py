"""`tenfold data get`: a version, a folder of it, a file, or a glob, written somewhere."""

from __future__ import annotations

from pathlib import Path

import click

from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import link_option, link_types, open_address, part_note, remote_source, version_in
from tenfold.cli.output import emit_json, json_option, progress


@click.command("get", epilog=f"Example: tenfold data get 'flights@v3/2013/*.csv' -o part/\n\n{EXIT_CODES}")
@click.argument("address", metavar="DATASET[@VERSION[/GLOB]]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder to write into (default: the dataset's name)"
)
@remote_source
@link_option
@json_option
def get(address: str, output: Path | None, remote: str | None, link: str | None, as_json: bool) -> None:
    """Write the files of a version into a folder, by their paths in the dataset, without tracking it.

    Files that are right already are left alone, and so are files that the version does not have.
    """
    data, wanted = open_address(address, remote=remote)
    folder = output or Path(wanted.name)
    paths = [wanted.path] if wanted.path else None
    with progress("writing") as report:
        written = data.checkout(folder, version_in(wanted), paths=paths, link=link_types(link), progress=report)
    if as_json:
        emit_json({"files": written, "folder": str(folder)})
        return
    if (note := part_note(data, version_in(wanted))) is not None:
        click.secho(note, fg="yellow", err=True)
    click.echo(f"{written:,} files written to {folder}")
