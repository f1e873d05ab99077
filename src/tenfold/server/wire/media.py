"""Media of runs as the pages see them: images, sound, tables and all else that was logged by key and step."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

MediaView = Literal["image", "audio", "video", "html", "table", "histogram", "text", "file"]


class MediaItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a run logged. `/media/{version_id}/file` gives its bytes. `step` is null when none was said."""

    version_id: str
    run_id: str
    step: int | None
    at_ms: int
    type: str
    metadata: dict[str, Any]


class MediaKey(msgspec.Struct, frozen=True, kw_only=True):
    """All that some runs logged under one key, by step then time; `view` says how a page shows it."""

    key: str
    view: MediaView
    items: list[MediaItem]


class MediaList(msgspec.Struct, frozen=True, kw_only=True):
    """Sorted by key. `truncated`: a run has more than is sent; the newest are here."""

    items: list[MediaKey]
    truncated: bool
