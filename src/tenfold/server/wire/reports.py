"""Reports that people write, as the pages see them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tenfold.server.wire.runs import RunRow
from tenfold.workspace.reports import Panel


class PanelRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The runs a panel shows now, and how many its search finds in all."""

    items: list[RunRow]
    total: int


class ReportBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a report, in order: text as HTML that is safe to show, or a panel with its runs. `problem`: what is
    wrong with the panel whose `source` it is."""

    html: str
    panel: Panel | None
    runs: PanelRuns | None
    problem: str
    source: str


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list."""

    name: str
    title: str
    version: int
    author: str
    saved_at_ms: int


class ReportList(msgspec.Struct, frozen=True):
    """The one saved last first."""

    items: list[ReportRow]


class ReportVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One save of a report."""

    version: int
    author: str
    message: str
    saved_at_ms: int


class ReportDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report, its pieces, and all versions, newest first."""

    report: ReportRow
    address: str
    text: str
    blocks: list[ReportBlock]
    versions: list[ReportVersion]


class ReportEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report's next text. `expect` is the version that was read before the change, 0 for a new report; what somebody
    saved after it is not overwritten."""

    text: Annotated[str, msgspec.Meta(max_length=500_000)]
    expect: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    message: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class ReportDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to look at before it is saved."""

    text: Annotated[str, msgspec.Meta(max_length=500_000)]


class ReportPreview(msgspec.Struct, frozen=True):
    """What a text would look like."""

    blocks: list[ReportBlock]
