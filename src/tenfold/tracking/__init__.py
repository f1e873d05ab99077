"""Experiment tracking: runs that are started, logged to and ended; what they capture; the language runs are searched in.

Logging never waits for a store and never stops a training. Not here: how points lie on disk (stores/series).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.tracking.printed import console_pieces, console_text
    from tenfold.tracking.run import CAPTURES, ActiveRun
    from tenfold.tracking.search import parse_order, parse_search
    from tenfold.tracking.stack import current
    from tenfold.tracking.starting import attach, start
    from tenfold.tracking.syncing import Synced, sync

_HOMES = {
    "CAPTURES": "run",
    "ActiveRun": "run",
    "Synced": "syncing",
    "attach": "starting",
    "console_pieces": "printed",
    "console_text": "printed",
    "current": "stack",
    "parse_order": "search",
    "parse_search": "search",
    "start": "starting",
    "sync": "syncing",
}

__all__ = [
    "CAPTURES", "ActiveRun", "Synced", "attach", "console_pieces", "console_text", "current", "parse_order", "parse_search",
    "start", "sync",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Names are loaded when first used: a search needs no journal, a reader no thread."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
