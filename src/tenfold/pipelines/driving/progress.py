"""What a caller hears while a pipeline runs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A place of the graph came into a state. `done` of `total` places have ended; `total` grows when steps fan out."""

    root_id: str
    key: str
    state: str
    """A task state; 'retrying' when it failed and will be tried again."""
    run_id: str
    attempt: int = 0
    done: int = 0
    total: int = 0
    seconds: float | None = None
    error: str = ""


OnEvent = Callable[[Progress], None]
