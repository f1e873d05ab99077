"""A thread that keeps a scheduler's leases while it lives, and notices those that were taken from it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from tenfold.base.clock import Clock
from tenfold.base.errors import TenfoldError
from tenfold.pipelines.driving.board import Board

LEASE_MS = 30_000
RENEW_S = 1.0
HEARTBEAT_S = 5.0


@contextlib.contextmanager
def heartbeat(board: Board, owner: str, held: dict[str, int], lost: set[str], clock: Clock) -> Iterator[None]:
    """Renew the leases of the tasks in `held` (tokens by task id) while inside; ids of those that are gone go to `lost`."""
    stopped = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(stopped, board, owner, held, lost, clock), name="tenfold-heartbeat", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _beat(
    stopped: threading.Event, board: Board, owner: str, held: dict[str, int], lost: set[str], clock: Clock
) -> None:
    stores, beaten = board.stores, time.monotonic()
    while not stopped.wait(RENEW_S):
        now_held = dict(held)
        try:
            if now_held:
                gone = stores.tasks.renew(owner, now_held, until_ms=clock() + LEASE_MS)
                lost.update(id_ for id_ in gone if held.get(id_) == now_held[id_])
            if time.monotonic() - beaten > HEARTBEAT_S:
                beaten = time.monotonic()
                running = [p.task.id for p in list(board.places.values()) if p.state == "running"]
                stores.runs.heartbeat([board.root.id, *running], at_ms=clock())
        except TenfoldError:
            continue  # a store out of reach for a while; the lease is long
