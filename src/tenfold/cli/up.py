"""`tenfold up`: the server."""

from __future__ import annotations

import click

from tenfold.base import settings
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace


@click.command(epilog=f"Example: tenfold up --port 7410\n\n{EXIT_CODES}")
@click.option("--host", help="Address to listen on [TENFOLD_HOST, default 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one [TENFOLD_PORT, default 7410]")
@click.option("--store", help="A folder or postgresql://… [TENFOLD_STORE]")
@click.option("--blobs", help="Where bytes live beside PostgreSQL: a folder or s3://… [TENFOLD_BLOBS]")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, store: str | None, blobs: str | None) -> None:
    """Start the server: API, pages, live events and the pipelines' scheduler on one port.

    It listens on this machine only. To listen on another address set a token first: TENFOLD_TOKEN.
    """
    from tenfold.server import run_server
    from tenfold.workspace import Keeper, ensure_folder
    from tenfold.workspace.messenger import Messenger
    from tenfold.workspace.timekeeper import Timekeeper

    given = ctx.find_root().obj
    given["store"], given["blobs"] = store or given["store"], blobs or given["blobs"]
    place = workspace(ctx, create=True)
    if place.location.kind == "server":
        raise Invalid(
            "tenfold up serves a folder or PostgreSQL, not another server. Name one with --store", field="store"
        )
    ensure_folder(place.location)
    text = settings.get("port", None if port is None else str(port)) or "7410"
    if not text.isdigit() or int(text) > 65535:
        raise Invalid(f"The port {text!r} is not a number from 0 to 65535. Name another with --port", field="port")
    if place.location.kind == "postgresql":
        _ = place.stores  # a database that cannot be reached is said now, not after the address was announced
    keeper, timekeeper, messenger = Keeper(place), Timekeeper(place), Messenger(place)

    def ready(url: str) -> None:
        click.echo(f"Tenfold is at {url} (store: {place.location}). Stop it with Ctrl-C")
        keeper.start()
        timekeeper.start()
        messenger.start()

    try:
        run_server(
            place,
            host=settings.get("host", host) or "127.0.0.1",
            port=int(text),
            token=settings.get("token"),
            on_ready=ready,
        )
    finally:
        messenger.stop()
        timekeeper.stop()
        keeper.stop()
