"""Live events: one task follows the store's change log for all listeners, and each listener gets a stream of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec
from anyio import to_thread

from tenfold.base.errors import TenfoldError
from tenfold.records import Event
from tenfold.server.place import Place

POLL_S = 0.2
KEEP_ALIVE_S = 15.0
BATCH = 1000
BACKLOG = 5000
"""Events a listener may be behind; one further behind is told to read afresh."""
QUEUE = 64
"""Messages that may wait for a slow listener."""

_log = logging.getLogger("tenfold.server")


class Live:
    """The follower of one store's change log. It polls only while somebody listens.

    Belongs to one event loop; `close` ends every stream, so that a server can stop.
    """

    def __init__(self, place: Place, *, poll_s: float = POLL_S) -> None:
        self.place, self.poll_s = place, poll_s
        self.queues: set[asyncio.Queue[bytes | None]] = set()
        self.task: asyncio.Task[None] | None = None
        self.seq = 0
        self.closed = False

    async def subscribe(self, after: int | None = None) -> AsyncIterator[bytes]:
        """Server-sent events from `after` on (from now on when None), until the listener goes or the server stops.

        Raises:
            Unavailable: The store cannot be reached; nothing was begun.
        """
        start = self.seq
        if not self.queues:
            start = await to_thread.run_sync(self._last)
            self.seq = max(self.seq, start)
        return self._stream(after, self.seq)

    async def _stream(self, after: int | None, start: int) -> AsyncIterator[bytes]:
        if self.closed:
            return
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.queues.add(queue)
        told_from = self.seq  # what comes after this is put into the queue; what came before it was missed
        self._follow()
        try:
            yield _message("hello", {"seq": start})
            async for message in self._missed(start if after is None else min(after, start), told_from):
                yield message
            while True:
                try:
                    told = await asyncio.wait_for(queue.get(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if told is None:
                    return
                yield told
        finally:
            self.queues.discard(queue)

    def close(self) -> None:
        """End every stream and the task. May be called twice."""
        self.closed = True
        if self.task is not None:
            self.task.cancel()
            self.task = None
        for queue in self.queues:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def _follow(self) -> None:
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._poll(), name="tenfold-live")

    async def _poll(self) -> None:
        while self.queues:
            try:
                events = await to_thread.run_sync(self._after, self.seq)
            except TenfoldError as error:  # the store is away: listeners wait, the log says it
                _log.warning("live events wait for the store: %s", error.message)
                events = []
            if events:
                self.seq = max(self.seq, events[-1].seq)
                self._tell(_changes(events))
            if len(events) < BATCH:
                await asyncio.sleep(self.poll_s)

    def _last(self) -> int:
        return self.place.stores.events.last()

    def _after(self, seq: int) -> list[Event]:
        return self.place.stores.events.after(seq, limit=BATCH)

    def _tell(self, message: bytes) -> None:
        for queue in self.queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                message = _message("gap", {"seq": self.seq}, id=self.seq)
            queue.put_nowait(message)

    async def _missed(self, after: int, until: int) -> AsyncIterator[bytes]:
        """What a listener that comes back has not seen, or word that it is too much."""
        if until - after > BACKLOG:
            yield _message("gap", {"seq": until}, id=until)
            return
        while after < until:
            events = [e for e in await to_thread.run_sync(self._after, after) if e.seq <= until]
            if not events:
                return
            after = events[-1].seq
            yield _changes(events)


def _changes(events: list[Event]) -> bytes:
    """One message; of points of one series' run only the newest event is told."""
    newest = {(e.topic, e.id): e.seq for e in events if e.topic == "series"}
    told = [e for e in events if e.topic != "series" or newest[e.topic, e.id] == e.seq]
    return _message("changes", told, id=events[-1].seq)


def _message(kind: str, data: object, *, id: int | None = None) -> bytes:
    head = f"id: {id}\n" if id is not None else ""
    return f"event: {kind}\n{head}data: ".encode() + msgspec.json.encode(data) + b"\n\n"
