"""What one schedule waits for besides refs, followed by a timekeeper: pipelines' ends, alarms, files."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.pipelines.starting.happenings import Arrivals, Happening, happened, is_happening
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.records import And, Compare, Order, Ref, RunQuery

OVERLAP_MS = 600_000
"""Ends are looked for from so long before the newest one on: clocks of machines differ, and one end is one run anyway."""


class Watch:
    """Follows the happenings of a schedule. What it knows is in memory; runs in the store say what was taken."""

    def __init__(self, schedule: Schedule, active: Ref) -> None:
        self._schedule, self._active = schedule, active
        self._sources = [text for text in schedule.on if is_happening(text)]
        self._arrivals = {text: Arrivals(text) for text in self._sources if text.startswith("file:")}
        self._since: int | None = None
        self._taken: set[str] = set()
        self._shown: set[str] = set()
        self.newest: dict[str, Happening] = {}
        """By source: the newest thing that happened."""

    @property
    def is_due(self) -> bool:
        """True when it must look though the store tells nothing new: files arrive without a word."""
        return bool(self._arrivals)

    def look(self, stores: Stores) -> list[Happening]:
        """What happened and was not taken yet, oldest first."""
        if not self._sources:
            return []
        if self._since is None:
            self._since = self._first_since(stores)
        found: list[Happening] = []
        for text in self._sources:
            if text in self._arrivals:
                found += self._arrivals[text].look()
            else:
                found += happened(stores, text, self._since)
        for one in found:
            known = self.newest.get(one.source)
            if known is None or one.at_ms >= known.at_ms:
                self.newest[one.source] = one
        news = [one for one in found if _name(one) not in self._taken]
        self._shown = {_name(one) for one in news}
        ended = [one.at_ms for one in found if one.source not in self._arrivals]
        if ended:
            self._since = max(self._since, max(ended) - OVERLAP_MS)
        return sorted(news, key=lambda one: (one.at_ms, one.key))

    def taken(self) -> None:
        """What was shown last has its runs."""
        self._taken |= self._shown

    def _first_since(self, stores: Stores) -> int:
        where = And([Compare("tags.schedule", "=", self._schedule.name), Compare("tags.schedule.by", "=", "event")])
        query = RunQuery(kinds=["pipeline"], where=where, order=[Order("created_at_ms", True)], limit=1, count=False)
        newest = stores.runs.search(query).items
        last = newest[0].result["due_ms"] - OVERLAP_MS if newest else 0
        return max(self._active.moved_at_ms, last)


def _name(one: Happening) -> str:
    return f"{one.source} {one.key}"
