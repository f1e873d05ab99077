"""`tenfold data cat`: one file to stdout."""

from __future__ import annotations

import sys

import click

from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import open_address, version_in


@click.command("cat", epilog=f"Example: tenfold data cat flights@main/airlines.csv\n\n{EXIT_CODES}")
@click.argument("address")
def cat(address: str) -> None:
    """Write one file of a version to stdout: NAME@VERSION/PATH."""
    data, wanted = open_address(address)
    if not wanted.path:
        raise Invalid(f"{address!r} names no file. Write it like flights@main/airlines.csv", field="address")
    with data.open(wanted.path, version_in(wanted)) as reader:
        while block := reader.read(1 << 20):
            sys.stdout.buffer.write(block)
