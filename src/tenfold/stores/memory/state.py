"""What the in-memory stores share: the records, and the one lock they are changed under."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tenfold.base.clock import Clock, now_ms
from tenfold.records import Edge, Event, Ref, RefMove, Run, Summary, Task, Version


@dataclass
class State:
    """Everything one in-memory place holds. Each store takes `lock` for each call, so a call is one transaction."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    runs: dict[str, Run] = field(default_factory=dict)
    """Without metrics; those are in `metrics`, by run and key, written by the series store."""
    metrics: dict[str, dict[str, Summary]] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    by_number: dict[tuple[str, str], list[Version | None]] = field(default_factory=dict)
    """The same versions by (kind, name), at index number - 1; None where one was purged without a trace."""
    refs: dict[tuple[str, str, str], Ref] = field(default_factory=dict)
    moves: list[RefMove] = field(default_factory=list)
    edges: dict[tuple[str, str, str, str], Edge] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    """In the order they were added."""
    task_projects: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    last_seq: int = 0
    clock: Clock = now_ms

    def note(self, topic: str, id: str, action: str, at_ms: int, project: str = "") -> None:
        """Append an event; the caller holds the lock."""
        self.last_seq += 1
        self.events.append(Event(self.last_seq, topic, id, at_ms, project, action))
