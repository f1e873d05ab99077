"""`tenfold data import`: data of another place, as a version that knows where it came from."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, progress, size


@click.command(
    "import", epilog=f"Example: tenfold data import https://example.com/iris.csv --name iris\n\n{EXIT_CODES}"
)
@click.argument("url", metavar="PATH|URL")
@click.option("--name", help="The dataset's name (default: the last part of the URL)")
@click.option("--as", "as_path", default="", metavar="PATH", help="What a single file is called in the dataset")
@click.option("--branch", default="main", show_default=True)
@click.option("-m", "--message", default="", help="What it is, for the history")
@json_option
def import_(url: str, name: str | None, as_path: str, branch: str, message: str, as_json: bool) -> None:
    """Bring in a folder or file, http(s)://, all below a bucket's prefix (s3://, gs://, az://, webdav+https:// …), or a dataset
    of another Tenfold (tenfold://server:8000/NAME@main, tenfold://REMOTE/NAME, tenfold:///folder/NAME).

    Where it came from is kept: tenfold data update brings what is there later. A DVC repository: tenfold import dvc.
    """
    from tenfold.workspace import sources

    workspace(create=True)
    with progress("importing", rate=True) as report:
        made = sources.import_data(url, name, branch=branch, message=message, as_path=as_path, progress=report)
    if as_json:
        emit_json(made)
        return
    click.echo(f"{made.address}: {made.files:,} files, {size(made.size_bytes)}, from {made.metadata['uri']}")
    click.echo(f"Next: tenfold data get {made.name}; later: tenfold data update {made.name}", err=True)
