"""`tenfold impact`: what was built on a thing."""

from __future__ import annotations

import click

from tenfold.cli.app import EXIT_CODES, workspace
from tenfold.cli.output import ago, emit_json, json_option, table


@click.command(epilog=f"Example: tenfold impact data:flights@v3\n\n{EXIT_CODES}")
@click.argument("address")
@click.option("--depth", default=50, show_default=True, type=click.IntRange(min=1), help="Edges to follow at most")
@json_option
def command(address: str, depth: int, as_json: bool) -> None:
    """List the runs, models and deployments that were built on ADDRESS."""
    from tenfold.workspace import prediction_finder, walk

    place = workspace()
    graph = walk(place.stores, address, direction="down", depth=depth, find_prediction=prediction_finder(place))
    if as_json:
        emit_json(graph)
        return
    nodes = sorted((node for node in graph.nodes if node.id != graph.start), key=lambda node: (node.depth, node.at_ms))
    rows = [(node.depth, node.kind, node.label, node.state, ago(node.at_ms), node.address) for node in nodes]
    table(rows, ("steps", "kind", "name", "state", "when", "address"), empty=f"Nothing was built on {address} yet")
    if not graph.complete:
        click.echo(f"Stopped at {len(graph.nodes)} nodes; see the rest by asking for one of them", err=True)
