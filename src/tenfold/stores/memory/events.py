"""The change log, in memory."""

from __future__ import annotations

from bisect import bisect_right

from tenfold.contracts import Events
from tenfold.records import Event
from tenfold.stores.memory.state import State


class MemoryEvents(Events):
    """Events of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def after(self, seq: int, *, limit: int = 1000) -> list[Event]:
        with self._state.lock:
            start = bisect_right(self._state.events, seq, key=lambda event: event.seq)
            return self._state.events[start : start + limit]

    def last(self) -> int:
        with self._state.lock:
            return self._state.last_seq

    def append(self, topic: str, id: str, *, action: str, at_ms: int, project: str = "") -> None:
        with self._state.lock:
            self._state.note(topic, id, action, at_ms, project)

    def trim(self, *, before_ms: int) -> int:
        with self._state.lock:
            last = self._state.last_seq
            kept = [event for event in self._state.events if event.at_ms >= before_ms or event.seq == last]
            gone = len(self._state.events) - len(kept)
            self._state.events = kept
            return gone
