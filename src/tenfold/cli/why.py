"""`tenfold why`: trace a thing back."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import emit_json, json_option


@click.command(epilog=f"Example: tenfold why model:delay@champion\n\n{EXIT_CODES}")
@click.argument("address")
@json_option
def command(address: str, as_json: bool) -> None:
    """Trace ADDRESS back to the data, code, parameters and files it came from."""
    from tenfold.workspace import prediction_finder, why

    place = workspace()
    answer = why(place.stores, address, find_prediction=prediction_finder(place))
    if as_json:
        emit_json(answer)
        return
    for reason in answer.reasons:
        click.secho(f"{reason.what:<16}", bold=True, nl=False)
        click.echo(reason.says)
        for detail in reason.details:
            click.echo(f"{'':<16}{detail}")
        if reason.address:
            click.secho(f"{'':<16}{reason.address}" + (f"  → {reason.page}" if reason.page else ""), dim=True)
    click.echo(f"Open the pages with: tenfold up, then /lineage?address={address}", err=True)
