"""What kind of thing a file is, by its name, and how a page may show it."""

from __future__ import annotations

import mimetypes
from typing import Literal

from tenfold.records import Version

View = Literal["text", "markdown", "json", "table", "image", "html", "audio", "video", "pdf", "binary"]

_TABLES = (".parquet", ".csv", ".csv.gz", ".tsv", ".arrow", ".feather", ".ipc", ".jsonl", ".ndjson")
_TEXTS = (
    ".txt", ".log", ".md", ".rst", ".py", ".r", ".sql", ".sh", ".toml", ".ini", ".cfg", ".yaml", ".yml", ".xml", ".js",
    ".ts", ".css", ".c", ".h", ".cpp", ".rs", ".go", ".java", ".diff", ".patch", ".dockerfile", ".lock",
)  # fmt: skip
_KNOWN = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
    ".feather": "application/vnd.apache.arrow.file",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
}
_SHOWN = ("text/", "image/", "audio/", "video/", "application/json", "application/pdf", "application/x-ndjson")
_INLINE_NAMES = {"json": "content.json", "html": "content.html", "text": "content.txt", "table": "content.json"}


def content_name(version: Version) -> str:
    """The name under which the inline content of a version is a file."""
    if version.type in _INLINE_NAMES:
        return _INLINE_NAMES[version.type]
    return "content.json" if (version.inline or b"").lstrip()[:1] in (b"{", b"[") else "content.txt"


def media_type_of(path: str) -> str:
    """The media type a file is sent with."""
    ending = _ending(path)
    if ending in _KNOWN:
        return _KNOWN[ending]
    if ending in _TEXTS:
        return "text/plain; charset=utf-8"
    return mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"


def safe_to_show(media_type: str) -> bool:
    """True for what a browser shows, inside the sandbox, instead of saving it."""
    return media_type.startswith(_SHOWN)


def view_of(path: str) -> View:
    """How a page shows a file. Text is a guess for a name that says nothing: its bytes decide."""
    if path.lower().endswith(_TABLES) or path.rpartition("/")[2] == "table.json":  # as log_table keeps them
        return "table"
    if path.lower().endswith((".md", ".markdown")):
        return "markdown"
    media_type = media_type_of(path)
    if media_type == "application/json":
        return "json"
    if media_type.startswith("text/html"):
        return "html"
    if media_type == "application/pdf":
        return "pdf"
    for view in ("image", "audio", "video"):
        if media_type.startswith(f"{view}/"):
            return view
    if media_type.startswith("text/") or media_type == "application/octet-stream":
        return "text"
    return "binary"


def _ending(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return f".{name.rpartition('.')[2]}" if "." in name else ""
