"""A report kept in the store: a version of kind 'report' that knows what it looked at."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tenfold.base.clock import Clock, now_ms
from tenfold.base.ids import new_id
from tenfold.contracts import Stores
from tenfold.records import Draft, Edge, Run, Version
from tenfold.records.run import RunChange
from tenfold.reports.page import report_page
from tenfold.reports.record import ReportResult
from tenfold.reports.report import Snapshot

PAGE, DATA = "report.html", "report.json"


def record_report(
    stores: Stores,
    snapshot: Snapshot,
    name: str,
    *,
    used: Mapping[str, Version] | None = None,
    project: str = "default",
    run_id: str | None = None,
    clock: Clock = now_ms,
) -> Version:
    """Keep a report as the next version of `report:<name>`: the page and the whole result as JSON.

    Args:
        used: What was looked at, by role: {"current": version, "reference": version}.
        run_id: The run that made it; without one a finished run of kind 'check' is made in `project`.
    """
    at_ms, result = clock(), snapshot.result
    run = run_id or new_id()
    if run_id is None:
        stores.runs.create([Run(id=run, project=project, kind="check", name=name, created_at_ms=at_ms)])
        stores.runs.transition(run, "running", expect=["created"], at_ms=at_ms)
    edges = [
        Edge(run_id=run, version_id=version.id, direction="used", role=role, at_ms=at_ms)
        for role, version in (used or {}).items()
    ]
    if edges:
        stores.lineage.add(edges)
    tree = stores.blobs.put_tree({PAGE: report_page(result).encode(), DATA: msgspec.json.encode(result)})
    told = {
        "title": result.title, "status": result.status or "", "tests": len(result.tests), "metrics": len(result.metrics),
        "failed": sum(test.status in ("fail", "error") for test in result.tests),
    }  # fmt: skip
    draft = Draft(
        id=new_id(), kind="report", name=name, digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files,
        type="report/data", metadata=told, run_id=run, role="report", created_at_ms=at_ms, message=f"{result.title}: {len(result.metrics)} metrics, {len(result.tests)} tests",
    )  # fmt: skip
    version = stores.versions.publish([draft])[0]
    if run_id is None:
        outcome = RunChange(result={**told, "report": version.address})
        stores.runs.transition(run, "finished", expect=["running"], at_ms=max(at_ms, clock()), change=outcome)
    return version


def load_report(stores: Stores, version: Version) -> Snapshot:
    """The report that a version holds."""
    entry = stores.blobs.find_entry(version.digest, DATA)
    content = stores.blobs.get_bytes(entry.digest if entry else version.digest)
    return Snapshot(msgspec.json.decode(content, type=ReportResult))
