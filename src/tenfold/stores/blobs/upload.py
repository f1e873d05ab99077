"""One upload: objects go into packs, those that are stored already are relied on, and the result is held until named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from blake3 import blake3

from tenfold.base import ids
from tenfold.contracts.blobs import Progress
from tenfold.stores.blobs import pins
from tenfold.stores.blobs.chunks import SMALL, cut_bytes
from tenfold.stores.blobs.codec import Squeezer
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE, TARGET_BYTES, PackBuilder
from tenfold.stores.blobs.reading import missing
from tenfold.stores.blobs.recipes import encode_recipe

T = TypeVar("T")

_ATTEMPTS = 4
_HELD_AT_MOST = 100_000


class Moved(Exception):
    """A collection ran beside the upload: what it relied on may be gone. The upload is made again."""


class Upload:
    """Not for several threads: each has its own, and its own packs."""

    def __init__(
        self, index: Index, progress: Progress | None = None, *, mine: set[str] | None = None, alone: bool = False
    ) -> None:
        """`mine`: packs that earlier attempts wrote. `alone`: rely on nothing but those."""
        self.index = index
        self.mine: set[str] = set() if mine is None else mine
        self._alone = alone
        self._given: list[tuple[bytes, tuple[int, ...]]] = []
        self.done_bytes = 0
        self.total_bytes = 0
        self._progress = progress
        self._squeezer = Squeezer()
        self._builder = PackBuilder()
        index.load()
        self._trash = index.trash
        self._since = index.clock()
        self._fresh_from = self._since - pins.FRESH_MS
        self._relied = False
        self._relied_on_old = False
        self._session: str | None = None
        self._session_at = 0

    def has(self, key: bytes, kinds: tuple[int, ...], *, given: bool = False) -> bool:
        """True when the object is stored, or on its way in this upload. A place that is old is remembered as relied on.

        `given`: the caller has only the key, so it cannot be stored anew.
        """
        places = self._builder.places
        for kind in kinds:
            if (key, kind) in places:
                return True
        if self._alone and given and self.index.find_firm(key, kinds) is not None:
            self._given.append((key, kinds))
            return True
        if self._alone:
            return any(place.pack in self.mine for place in self.index.find_all(key, kinds))
        place = self.index.find_firm(key, kinds)
        if place is None:
            return False
        if place.pack in self.mine:
            return True
        self._relied = True
        if not self._relied_on_old and self.index.packs.get(place.pack, (0, 0))[1] < self._fresh_from:
            self._relied_on_old = True
        return True

    def add(self, key: bytes, kind: int, data: bytes | memoryview) -> None:
        """Store an object unless it is stored."""
        if self.has(key, (kind,)):
            return
        codec, stored = self._squeezer.squeeze(data)
        self._builder.add(key, kind, codec, stored, len(data))
        if self._builder.size >= TARGET_BYTES:
            self.flush(more=True)

    def add_content(self, data: bytes | memoryview) -> bytes:
        """Store content of any size that is in memory; gives its key."""
        key: bytes = blake3(data).digest()
        if len(data) <= SMALL:
            self.add(key, CHUNK, data)
            return key
        return self.add_chunks(cut_bytes(data), key=key)

    def add_node(self, key: bytes, data: bytes) -> None:
        """Store a folder of a tree unless it is stored; what it names must have been added before."""
        if len(data) <= SMALL:
            self.add(key, NODE, data)
        else:
            self.add_chunks(cut_bytes(data), key=key)

    def add_chunks(self, chunks: Iterable[memoryview], *, key: bytes | None = None) -> bytes:
        """Store content that comes in chunks (views valid until the next); gives its key, hashed here unless given."""
        whole = blake3() if key is None else None
        parts: list[tuple[bytes, int]] = []
        for chunk in chunks:
            if whole is not None:
                whole.update(chunk)
            part = blake3(chunk).digest()
            self.add(part, CHUNK, chunk)
            parts.append((part, len(chunk)))
            self.advance(len(chunk))
        if len(parts) == 1:
            return parts[0][0]
        if key is None:
            key = blake3(b"").digest() if whole is None else whole.digest()
        if not parts:
            self.add(key, CHUNK, b"")
        else:
            self.add(key, RECIPE, encode_recipe(parts))
        return key

    def advance(self, size: int) -> None:
        """Count bytes as done, and say so."""
        self.done_bytes += size
        if self._session is not None:
            self.say_alive()
        if self._progress is not None:
            self._progress(self.done_bytes, self.total_bytes)

    def flush(self, *, more: bool = False) -> None:
        """Write the pack begun, if it holds anything. `more`: others will follow, so the upload makes itself known."""
        builder = self._builder
        if not builder.places:
            return
        index = self.index
        index.check_format(write=True)
        if more:
            self.say_alive()
        size = builder.put(index.medium)
        self.mine.add(builder.name)
        index.add(builder.name, size, [(key, place) for (key, _), place in builder.places.items()])
        builder.begin()

    def finish(self, roots: list[bytes]) -> None:
        """Make all durable and hold it: after this returned, no collection with a grace of an hour takes any of it.

        Raises:
            Moved: A collection began since the index was read, and this upload relied on what was stored before.
        """
        self.flush()
        lasted = self.index.clock() - self._since > pins.FRESH_MS
        if self._relied_on_old or lasted or self._given:
            self._hold(roots)
        if self._relied:
            newest = max((name for name, _, _ in self.index.medium.scan("trash/")), default="")
            if newest != self._trash:
                raise Moved
        if self._given:
            self.index.refresh()
            for key, kinds in self._given:
                if self.index.find_firm(key, kinds) is None:
                    raise missing(key)

    def _hold(self, roots: list[bytes]) -> None:
        held, now = self.index.held, self.index.clock()
        if all(now - held.get(root, 0) < pins.PIN_MS // 2 for root in roots):
            return
        pins.write_pin(self.index.medium, roots)
        if len(held) > _HELD_AT_MOST:
            held.clear()
        held.update(dict.fromkeys(roots, now))

    def close(self) -> None:
        """End the session, whether the upload succeeded or not."""
        if self._session is not None:
            pins.end_session(self.index.medium, self._session)
            self._session = None

    def say_alive(self) -> None:
        """Let collectors know of this upload; called again it counts from anew, at most every ten minutes."""
        now = self.index.clock()
        if self._session is None:
            self._session = ids.new_id()
        elif now - self._session_at < pins.FRESH_MS:
            return
        pins.write_session(self.index.medium, self._session, self._since)
        self._session_at = now


def uploading(
    index: Index,
    work: Callable[[Upload], T],
    roots: Callable[[T], list[bytes]],
    progress: Progress | None = None,
) -> T:
    """Do `work` with an upload and make its result durable; again from the start when a collection crossed it."""
    mine: set[str] = set()
    for attempt in range(1, _ATTEMPTS + 1):
        index.load()
        # enough of relying on what others may take away, or not known what they will: all is stored anew
        alone = attempt == _ATTEMPTS or bool(index.doubtful)
        upload = Upload(index, progress, mine=mine, alone=alone)
        try:
            result = work(upload)
            upload.finish(roots(result))
        except Moved:
            index.refresh()
            continue
        finally:
            upload.close()
        index.consolidate()
        return result
    raise AssertionError("an upload that relies on nothing cannot be crossed")
