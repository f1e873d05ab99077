"""What a folder on disk looked like when it was last read, so that unchanged files are not read again.

Losing a state costs time, never data: it names the hash of a file by inode, size, mtime and ctime, and a file changed
at, or just before, the moment it was read is never taken as known (the rule git has for racy entries).
"""

from __future__ import annotations

import os
import time
from array import array
from pathlib import Path

import msgspec
from blake3 import blake3

from tenfold.base.files import write_atomic
from tenfold.base.hashing import digest

_VERSION = 1
_GRANULARITY_NS = 20_000_000
_FIELDS = 4
_decoder = msgspec.msgpack.Decoder(tuple[int, dict[str, tuple[list[str], bytes, bytes]]])

Listing = tuple[list[str], bytes, bytes]
"""Of one folder: names of its files in order, (inode, size, mtime ns, ctime ns) of each, their keys joined."""


class FolderState:
    """The state of one folder and all below it. `before` is what was known, `now` what is being noted.

    Args:
        key_bytes: Length of the key of a file: 32 for those of this store, 16 for md5 in the DVC door.
    """

    def __init__(self, folder: Path, cache: Path | None, *, key_bytes: int = 32) -> None:
        self._key_bytes = key_bytes
        self._path = None if cache is None else cache / "state" / f"{digest(os.fsencode(folder.resolve()))}.bin"
        self.before: dict[str, Listing] = self._load()
        self.now: dict[str, Listing] = {}
        self._racy_from = time.time_ns() - _GRANULARITY_NS

    def known(self, folder: str, names: list[str], stats: array[int]) -> list[bytes | None]:
        """The key of each file of one folder, None where it must be read."""
        listing = self.before.get(folder)
        if listing is None:
            return [None] * len(names)
        old_names, old_stats, old_keys = listing
        long = self._key_bytes
        if old_names == names and old_stats == stats.tobytes():
            return [old_keys[i : i + long] for i in range(0, len(old_keys), long)]
        width = 8 * _FIELDS
        old = {
            name: (old_stats[i * width : (i + 1) * width], old_keys[i * long : (i + 1) * long])
            for i, name in enumerate(old_names)
        }
        raw = stats.tobytes()
        found: list[bytes | None] = []
        for number, name in enumerate(names):
            stat, key = old.get(name, (b"", b""))
            found.append(key if stat == raw[number * width : (number + 1) * width] else None)
        return found

    def note(self, folder: str, names: list[str], stats: array[int], keys: list[bytes]) -> None:
        """Remember the files of one folder as they were read."""
        for at in range(0, len(stats), _FIELDS):
            if stats[at + 2] >= self._racy_from or stats[at + 3] >= self._racy_from:
                stats[at + 3] = 0  # no file has this ctime, so it is read again
        self.now[folder] = (names, stats.tobytes(), b"".join(keys))

    def save(self) -> None:
        """Keep what was noted, for the next reader."""
        if self._path is None or self.now == self.before:
            return
        body = msgspec.msgpack.encode((_VERSION, self.now))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, body + blake3(body).digest(), durable=False)
        except OSError:  # costs the next reader time
            return

    def _load(self) -> dict[str, Listing]:
        if self._path is None:
            return {}
        try:
            data = self._path.read_bytes()
        except OSError:
            return {}
        body = memoryview(data)[:-32]
        if len(data) < 32 or blake3(body).digest() != data[-32:]:
            return {}
        try:
            version, listings = _decoder.decode(body)
        except msgspec.MsgspecError:
            return {}
        return listings if version == _VERSION else {}
