"""`tenfold run --dry-run`: what a run would create in a Kubernetes cluster."""

from __future__ import annotations

from typing import Any

import click

from tenfold.base.extras import require
from tenfold.cli.output import emit_json


def show_manifests(place: Any, pipeline: Any, given: dict[str, Any], project: str | None, *, as_json: bool) -> None:
    """Print the objects as YAML documents, or as one List in JSON. Both are what `kubectl apply -f -` takes."""
    from tenfold.pipelines.executors.kubernetes.preview import manifests_of
    from tenfold.workspace import pipeline_host

    params = pipeline.bind((), given)
    found = manifests_of(pipeline, params, pipeline_host(place, project=project))
    if as_json:
        emit_json({"apiVersion": "v1", "kind": "List", "items": found})
    else:
        yaml = require("yaml", extra="kubernetes", why="print manifests")
        click.echo(yaml.safe_dump_all(found, sort_keys=False, allow_unicode=True), nl=False)
        said = "Nothing was created. See whether a cluster takes them: … | kubectl apply --dry-run=server -f -"
        click.echo(said, err=True)
