"""Reports that people write: list, read, save, look before saving, take away as one file."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from tenfold.base.clock import now_ms
from tenfold.contracts import Stores
from tenfold.server.place import Place
from tenfold.server.routes.params import Name, Number
from tenfold.server.routes.runs import columns_of
from tenfold.server.rows import run_row
from tenfold.server.table import Nothing, Route
from tenfold.server.wire import (
    Changed,
    PanelRuns,
    ReportBlock,
    ReportDetail,
    ReportDraft,
    ReportEdit,
    ReportList,
    ReportPreview,
    ReportRow,
    ReportVersion,
)
from tenfold.workspace import reports
from tenfold.workspace.reports.panels import Shown, resolved


class NameParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class ReportParams(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    version: Number | None = None


def listed(place: Place, params: Nothing) -> ReportList:
    return ReportList([_row(info) for info in reports.listed(place.stores)])


def get(place: Place, params: ReportParams) -> ReportDetail:
    return _detail(place.stores, reports.load(place.stores, params.name, params.version))


def save(place: Place, params: NameParams, body: ReportEdit) -> ReportDetail:
    kept = reports.save(place.stores, params.name, body.text, expect=body.expect, message=body.message)
    return _detail(place.stores, kept)


def preview(place: Place, params: Nothing, body: ReportDraft) -> ReportPreview:
    return ReportPreview(_blocks(place.stores, body.text))


def remove(place: Place, params: NameParams) -> Changed:
    return Changed(reports.bin_report(place.stores, params.name))


def restore(place: Place, params: NameParams) -> Changed:
    return Changed(reports.restore_report(place.stores, params.name))


def export(place: Place, params: ReportParams) -> Response:
    report = reports.load(place.stores, params.name, params.version)
    file = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in report.name).encode(
        "ascii", "replace"
    )
    headers = {"content-disposition": f'attachment; filename="{file.decode()}.html"', "cache-control": "no-store"}
    return Response(reports.to_html(place.stores, report), headers=headers, media_type="text/html; charset=utf-8")


def _detail(stores: Stores, report: reports.Report) -> ReportDetail:
    return ReportDetail(
        report=_row(report),
        address=report.address,
        text=report.text,
        blocks=_blocks(stores, report.text),
        versions=[
            ReportVersion(version=v.number, author=v.author, message=v.message, saved_at_ms=v.created_at_ms)
            for v in reports.history_of(stores, report.name)
        ],
    )


def _blocks(stores: Stores, text: str) -> list[ReportBlock]:
    found = []
    for block in reports.blocks_of(text):
        shown = resolved(stores, block.panel) if block.panel is not None else None
        found.append(
            ReportBlock(
                html=block.html,
                panel=block.panel,
                runs=_runs(shown) if isinstance(shown, Shown) else None,
                problem=shown if isinstance(shown, str) else block.problem,
                source=block.source,
            )
        )
    return found


def _runs(shown: Shown) -> PanelRuns:
    """Of a chart or media only who they are; of the others what they show."""
    columns = None if shown.panel.kind in ("params", "runs") else columns_of([])
    if shown.panel.columns:
        columns = columns_of(shown.panel.columns)
    now = now_ms()
    return PanelRuns(items=[run_row(run, now=now, columns=columns) for run in shown.runs], total=shown.total)


def _row(info: reports.Report | reports.ReportInfo) -> ReportRow:
    return ReportRow(
        name=info.name, title=info.title, version=info.version, author=info.author, saved_at_ms=info.saved_at_ms
    )


ROUTES = [
    Route("GET", "/reports", listed, ReportList, "Reports, the one saved last first"),
    Route("POST", "/reports/preview", preview, ReportPreview, "What a text would look like", body=ReportDraft),
    Route("GET", "/reports/{name}", get, ReportDetail, "A report with what its panels show now", ReportParams),
    Route("PUT", "/reports/{name}", save, ReportDetail, "Keep the next version of a report", NameParams, ReportEdit),
    Route("DELETE", "/reports/{name}", remove, Changed, "Put a report into the bin", NameParams),
    Route("POST", "/reports/{name}/restore", restore, Changed, "Take a report out of the bin", NameParams),
    Route("GET", "/reports/{name}/export", export, None, "A report as one HTML file that stands alone", ReportParams),
]
