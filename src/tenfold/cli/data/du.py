"""`tenfold data du`: how much room datasets take."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option, size, table


@click.command("du", epilog=f"Example: tenfold data du\n\n{EXIT_CODES}")
@json_option
def du(as_json: bool) -> None:
    """Show what each dataset takes in the store: all versions, stored once, and what no other dataset shares."""
    from tenfold.data import usage

    found = usage(workspace().stores)
    if as_json:
        emit_json(found)
        return
    rows = [(u.name, u.versions, size(u.size_bytes), size(u.stored_bytes), size(u.only_bytes)) for u in found]
    table(
        rows,
        ("name", "versions", "all versions", "stored", "its alone"),
        empty="No datasets yet. Track a path with: tenfold data add PATH",
    )
