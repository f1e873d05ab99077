"""An event: one line of the change log that live pages and triggers follow."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """`seq` grows with every event of a store. `topic` is the noun ('run', 'version', 'ref', 'series', 'task')."""

    seq: int
    topic: str
    id: str
    at_ms: int
    project: str = ""
    action: str = ""
    """What happened: 'created', a state's name, 'moved', 'points' …"""
