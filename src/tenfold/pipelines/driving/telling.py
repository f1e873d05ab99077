"""Telling whoever asked what becomes of a run's steps, each thing once."""

from __future__ import annotations

from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.places import ENDED, Place
from tenfold.pipelines.driving.progress import OnEvent, Progress


class Teller:
    """Calls `on_event`, when there is one, with what became of a place; the same news of an attempt is told once."""

    def __init__(self, board: Board, on_event: OnEvent | None) -> None:
        self._board, self._on_event = board, on_event
        self._told: dict[str, str] = {}
        self._known = -1
        self._total = 0
        self._open: set[str] = set()

    def __call__(self, place: Place, *, state: str = "", error: str = "", seconds: float | None = None) -> None:
        state = state or place.state
        if self._on_event is None or (
            state != "retrying" and self._told.get(place.key) == f"{state}{place.task.attempt}"
        ):
            return
        self._told[place.key] = f"{state}{place.task.attempt}"
        total, done = self._count(place)
        self._on_event(
            Progress(
                root_id=self._board.root.id,
                key=place.key,
                state=state,
                run_id=place.task.id,
                attempt=place.task.attempt,
                done=done,
                total=total,
                seconds=place.task.outcome.get("seconds") if seconds is None else seconds,
                error=error or place.task.outcome.get("error", "") or place.task.outcome.get("because", ""),
            )
        )

    def _count(self, place: Place) -> tuple[int, int]:
        """How many places there are and how many have ended, a mapped step by its items; all are looked at when some
        are new, else only the one that there is news of."""
        places = self._board.places
        if len(places) != self._known:
            self._known = len(places)
            counted = [one for one in places.values() if not one.spec.mapped]
            self._total = len(counted)
            self._open = {one.key for one in counted if one.state not in ENDED}
        elif place.state in ENDED:
            self._open.discard(place.key)
        return self._total, self._total - len(self._open)
