"""What a schedule may wait for besides refs that move: another pipeline's end, a monitor's alarm, a file that arrives.

    pipeline:NAME@STATE     a run of it came to finished (when no state is named), failed, killed, or any end: ended
    monitor:NAME            one of its checks raised an alarm
    file:GLOB               a file is there and has stopped to grow: file:/in/*.csv, file:s3://bucket/in/**/*.csv

Each has a key that never changes, so that one happening starts one run however often, and by whomever, it is seen.
"""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound, Invalid
from tenfold.contracts import Stores
from tenfold.records import And, Compare, Order, Run, RunQuery

_ENDS = {
    "finished": ["finished"],
    "failed": ["failed"],
    "killed": ["killed"],
    "ended": ["finished", "failed", "killed"],
}
_PAGE = 200
SETTLE_S = 1.0
"""A file is taken once its size and time were the same for so long."""
FOLDER_EVERY_S, BUCKET_EVERY_S = 0.5, 10.0


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    source: str
    """The text of the schedule that it is one of."""
    key: str
    at_ms: int
    key_ms: int
    """A time that is as fixed as the key."""
    says: str
    values: dict[str, str]
    """What params may name: {run}, {state}, {monitor}, {file}, {name}."""


def is_happening(text: str) -> bool:
    """True for what is no ref."""
    return text.partition(":")[0] in ("pipeline", "monitor", "file")


def check_happening(text: str) -> str:
    """The text made whole. Raises Invalid."""
    kind, _, rest = text.partition(":")
    if kind == "file":
        if not rest:
            raise Invalid(f"{text!r} names no file. Write it like file:/incoming/*.csv", field="on")
        return text if "://" in rest else f"file:{Path(rest).expanduser().absolute()}"
    name, _, state = rest.partition("@")
    known = _ENDS if kind == "pipeline" else ("alarm",)
    state = state or next(iter(known))
    if not name or state not in known:
        raise Invalid(f"{text!r} is not understood. Write {kind}:NAME@STATE with one of {', '.join(known)}", field="on")
    return f"{kind}:{name}@{state}"


def happened(stores: Stores, source: str, since_ms: int) -> list[Happening]:
    """Ends or alarms since a moment, oldest first; files are looked for with `Arrivals`."""
    kind, _, rest = source.partition(":")
    name, _, state = rest.rpartition("@")
    states: list[str | float | int] = list(_ENDS[state]) if kind == "pipeline" else ["finished"]
    where = And([Compare("name", "=", name), Compare("state", "in", states), Compare("ended_at_ms", ">=", since_ms)])
    query = RunQuery(
        kinds=["pipeline" if kind == "pipeline" else "check"], where=where, order=[Order("ended_at_ms")], limit=_PAGE,
        deleted=None, count=False,
    )  # fmt: skip
    if kind == "pipeline":
        return [_of_run(source, kind, run) for run in _pages(stores, query)]
    checks = (run for run in _pages(stores, query) if run.result.get("status") == "alarm")
    found = [_of_run(source, kind, run) for run in checks if not run.result.get("keeps_alarms")]
    return sorted([*found, *_opened(stores, source, name, since_ms)], key=lambda one: (one.at_ms, one.key))


def _opened(stores: Stores, source: str, name: str, since_ms: int) -> list[Happening]:
    """Alarms that opened since a moment; those of one check are one."""
    where = And([Compare("name", "=", name), Compare("created_at_ms", ">=", since_ms)])
    query = RunQuery(
        kinds=["alarm"], where=where, order=[Order("created_at_ms")], limit=_PAGE, deleted=None, count=False
    )
    found: dict[str, Happening] = {}
    for run in _pages(stores, query):
        check = run.result["check"]
        found.setdefault(
            check,
            Happening(
                source=source, key=f"{check}/alarm", at_ms=run.created_at_ms, key_ms=ids.time_ms(check),
                says=f"monitor {name} raised an alarm (run:{check})", values={"run": check, "state": "alarm", "monitor": name},
            ),
        )  # fmt: skip
    return list(found.values())


def _pages(stores: Stores, query: RunQuery) -> Iterator[Run]:
    while True:
        page = stores.runs.search(query).items
        yield from page
        if len(page) < query.limit:
            return
        query = msgspec.structs.replace(query, offset=query.offset + query.limit)


def _of_run(source: str, kind: str, run: Run) -> Happening:
    ended = run.ended_at_ms or run.created_at_ms
    said = f"pipeline {run.name} {run.state}" if kind == "pipeline" else f"monitor {run.name} raised an alarm"
    return Happening(
        source=source,
        key=f"{run.id}/{run.state}/{ended}",
        at_ms=ended,
        key_ms=ended,
        says=f"{said} (run:{run.id})",
        values={"run": run.id, "state": run.state, kind: run.name},
    )


class Arrivals:
    """Looks for files of one glob. What it has seen is in memory alone: after a restart all are seen again."""

    def __init__(self, source: str) -> None:
        self._source, self._pattern = source, source.partition(":")[2]
        self._is_bucket = "://" in self._pattern
        self._known: dict[str, tuple[str, float]] = {}
        """By path: its size and time, and since when they were the same."""
        self._looked_at = float("-inf")

    def look(self) -> list[Happening]:
        """Files that have stopped to grow, each at every look; [] when it is too early to look again."""
        now = time.monotonic()
        if now - self._looked_at < (BUCKET_EVERY_S if self._is_bucket else FOLDER_EVERY_S):
            return []
        self._looked_at = now
        seen = dict(self._in_bucket() if self._is_bucket else self._in_folder())
        before, self._known = self._known, {}
        found = []
        for path, (stamp, key_ms, at_ms) in seen.items():
            old = before.get(path)
            since = old[1] if old is not None and old[0] == stamp else now
            self._known[path] = stamp, since
            if self._is_bucket or now - since >= SETTLE_S:  # a bucket shows no object before it is whole
                found.append(self._arrived(path, stamp, key_ms, at_ms))
        return sorted(found, key=lambda one: (one.at_ms, one.key))

    def _arrived(self, path: str, stamp: str, key_ms: int, at_ms: int) -> Happening:
        name = path.rpartition("/")[2]
        values = {"file": path, "name": name}
        return Happening(
            source=self._source,
            key=f"{path}/{stamp}",
            at_ms=at_ms,
            key_ms=key_ms,
            says=f"file {path} arrived",
            values=values,
        )

    def _in_folder(self) -> Iterator[tuple[str, tuple[str, int, int]]]:
        for path in glob.iglob(self._pattern, recursive=True):  # noqa: PTH207 - the pattern is a whole path
            try:
                found = Path(path).stat()
            except OSError:  # gone meanwhile
                continue
            if Path(path).is_file():
                stamp = f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
                written_ms = found.st_mtime_ns // 1_000_000
                # The change time tells when it came: a file that is moved here keeps the time it was written.
                yield path, (stamp, written_ms, max(found.st_ctime_ns // 1_000_000, written_ms))

    def _in_bucket(self) -> Iterator[tuple[str, tuple[str, int, int]]]:
        from tenfold.stores.blobs.objects import Bucket

        fixed = re.split(r"[*?\[]", self._pattern)[0].rpartition("/")[0]
        try:
            found = Bucket(fixed).find(fixed)
        except BlobNotFound:
            return
        for key, one in found.items():
            path = f"{fixed}/{key}"
            if fnmatchcase(path, self._pattern.replace("**/", "*")):
                yield path, (f"{one.size_bytes}-{one.etag}-{one.version}", one.modified_ms, one.modified_ms)
