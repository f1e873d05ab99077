"""Which places of a board are ready, and whether all have ended, without going through all of them.

A loop that looked at each of 1,000 places after each of 1,000 steps took as long as the steps. An entry that no longer
holds is dropped when it is met.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.pipelines.driving.places import ENDED, Place


class Index:
    """Of one board; told of a place whenever its state may have become one that is looked for."""

    def __init__(self) -> None:
        self.delayed: dict[str, Place] = {}
        """Places that ever had a time of their own to wait for."""
        self.names_pools = False
        self._ready: dict[str, Place] = {}
        self._open: dict[str, Place] = {}

    def note(self, place: Place) -> None:
        """Take in a place as it is now."""
        if place.state == "ready":
            self._ready[place.key] = place
            if place.task.not_before_ms:
                self.delayed[place.key] = place
        if place.state not in ENDED:
            self._open[place.key] = place
        self.names_pools = self.names_pools or bool(place.task.pool)

    @property
    def all_ended(self) -> bool:
        """Whether every place has ended."""
        while self._open:
            key, place = next(iter(self._open.items()))
            if place.state not in ENDED:
                return False
            del self._open[key]
        return True

    def ready(self) -> Iterator[Place]:
        """Places that are ready, in the order they became so."""
        past: list[str] = []
        try:
            for key, place in self._ready.items():
                if place.state == "ready":
                    yield place
                else:
                    past.append(key)
        finally:
            for key in past:  # it may have become ready again before this iterator was let go
                if key in self._ready and self._ready[key].state != "ready":
                    del self._ready[key]
