"""Reports that people write: Markdown with live panels (charts, tables of runs, media, differing params), versions kept.

A report is an artifact of kind `writeup`, so that it never meets the `report` that a monitor makes. Not here: those.
"""

from tenfold.workspace.reports.export import to_html
from tenfold.workspace.reports.keeping import (
    KIND,
    Report,
    ReportInfo,
    bin_report,
    history_of,
    listed,
    load,
    restore_report,
    save,
)
from tenfold.workspace.reports.panels import Block, Panel, Shown, blocks_of, panels_of, resolve

__all__ = [
    "KIND", "Block", "Panel", "Report", "ReportInfo", "Shown", "bin_report", "blocks_of", "history_of", "listed", "load",
    "panels_of", "resolve", "restore_report", "save", "to_html",
]  # fmt: skip
