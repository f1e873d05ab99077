"""`tenfold data branch` and `tenfold data tag`: names for versions."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.cli.app import EXIT_CODES
from tenfold.cli.data.naming import bare_name, dataset_of, version_in
from tenfold.cli.output import emit_json, json_option


@click.command("branch", epilog=f"Example: tenfold data branch flights cleaning --at v3\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("branch")
@click.option("--at", default="main", show_default=True, help="Where it begins")
@json_option
def branch(dataset: str, branch: str, at: str, as_json: bool) -> None:
    """Make a branch, a name that commits move."""
    name = bare_name(dataset, "tenfold data branch flights cleaning --at v3")
    made = dataset_of(name).branch(branch, version_in(parse(f"data:{name}@{at}")))
    if as_json:
        emit_json(made)
        return
    click.echo(f"data:{name}@{branch} begins at {at}")


@click.command("tag", epilog=f"Example: tenfold data tag flights paper --at v3\n\n{EXIT_CODES}")
@click.argument("dataset")
@click.argument("tag")
@click.option("--at", default="main", show_default=True, help="The version it names")
@json_option
def tag(dataset: str, tag: str, at: str, as_json: bool) -> None:
    """Give a version a name that stays."""
    name = bare_name(dataset, "tenfold data tag flights paper --at v3")
    made = dataset_of(name).tag(tag, version_in(parse(f"data:{name}@{at}")))
    if as_json:
        emit_json(made)
        return
    click.echo(f"data:{name}@{tag} names {at}")
