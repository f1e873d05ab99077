"""The contract of the change log."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tenfold.records import Event


class Events(ABC):
    """Events in the order in which their changes became visible. A reader that goes on from the last seq misses none."""

    @abstractmethod
    def after(self, seq: int, *, limit: int = 1000) -> list[Event]:
        """Events with a higher seq, in order."""

    @abstractmethod
    def last(self) -> int:
        """The highest seq, 0 when there is none."""

    @abstractmethod
    def append(self, topic: str, id: str, *, action: str, at_ms: int, project: str = "") -> None:
        """Add one event by hand (the other stores add their own)."""

    @abstractmethod
    def trim(self, *, before_ms: int) -> int:
        """Forget events older than this, but never the newest; gives how many. Readers behind that must read afresh."""
