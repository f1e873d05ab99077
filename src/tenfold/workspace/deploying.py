"""Serving models from a workspace: `tenfold serve` and `tenfold.serve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.base import settings
from tenfold.base.errors import Invalid
from tenfold.workspace.workspace import Workspace


def serve(
    workspace: Workspace,
    model: str,
    *,
    name: str,
    host: str = "127.0.0.1",
    port: int = 8080,
    canary: str | None = None,
    shadow: str | None = None,
    sample: float = 1.0,
    project: str | None = None,
    allow_pickle: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a model in the foreground until SIGINT or SIGTERM; see `server_of` for the arguments."""
    made = server_of(
        workspace, model, name=name, host=host, canary=canary, shadow=shadow, sample=sample, project=project,
        allow_pickle=allow_pickle,
    )  # fmt: skip
    made.run(port, on_start=on_ready)


def server_of(
    workspace: Workspace,
    model: str,
    *,
    name: str,
    host: str = "127.0.0.1",
    canary: str | None = None,
    shadow: str | None = None,
    sample: float = 1.0,
    project: str | None = None,
    allow_pickle: bool = False,
) -> Any:
    """A `serving.Server` for a model under the name of a deployment.

    Args:
        canary: `model:delay@4=0.1`: another version and its share of the requests.
        shadow: A version that is asked and logged too, but never answers.
        allow_pickle: Load a model that is kept as a pickle.
    """
    from tenfold.models import load
    from tenfold.serving import Server, Target

    share = 0.0
    targets = []
    if canary is not None:
        address, _, text = canary.partition("=")
        share = _share(text, canary)
        targets.append(Target(name, address, weight=share))
    targets.insert(0, Target(name, model, weight=1.0 - share))
    if shadow is not None:
        targets.append(Target(name, shadow, weight=0.0, shadow=True))
    stores = workspace.stores
    return Server(
        stores,
        targets,
        load=lambda version: load(stores, version, allow_pickle=allow_pickle),
        log_folder=workspace.predictions,
        host=host,
        token=settings.get("token"),
        project=project or workspace.project,
        sample=sample,
    )


def _share(text: str, canary: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise Invalid(
            f"--canary {canary!r} names no share of the requests. Write it like model:delay@4=0.1", field="canary"
        )
    return share
