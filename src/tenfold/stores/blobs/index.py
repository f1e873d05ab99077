"""What lies where: the packs of a medium, the segments that index them, and the packs written since."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import BlobNotFound, Damaged, Invalid, TenfoldError
from tenfold.base.files import write_atomic
from tenfold.contracts import Medium
from tenfold.stores.blobs import chunks
from tenfold.stores.blobs.notes import decode_note, encode_note
from tenfold.stores.blobs.packs import Place, read_footer
from tenfold.stores.blobs.segments import Segment, encode_segment

FORMAT = {"format": "tenfold-blobs", "version": 1, "chunks": [chunks.MIN, chunks.AVERAGE, chunks.MAX, chunks.SMALL]}
FORMAT_NAME = "format.json"

_MANY_PACKS = 64
_MANY_RECORDS = 20_000


class Index:
    """The objects of one medium. Safe for threads; a look-up takes no lock.

    Nothing is read before the first look-up. What other processes write is seen after `refresh`, which the reading
    side calls when it misses something.
    """

    def __init__(self, medium: Medium, cache: Path | None = None, *, threads: int = 0, clock: Clock = now_ms) -> None:
        """`cache` keeps segments of a medium that is far away; `threads` are as many reads as go at once there."""
        self.medium = medium
        self.cache = cache
        self.threads = threads
        self.clock = clock
        self.packs: dict[str, tuple[int, int]] = {}
        """(size in bytes, modified UTC ms) of each pack on the medium."""
        self.broken: dict[str, str] = {}
        """Packs whose footer cannot be read, and why."""
        self.trash: str = ""
        """The newest name under trash/ when the medium was looked at: it changes when a collection begins."""
        self.condemned: dict[bytes, set[str]] = {}
        """Objects that a collection is about to remove, and from which packs: readable still, but not to be relied on."""
        self.doubtful: dict[str, str] = {}
        """Trash lists that cannot be read, and why. While there is one, uploads rely on nothing that was stored before."""
        self._segments: list[Segment] = []
        self._recent: dict[bytes, list[Place]] = {}
        self._loose: set[str] = set()
        self.held: dict[bytes, int] = {}
        """Content this process has pinned, and when (UTC ms)."""
        self._loaded = False
        self._checked_format = False
        self._lock = threading.RLock()

    def find(self, key: bytes, kinds: tuple[int, ...] | None = None) -> Place | None:
        """A place of the object, or None when it is not known here (another process may have written it since)."""
        if not self._loaded:
            self.refresh()
        packs = self.packs
        for place in self._recent.get(key, ()):
            if place.pack in packs and (kinds is None or place.kind in kinds):
                return place
        for segment in self._segments:
            for place in segment.find(key):
                if place.pack in packs and (kinds is None or place.kind in kinds):
                    return place
        return None

    def find_all(self, key: bytes, kinds: tuple[int, ...] | None = None) -> Iterator[Place]:
        """Every place of the object."""
        self.load()
        packs = self.packs
        for place in self._recent.get(key, ()):
            if place.pack in packs and (kinds is None or place.kind in kinds):
                yield place
        for segment in self._segments:
            for place in segment.find(key):
                if place.pack in packs and (kinds is None or place.kind in kinds):
                    yield place

    def find_firm(self, key: bytes, kinds: tuple[int, ...]) -> Place | None:
        """A place that no collection is about to remove, or None: what a writer may rely on instead of storing again."""
        if not self.condemned:
            return self.find(key, kinds)
        doomed = self.condemned.get(key, set())
        return next((place for place in self.find_all(key, kinds) if place.pack not in doomed), None)

    def all(self) -> Iterator[tuple[bytes, Place]]:
        """(key, place) of every object, in no order; twice where it lies in two packs."""
        self.load()
        seen: set[str] = set()
        for segment in list(self._segments):
            fresh = {name for name in segment.packs if name in self.packs and name not in seen}
            if fresh:
                yield from (item for item in segment if item[1].pack in fresh)
                seen |= fresh
        for key, places in list(self._recent.items()):
            for place in places:
                if place.pack in self.packs and place.pack not in seen:
                    yield key, place

    def add(self, name: str, size: int, places: Iterable[tuple[bytes, Place]]) -> None:
        """Take in a pack that was just written."""
        with self._lock:
            self.load()
            self.packs[name] = (size, self.clock())
            self._loose.add(name)
            self._take(name, places)

    def load(self) -> None:
        """Look at the medium unless that was done before."""
        if not self._loaded:
            self.refresh()

    def refresh(self) -> bool:
        """Look at the medium again; gives whether any pack came or went."""
        with self._lock:
            if not self._loaded:
                self.check_format()
            before = set(self.packs)
            self._read_trash()
            for _ in range(5):
                try:
                    self._read()
                    break
                except BlobNotFound:  # a segment or pack was merged away between listing and reading it
                    continue
            self._loaded = True
            return before != set(self.packs)

    def check_format(self, *, write: bool = False) -> None:
        """Raise Invalid when the medium holds another format; with `write`, name the format where none is named yet."""
        if self._checked_format:
            return
        try:
            found = msgspec.json.decode(self.medium.get(FORMAT_NAME), type=dict[str, Any])
        except BlobNotFound:
            if write:
                self.medium.put(FORMAT_NAME, msgspec.json.encode(FORMAT))
                self._checked_format = True
            return
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Damaged(
                f"{FORMAT_NAME} of the blob store is damaged. Write it again with: tenfold doctor --repair"
            ) from error
        if found.get("format") != FORMAT["format"] or found.get("version") != FORMAT["version"]:
            raise Invalid(
                f"The blob store's format is {found.get('format')} {found.get('version')}; this Tenfold reads "
                f"{FORMAT['format']} {FORMAT['version']}. Install the Tenfold it was made with, or a newer one"
            )
        self._checked_format = True

    def assume_format(self) -> None:
        """Go on although format.json is damaged: each pack says by its first bytes what it is."""
        self._checked_format = True

    def consolidate(self, *, force: bool = False) -> None:
        """Write one segment for the packs that have none, when there are many, taking in segments not larger than it.

        Readers then read one object instead of many. Where the medium cannot be written to nothing happens.
        """
        if not force and len(self._loose) < _MANY_PACKS and len(self._recent) < _MANY_RECORDS:
            return
        with self._lock:
            self.load()
            loose = [name for name in self._loose if name in self.packs and name not in self.broken]
            count = len(self._recent)
            merged = []
            for segment in sorted(self._segments, key=lambda s: s.count):
                if force or segment.count <= 2 * count:
                    merged.append(segment)
                    count += segment.count
            self._merge(loose, merged)

    def _merge(self, loose: list[str], merged: list[Segment]) -> None:
        if not loose and len(merged) < 2 and all(name in self.packs for s in merged for name in s.packs):
            return
        packs = {name for s in merged for name in s.packs if name in self.packs} | set(loose)
        chosen: dict[tuple[bytes, int, str], Place] = {}
        sources: list[Iterable[tuple[bytes, Place]]] = [*merged]
        sources.append((key, place) for key, places in self._recent.items() for place in places)
        for source in sources:
            for key, place in source:
                if place.pack in packs:
                    chosen[key, place.kind, place.pack] = place
        data = encode_segment(packs, ((key, place) for (key, _, _), place in chosen.items()))
        name = ids.new_id()
        try:
            self.medium.put(f"index/{name}", data)
            for segment in merged:
                self.medium.delete(f"index/{segment.name}")
        except (OSError, TenfoldError):  # a segment only saves time: the packs say the same
            return
        self._cache(name, data)
        self._segments = [s for s in self._segments if s not in merged] + [Segment(name, data)]
        self._loose -= packs
        self._recent = {
            key: kept for key, places in self._recent.items() if (kept := [p for p in places if p.pack not in packs])
        }

    def _read(self) -> None:
        names = [name.removeprefix("index/") for name, _, _ in self.medium.scan("index/")]
        known = {segment.name: segment for segment in self._segments}
        segments = []
        for name in names:
            try:
                segments.append(known.get(name) or self._get_segment(name))
            except Damaged as error:
                self.broken[f"index/{name}"] = str(error)
        packs = {name.removeprefix("packs/"): (size, at) for name, size, at in self.medium.scan("packs/")}
        covered = {name for segment in segments for name in segment.packs}
        for name in packs:
            if name not in covered and name not in self._loose and name not in self.broken:
                self._read_pack(name, packs[name][0])
        self.packs, self._segments, self._loose = packs, segments, packs.keys() - covered
        self._forget_cached({segment.name for segment in segments})

    def _read_pack(self, name: str, size: int) -> None:
        try:
            self._take(name, read_footer(self.medium, name, size))
        except Damaged as error:
            self.broken[name] = str(error)

    def _take(self, name: str, places: Iterable[tuple[bytes, Place]]) -> None:
        recent = self._recent
        for key, place in places:
            others = recent.get(key)
            if others is None:
                recent[key] = [place]
            elif all(other.pack != name or other.kind != place.kind for other in others):
                recent[key] = [*others, place]

    def _read_trash(self) -> None:
        names = sorted(name for name, _, _ in self.medium.scan("trash/"))
        newest = names[-1] if names else ""
        if newest == self.trash:
            return
        condemned: dict[bytes, set[str]] = {}
        doubtful: dict[str, str] = {}
        for name in names:
            try:
                packs, keys = decode_trash(name, self.medium.get(name))
            except BlobNotFound:
                continue
            except Damaged as error:
                doubtful[name] = str(error)
                continue
            for key in keys:
                condemned.setdefault(key, set()).update(packs)
        self.condemned, self.doubtful, self.trash = condemned, doubtful, newest

    def _get_segment(self, name: str) -> Segment:
        path = None if self.cache is None else self.cache / "index" / name
        if path is not None and path.is_file():
            try:
                return Segment(name, path.read_bytes())
            except Damaged:
                path.unlink(missing_ok=True)
        data = self.medium.get(f"index/{name}")
        segment = Segment(name, data)
        self._cache(name, data)
        return segment

    def _forget_cached(self, names: set[str]) -> None:
        if self.cache is None:
            return
        for path in (self.cache / "index").glob("*"):
            if path.name not in names and not path.name.startswith("."):
                path.unlink(missing_ok=True)

    def _cache(self, name: str, data: bytes) -> None:
        if self.cache is None:
            return
        try:
            (self.cache / "index").mkdir(parents=True, exist_ok=True)
            write_atomic(self.cache / "index" / name, data, durable=False)
        except OSError:  # the cache is a convenience
            return


def encode_trash(packs: set[str], keys: set[bytes]) -> bytes:
    """What a collection writes under trash/ before it removes anything."""
    return encode_note(sorted(packs), b"".join(sorted(keys)))


def decode_trash(name: str, data: bytes) -> tuple[list[str], list[bytes]]:
    """(packs, keys) of a trash list. Raises Damaged."""
    packs, keys = decode_note(name, data, tuple[list[str], bytes], before=lambda found: found)
    return packs, [keys[i : i + 32] for i in range(0, len(keys), 32)]
