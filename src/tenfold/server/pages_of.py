"""The path of the page that shows a thing."""

from __future__ import annotations

from urllib.parse import quote

from tenfold.records import Run


def page_of_run(run: Run) -> str:
    """/runs/…, or the page of what the run is: a pipeline's graph, a deployment, a monitor."""
    if run.kind == "pipeline":
        return f"/pipelines/runs/{run.id}"
    if run.kind == "deployment":
        return f"/deployments/{run.id}"
    return f"/runs/{run.id}"


def page_of_version(kind: str, name: str, number: int | None, version_id: str) -> str:
    """/data/…, /models/…, or the page of any other version; without a number, the artifact's."""
    if kind in ("data", "model"):
        folder = "data" if kind == "data" else "models"
        return f"/{folder}/{quote(name, safe='')}" + (f"?version={number}" if number is not None else "")
    if kind == "schema":
        return f"/schemas/{quote(name, safe='')}" + (f"?version={number}" if number is not None else "")
    if kind == "writeup":
        return f"/reports/{quote(name, safe='')}" + (f"?version={number}" if number is not None else "")
    if kind == "evaluation" and version_id:
        return f"/evaluations/{version_id}"
    return f"/versions/{version_id}" if version_id else f"/lineage?address={quote(f'{kind}:{name}', safe=':')}"


def page_of_monitor(name: str) -> str:
    """/monitors/…"""
    return f"/monitors/{quote(name, safe='')}"
