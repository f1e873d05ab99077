"""What the change log says since the last look, as those need it who start things because of it."""

from __future__ import annotations

import msgspec

from tenfold.base.addresses import parse
from tenfold.pipelines.starting.happenings import is_happening
from tenfold.pipelines.starting.schedules import KIND, Schedule
from tenfold.records import Event
from tenfold.records.run import END_STATES
from tenfold.workspace.workspace import Workspace

MOST = 1000
"""Events read one by one; after more than that, everything counts as changed."""


class News(msgspec.Struct, frozen=True):
    """What changed."""

    everything: bool
    refs: frozenset[str]
    """Refs that moved, as kind:name@ref."""
    runs: bool
    """Some run changed."""
    ends: bool
    """Some run came to an end."""

    @property
    def schedules(self) -> bool:
        """Some schedule was saved, paused or put in force."""
        return self.everything or any(ref.startswith(f"{KIND}:") for ref in self.refs)

    def concern(self, schedule: Schedule) -> bool:
        """True when something changed that the schedule waits for."""
        if self.everything:
            return True
        if self.ends and any(is_happening(text) for text in schedule.on):
            return True
        return bool(self.refs) and any(_event_id(text) in self.refs for text in schedule.on if not is_happening(text))


class Newsreader:
    """Follows the change log of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: int | None = None

    def forget(self) -> None:
        """Take everything as changed at the next look."""
        self._seen = None

    def look(self) -> News:
        """What changed since the last look; everything, at the first."""
        events = self._workspace.stores.events
        found: list[Event] = [] if self._seen is None else events.after(self._seen, limit=MOST)
        if self._seen is None or len(found) == MOST:
            self._seen = events.last()
            return News(everything=True, refs=frozenset(), runs=True, ends=True)
        self._seen = found[-1].seq if found else self._seen
        return News(
            everything=False,
            refs=frozenset(event.id for event in found if event.topic == "ref"),
            runs=any(event.topic == "run" for event in found),
            ends=any(event.topic == "run" and event.action in END_STATES for event in found),
        )


def _event_id(address: str) -> str:
    wanted = parse(address)
    return f"{wanted.kind}:{wanted.name}@{wanted.ref}"
