"""An executed notebook as one web page that needs nothing else: text, code, and what the cells showed."""

from __future__ import annotations

import html
import re
from typing import Any

from markdown_it import MarkdownIt

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
pre { font: 13px/1.4 ui-monospace, monospace; overflow-x: auto; padding: .5rem .75rem; margin: .25rem 0; white-space: pre-wrap; }
.code { background: light-dark(#f4f5f7, #20242a); border-left: 3px solid light-dark(#c4c9d1, #4a515c); }
.error { background: light-dark(#fdecea, #3b1d1b); }
img { max-width: 100%; } table { border-collapse: collapse; } td, th { padding: 2px 8px; text-align: right; }
"""


def page_of(cells: list[Any], *, title: str) -> str:
    """The page. Scripts of the outputs stay in it: it is shown in a sandboxed frame."""
    body = "\n".join(_cell(cell) for cell in cells)
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body>\n{body}\n</body></html>\n"


def _cell(cell: Any) -> str:
    if cell.cell_type == "markdown":
        return str(MarkdownIt("commonmark").enable("table").render(cell.source))
    if cell.cell_type != "code":
        return f"<pre>{html.escape(cell.source)}</pre>"
    shown = "\n".join(_output(output) for output in cell.get("outputs", ()))
    return f'<pre class="code">{html.escape(cell.source)}</pre>\n{shown}'


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return f"<pre>{_plain(output.text)}</pre>"
    if output.output_type == "error":
        return f'<pre class="error">{_plain(chr(10).join(output.traceback))}</pre>'
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return f'<img alt="" src="data:{kind};base64,{str(data[kind]).strip()}">'
    if "text/html" in data:
        return str(data["text/html"])
    if "image/svg+xml" in data:
        return str(data["image/svg+xml"])
    return f"<pre>{_plain(data.get('text/plain', ''))}</pre>"


def _plain(text: str) -> str:
    return html.escape(re.sub(r"\x1b\[[0-9;]*m", "", text))
