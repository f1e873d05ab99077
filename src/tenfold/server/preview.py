"""A first look at one file: its text, its JSON, or the first rows of its table."""

from __future__ import annotations

from urllib.parse import quote

from tenfold.base.errors import MissingExtra
from tenfold.contracts import Blobs
from tenfold.records import Entry, Version
from tenfold.server.files import open_file
from tenfold.server.media import View, media_type_of, view_of
from tenfold.server.table import PREFIX
from tenfold.server.tables import NotATable, table_of
from tenfold.server.wire import Preview, TablePreview
from tenfold.workspace.markdown import to_html

TEXT_LIMIT_BYTES = 256 * 1024


def preview_of(
    blobs: Blobs, version: Version, entry: Entry, *, find: str = "", order: str = "", offset: int = 0
) -> Preview:
    """What a page shows of a file. A file that cannot be read as what its name says is shown as text, or only named.

    `find`, `order` and `offset` are of tables; see `table_of`.
    """
    view, note = view_of(entry.path), None
    table = text = None
    truncated = False
    if view == "table":
        try:
            table = table_of(blobs, version, entry, find=find, order=order, offset=offset)
        except MissingExtra as error:
            view, note = "text", error.message
        except NotATable as error:
            view, note = "text", f"It could not be read as a table: {error}"
    if view in ("text", "json", "markdown"):
        with open_file(blobs, version, entry) as reader:
            data = reader.read(TEXT_LIMIT_BYTES + 4)
        text, truncated = _as_text(data)
        if text is None:
            view, note = "binary", note or "It is not text"
    return _preview(version, entry, view=view, text=text, truncated=truncated, table=table, note=note)


def _preview(
    version: Version,
    entry: Entry,
    *,
    view: View,
    text: str | None,
    truncated: bool,
    table: TablePreview | None,
    note: str | None,
) -> Preview:
    return Preview(
        path=entry.path,
        view=view,
        media_type=media_type_of(entry.path),
        size_bytes=entry.size_bytes,
        text=text,
        truncated=truncated,
        html=to_html(text) if view == "markdown" and text is not None else None,
        table=table,
        url=f"{PREFIX}/versions/{version.id}/file?path={quote(entry.path, safe='/')}",
        note=note,
    )


def _as_text(data: bytes) -> tuple[str | None, bool]:
    truncated = len(data) > TEXT_LIMIT_BYTES
    if b"\0" in data:
        return None, False
    for cut in range(4):  # a cut may have split a character
        try:
            return data[: min(len(data), TEXT_LIMIT_BYTES) - cut].decode("utf-8"), truncated
        except UnicodeDecodeError:
            if not truncated:
                break
    return None, False
