"""`tenfold data list`: the datasets of a store."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.command("list", epilog=f"Example: tenfold data list\n\n{EXIT_CODES}")
@json_option
def list_(as_json: bool) -> None:
    """List the datasets of this store."""
    stores = workspace().stores
    names = stores.versions.names("data")
    if as_json:
        emit_json([{"name": n, "versions": count, "newest_at_ms": at} for _, n, count, at in names])
        return
    rows = [(n, count, ago(at), ", ".join(ref.ref for ref in stores.refs.all("data", n))) for _, n, count, at in names]
    table(
        rows,
        ("name", "versions", "newest", "refs"),
        empty="No datasets yet. Track a path with: tenfold data add PATH; or record one by name: tenfold data commit NAME PATH",
    )
