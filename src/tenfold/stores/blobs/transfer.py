"""Copying trees from one blob store to another: what is missing there, in packs, content before the folders that name it.

Objects go over as they are stored, compressed, each checked against its hash on the way. What an interrupted copy left
counts for the next one, pack by pack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from tenfold.base.errors import BlobNotFound, Damaged
from tenfold.contracts.blobs import Progress
from tenfold.records import Entry
from tenfold.stores.blobs.codec import RAW
from tenfold.stores.blobs.copy_plan import CopyPlan, Object, plan_files, plan_trees
from tenfold.stores.blobs.index import Index
from tenfold.stores.blobs.packs import PackBuilder, Place, read_footer
from tenfold.stores.blobs.reading import check, read_object
from tenfold.stores.blobs.upload import Moved, Upload

PACK_BYTES = 32 << 20
"""How large the packs of a copy grow: what is sent again when a copy was cut short is a few of them at most."""

_AT_ONCE = 4
_ATTEMPTS = 4
_SPAN_BYTES = 8 << 20
_GAP_BYTES = 32_768


def plan_copy(source: Index, target: Index, trees: Iterable[bytes]) -> CopyPlan:
    """What `copy_trees` would bring over. Raises BlobNotFound when the source lacks some of it."""
    return plan_trees(source, Upload(target), trees)


def plan_copy_files(source: Index, target: Index, entries: Iterable[Entry]) -> CopyPlan:
    """What `copy_files` would bring over. Raises BlobNotFound when the source lacks some of it."""
    return plan_files(source, Upload(target), entries)


def copy_trees(source: Index, target: Index, trees: Iterable[bytes], *, progress: Progress | None = None) -> CopyPlan:
    """Make trees whole in the target; gives what was missing there.

    At every instant whatever folder the target has is whole. The trees are held against collection for a day.

    Args:
        progress: Called with (bytes sent, bytes to be sent), as they are stored.

    Raises:
        BlobNotFound, Damaged: The source lacks something, or has it damaged; what went over is sound and counts later.
    """
    roots = list(dict.fromkeys(trees))
    return _copy(source, target, lambda upload: plan_trees(source, upload, roots), roots, progress)


def copy_files(source: Index, target: Index, entries: Iterable[Entry], *, progress: Progress | None = None) -> CopyPlan:
    """Bring the content of these entries over, as `copy_trees` does, without any folder; gives what was missing there."""
    files = [entry for entry in entries if entry.kind != "folder"]
    keys = [bytes.fromhex(entry.digest) for entry in files]
    return _copy(source, target, lambda upload: plan_files(source, upload, files), keys, progress)


def _copy(
    source: Index,
    target: Index,
    planned: Callable[[Upload], CopyPlan],
    roots: list[bytes],
    progress: Progress | None,
) -> CopyPlan:
    mine: set[str] = set()
    for attempt in range(1, _ATTEMPTS + 1):
        target.load()
        upload = Upload(target, progress, mine=mine, alone=attempt == _ATTEMPTS)
        try:
            plan = planned(upload)
            upload.total_bytes = plan.size_bytes
            _carry_out(source, upload, plan)
            upload.finish(roots)
        except Moved:  # a collection ran beside this: what was relied on may be gone
            target.refresh()
            continue
        finally:
            upload.close()
        target.consolidate()
        return plan
    raise AssertionError("a copy that relies on nothing cannot be crossed")


def _carry_out(source: Index, upload: Upload, plan: CopyPlan) -> None:
    with ThreadPoolExecutor(_AT_ONCE, "tenfold-send") as pool, _Packer(upload, pool) as packer:
        for objects in (plan.content, plan.recipes, plan.folders):
            for key, place, stored in _read(source, objects):
                packer.add(key, place, stored)
                upload.advance(place.stored)
            packer.in_order()
        packer.flush()
    for name in packer.written:
        read_footer(upload.index.medium, name, upload.index.packs[name][0])  # what arrived is what was sent


class _Packer:
    """Packs on their way out, several at once until order counts."""

    def __init__(self, upload: Upload, pool: ThreadPoolExecutor) -> None:
        self.written: list[str] = []
        self._upload, self._pool = upload, pool
        self._builder = PackBuilder()
        self._free: list[PackBuilder] = []
        self._under_way: deque[tuple[PackBuilder, Future[int]]] = deque()
        self._is_ordered = False

    def __enter__(self) -> _Packer:
        return self

    def __exit__(self, *raised: object) -> None:
        if raised[0] is None:
            self._wait(0)

    def add(self, key: bytes, place: Place, stored: bytes | memoryview) -> None:
        if (key, place.kind) in self._builder.places:
            return
        self._builder.add(key, place.kind, place.codec, stored, place.plain)
        if self._builder.size >= PACK_BYTES:
            self.flush(more=True)

    def in_order(self) -> None:
        """From here on a pack goes out only when all before it are durable."""
        self._is_ordered = True

    def flush(self, *, more: bool = False) -> None:
        if not self._builder.places:
            return
        self._upload.index.check_format(write=True)
        if more:
            self._upload.say_alive()
        self._wait(0 if self._is_ordered else _AT_ONCE - 1)
        builder = self._builder
        self._under_way.append((builder, self._pool.submit(builder.put, self._upload.index.medium)))
        if self._is_ordered:
            self._wait(0)
        self._builder = self._free.pop() if self._free else PackBuilder()

    def _wait(self, at_most: int) -> None:
        while len(self._under_way) > at_most:
            builder, future = self._under_way.popleft()
            size = future.result()
            self._upload.mine.add(builder.name)
            places = [(key, place) for (key, _), place in builder.places.items()]
            self._upload.index.add(builder.name, size, places)
            self.written.append(builder.name)
            builder.begin()
            self._free.append(builder)


def _read(source: Index, objects: list[Object]) -> Iterator[tuple[bytes, Place, bytes | memoryview]]:
    """(key, place, stored bytes) of each object, checked; neighbours in one read, several at once where it is far."""
    spans = _spans(objects)
    if not source.threads:
        for span in spans:
            yield from _read_span(source, span)
        return
    with ThreadPoolExecutor(source.threads, "tenfold-read") as pool:
        waiting: deque[Future[list[tuple[bytes, Place, bytes | memoryview]]]] = deque()
        for span in spans:
            waiting.append(pool.submit(lambda s: list(_read_span(source, s)), span))
            if len(waiting) >= source.threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _spans(objects: list[Object]) -> Iterator[list[Object]]:
    span: list[Object] = []
    pack, start, end = "", 0, 0
    for place, key in objects:
        near = place.pack == pack and 0 <= place.offset - end <= _GAP_BYTES
        if span and not (near and place.offset + place.stored - start <= _SPAN_BYTES):
            yield span
            span = []
        if not span:
            pack, start = place.pack, place.offset
        span.append((place, key))
        end = place.offset + place.stored
    if span:
        yield span


def _read_span(source: Index, span: list[Object]) -> Iterator[tuple[bytes, Place, bytes | memoryview]]:
    first, last = span[0][0], span[-1][0]
    try:
        data = source.medium.get(f"packs/{first.pack}", first.offset, last.offset + last.stored - first.offset)
    except BlobNotFound:  # the pack was rewritten since
        data = b""
    view = memoryview(data)
    for place, key in span:
        at = place.offset - first.offset
        stored = view[at : at + place.stored]
        try:
            check(key, place, stored)
        except Damaged:
            kind, plain = read_object(source, key, (place.kind,))  # another copy, or the error that names the damage
            yield key, place._replace(kind=kind, codec=RAW, stored=len(plain), plain=len(plain)), plain
            continue
        yield key, place, stored
