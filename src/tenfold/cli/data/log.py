"""`tenfold data log`: the history of a dataset."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.data.naming import open_address, version_in
from tenfold.cli.output import ago, emit_json, json_option, size, table


@click.command("log", epilog=f"Example: tenfold data log flights\n\n{EXIT_CODES}")
@click.argument("dataset", metavar="DATASET|PATH")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
def log(dataset: str, limit: int, as_json: bool) -> None:
    """Show the history of a dataset, one of its branches, or a tracked path, the newest first."""
    data, address = open_address(dataset)
    versions = data.log(version_in(address))[:limit]
    if as_json:
        emit_json(versions)
        return
    refs: dict[str, list[str]] = {}
    for ref in workspace().stores.refs.all("data", address.name):
        refs.setdefault(ref.version_id, []).append(ref.ref)
    rows = [
        (
            f"v{v.number}",
            ", ".join(refs.get(v.id, [])),
            v.files,
            size(v.size_bytes),
            v.author,
            ago(v.created_at_ms),
            v.message,
        )
        for v in versions
    ]
    table(rows, ("version", "refs", "files", "size", "by", "when", "message"), empty=f"{address.name} has no versions")
