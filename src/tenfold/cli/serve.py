"""`tenfold serve`: a model over HTTP."""

from __future__ import annotations

import click

from tenfold.base.addresses import parse
from tenfold.base.errors import Invalid
from tenfold.cli.app import EXIT_CODES, workspace


@click.command(epilog=f"Example: tenfold serve model:delay@champion --port 8080\n\n{EXIT_CODES}")
@click.argument("model")
@click.option("--name", help="Name of the deployment (default: the model's)")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one",
)
@click.option("--canary", metavar="MODEL=SHARE", help="Send a share of requests to another version: model:delay@4=0.1")
@click.option("--shadow", metavar="MODEL", help="Also ask this version, without using its answer")
@click.option("--sample", default=1.0, show_default=True, help="Share of predictions kept in the prediction log")
@click.option("--project", help="Project of the deployment [TENFOLD_PROJECT]")
@click.option("--allow-pickle", is_flag=True, help="Load a model that is kept as a pickle: it runs its author's code")
def command(
    model: str, name: str | None, host: str, port: int, canary: str | None, shadow: str | None, sample: float,
    project: str | None, allow_pickle: bool,
) -> None:  # fmt: skip
    """Serve MODEL: MLflow's scoring protocol, Open Inference (V2) and KServe V1 on one port.

    When MODEL names an alias, the endpoint follows it: the new version is loaded and warmed before it takes requests.
    """
    from tenfold.workspace import serve

    if not 0 < sample <= 1:
        raise Invalid(f"--sample {sample} is not a share. Take a number above 0, at most 1", field="sample")
    address = parse(model, default_kind="model")
    serve(
        workspace(create=True), str(address), name=name or address.name, host=host, port=port, canary=canary, shadow=shadow,
        sample=sample, project=project, allow_pickle=allow_pickle,
        on_ready=lambda url: click.echo(f"{model} is served at {url}/invocations. Stop it with Ctrl-C"),
    )  # fmt: skip
