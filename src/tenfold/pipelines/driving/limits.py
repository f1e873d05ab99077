"""What limits how much of one pipeline run goes on at once: its own `max_parallel`, and the pools its steps name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tenfold.contracts import Stores
from tenfold.pipelines.driving.pools import slots_by_pool

if TYPE_CHECKING:
    from tenfold.pipelines.driving.board import Board

LOOK_S = 1.0
MAX_PARALLEL = "max_parallel"
"""Key of a pipeline run's result."""


class Limits:
    """Of one scheduler. The sizes of pools are read anew each second, so that a change is felt by runs under way."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._slots: dict[str, int] = {}
        self._looked_at = float("-inf")

    def room(self, slots: int, board: Board) -> int:
        """How many steps of the run may go on at once, of the executor's slots."""
        most = board.root.result.get(MAX_PARALLEL)
        return min(slots, most) if most else slots

    def now(self, board: Board) -> dict[str, int] | None:
        """Slots by pool; None when no step of the run names one."""
        if not board.names_pools:
            return None
        if time.monotonic() - self._looked_at > LOOK_S:
            self._slots, self._looked_at = slots_by_pool(self._stores), time.monotonic()
        return self._slots
