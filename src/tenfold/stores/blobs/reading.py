"""Reading objects back: neighbours in a pack in one go, each checked against its hash, found again when packs moved."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from blake3 import blake3

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.stores.blobs.codec import expand
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.packs import CHUNK, NODE, RECIPE, TIMES, Place
from tenfold.stores.blobs.recipes import decode_recipe

WHOLE = (CHUNK, NODE, RECIPE)
"""Kinds under which content is found by its hash."""

SELF_HASHED = (RECIPE, TIMES)
"""Kinds whose bytes begin with their own hash, for they are stored under the hash of something else."""

_SPAN_BYTES = 8 << 20
_GAP_BYTES = 32_768


def missing(key: bytes) -> BlobNotFound:
    """The error for content that is not stored."""
    return BlobNotFound(
        f"No content {key.hex()} in the store: it was never stored, or garbage collection removed it. "
        "See what is missing with: tenfold doctor",
        field="digest",
    )


def locate(index: Index, key: bytes, kinds: tuple[int, ...] = WHOLE) -> Place:
    """A place of the object, also when another process wrote it since. Raises BlobNotFound."""
    place = index.find(key, kinds)
    if place is None:
        index.refresh()
        place = index.find(key, kinds)
    if place is None:
        raise missing(key)
    return place


def read_object(index: Index, key: bytes, kinds: tuple[int, ...] = WHOLE) -> tuple[int, bytes]:
    """(kind, bytes) of one object, verified; another copy is tried when one is damaged. Raises BlobNotFound, Damaged."""
    trouble: Exception = missing(key)
    for attempt in range(2):
        if attempt:
            index.refresh()
        for place in list(index.find_all(key, kinds)):
            try:
                stored = index.medium.get(f"packs/{place.pack}", place.offset, place.stored)
                return place.kind, check(key, place, stored)
            except (BlobNotFound, Damaged) as error:
                trouble = error if isinstance(error, Damaged) else missing(key)
        if isinstance(trouble, Damaged):
            break
    raise trouble


def check(key: bytes, place: Place, stored: bytes | memoryview) -> bytes:
    """The plain bytes of what lies at a place. Raises Damaged, naming object and pack."""
    try:
        plain = expand(place.codec, stored, place.plain)
    except ValueError as error:
        raise damaged(key, place, str(error)) from error
    if len(plain) != place.plain:
        raise damaged(key, place, f"{len(plain)} bytes instead of {place.plain}")
    if place.kind in SELF_HASHED:
        sound = blake3(memoryview(plain)[32:]).digest() == plain[:32]
    else:
        sound = blake3(plain).digest() == key
    if not sound:
        raise damaged(key, place, "its bytes do not match its hash")
    return plain


def damaged(key: bytes, place: Place, why: str) -> Damaged:
    """The error for bytes that are not what was stored."""
    return Damaged(
        f"The content {key.hex()} in packs/{place.pack} at {place.offset} is damaged: {why}. Restore that file from a "
        "copy of the store; find all damage with: tenfold doctor --verify"
    )


class _Span(NamedTuple):
    pack: str
    start: int
    length: int
    members: list[tuple[bytes, Place]]


def stream(index: Index, keys: Iterable[bytes], kinds: tuple[int, ...] = (CHUNK,)) -> Iterator[bytes]:
    """The bytes of each object in the order asked, verified. Neighbours in a pack that are asked for one after the
    other are read at once, so ask in the order of `located`. Far media are read ahead of the caller."""
    spans = _plan(index, keys, kinds)
    if not index.threads:
        for span in spans:
            yield from _read_span(index, span, kinds)
        return
    with ThreadPoolExecutor(index.threads, "tenfold-read") as pool:
        waiting: deque[Future[list[bytes]]] = deque()
        for span in spans:
            waiting.append(pool.submit(lambda s: list(_read_span(index, s, kinds)), span))
            if len(waiting) >= index.threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def located(index: Index, keys: Iterable[bytes], kinds: tuple[int, ...] = WHOLE) -> list[tuple[Place, bytes]]:
    """(place, key) of each object in the order in which they lie on the medium. Raises BlobNotFound."""
    found = [(locate(index, key, kinds), key) for key in keys]
    found.sort(key=lambda item: (item[0].pack, item[0].offset))
    return found


def read_content(index: Index, key: bytes) -> bytes:
    """Whole content, of any size, verified as a whole. Raises BlobNotFound, Damaged."""
    kind, data = read_object(index, key)
    if kind != RECIPE:
        return data
    whole = b"".join(stream(index, [part for part, _ in decode_recipe(data, key)]))
    if blake3(whole).digest() != key:
        raise Damaged(f"The chunks of {key.hex()} are sound but together are not that file. Store it again")
    return whole


def parts_of(index: Index, key: bytes) -> list[tuple[bytes, int]]:
    """(chunk, its size) of content: the one it is, or those of its recipe."""
    place = locate(index, key)
    if place.kind != RECIPE:
        return [(key, place.plain)]
    kind, data = read_object(index, key)
    return decode_recipe(data, key) if kind == RECIPE else [(key, len(data))]


class ContentReader(io.RawIOBase):
    """A seekable reader of one content that fetches only the chunks it is asked for, each verified."""

    def __init__(self, index: Index, key: bytes) -> None:
        self._index = index
        self._parts = parts_of(index, key)
        self._starts = [0]
        for _, size in self._parts:
            self._starts.append(self._starts[-1] + size)
        self._at = 0
        self._held = -1
        self._bytes = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._at, self._starts[-1])[whence]
        if base + offset < 0:
            raise ValueError(f"cannot seek to {base + offset}: it is before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        from bisect import bisect_right

        if self._at >= self._starts[-1] or not len(buffer):
            return 0
        number = bisect_right(self._starts, self._at) - 1
        if number != self._held:
            self._bytes = read_object(self._index, self._parts[number][0], (CHUNK, NODE))[1]
            self._held = number
        inner = self._at - self._starts[number]
        piece = self._bytes[inner : inner + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _plan(index: Index, keys: Iterable[bytes], kinds: tuple[int, ...]) -> Iterator[_Span]:
    members: list[tuple[bytes, Place]] = []
    pack, start, end = "", 0, 0
    for key in keys:
        place = locate(index, key, kinds)
        fits = (
            place.pack == pack
            and 0 <= place.offset - end <= _GAP_BYTES
            and place.offset + place.stored - start <= _SPAN_BYTES
        )
        if not fits:
            if members:
                yield _Span(pack, start, end - start, members)
            members, pack, start = [], place.pack, place.offset
        members.append((key, place))
        end = place.offset + place.stored
    if members:
        yield _Span(pack, start, end - start, members)


def _read_span(index: Index, span: _Span, kinds: tuple[int, ...]) -> Iterator[bytes]:
    try:
        data = memoryview(index.medium.get(f"packs/{span.pack}", span.start, span.length))
    except BlobNotFound:  # the pack was rewritten since it was planned
        for key, _ in span.members:
            yield read_object(index, key, kinds)[1]
        return
    for key, place in span.members:
        at = place.offset - span.start
        try:
            yield check(key, place, data[at : at + place.stored])
        except Damaged:
            yield read_object(index, key, kinds)[1]
