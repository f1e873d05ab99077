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

    def __call__(self, place: Place, *, state: str = "", error: str = "", seconds: float | None = None) -> None:
        state = state or place.state
        if self._on_event is None or (
            state != "retrying" and self._told.get(place.key) == f"{state}{place.task.attempt}"
        ):
            return
        self._told[place.key] = f"{state}{place.task.attempt}"
        places = [one for one in self._board.places.values() if not one.spec.mapped]
        self._on_event(
            Progress(
                root_id=self._board.root.id,
                key=place.key,
                state=state,
                run_id=place.task.id,
                attempt=place.task.attempt,
                done=sum(one.state in ENDED for one in places),
                total=len(places),
                seconds=place.task.outcome.get("seconds") if seconds is None else seconds,
                error=error or place.task.outcome.get("error", "") or place.task.outcome.get("because", ""),
            )
        )
