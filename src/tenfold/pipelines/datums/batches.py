"""A batch of datums in one worker: inputs placed once, each datum tried, outputs stored together."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tenfold.base.clock import now_ms
from tenfold.base.errors import TenfoldError
from tenfold.contracts import Blobs
from tenfold.pipelines.datums.combining import Datum, Part
from tenfold.pipelines.datums.definition import Batch, decode_batch
from tenfold.pipelines.datums.inputs import Files, leaves
from tenfold.pipelines.datums.listing import lister
from tenfold.pipelines.datums.matching import entry_of
from tenfold.pipelines.datums.state import DatumState, Made, Record, encode_records
from tenfold.pipelines.executors.processes import kill_below
from tenfold.pipelines.host import at_hand
from tenfold.records import Entry
from tenfold.stores.blobs.referenced import referenced

ERROR_CHARACTERS = 2000


class Performer(ABC):
    """How one datum is run."""

    takes_lazy = True
    """False: lazy inputs are placed like the others, for there is nothing that could open them."""

    @abstractmethod
    def perform(self, place: Place, datum: Datum, out: Path, timeout_s: float | None) -> None:
        """Run a datum; what it gives goes into `out`, an empty folder. Raises what makes it fail."""

    def recover(self, place: Place, datum: Datum, out: Path) -> bool:
        """After the last try failed: True when an error handler made good for it."""
        return False


class Place:
    """A batch in its worker: where its inputs lie."""

    def __init__(self, batch: Batch, blobs: Blobs, folder: Path, *, takes_lazy: bool) -> None:
        self.batch, self.folder = batch, folder
        self._blobs = (blobs, referenced(blobs))
        self.files: list[Files] = list(leaves(batch.definition.input))
        if not takes_lazy:
            self.files = [msgspec.structs.replace(files, lazy=False) for files in self.files]
        self._entries = cache(blobs.entries)
        self._below = cache(lambda source: lister(blobs, batch.sources[source].tree, self._entries))

    def entries(self, part: Part) -> list[Entry]:
        """The entries that a part of a datum stands for, by their paths in the dataset."""
        file = entry_of(part.path, part.content, part.size_bytes)
        return [file] if file is not None else self._below(part.source)(part.path)

    def lies_elsewhere(self, part: Part) -> bool:
        """True for what is read in a bucket: it is in no store, and nothing made can point to it."""
        return self.batch.sources[part.source].is_reference

    def blobs(self, part: Part) -> Blobs:
        """Where the files of a part are read."""
        return self._blobs[self.lies_elsewhere(part)]

    def path(self, part: Part) -> Path:
        """Where a part lies, which is no lazy one."""
        return self._inputs / str(part.source) / part.path if part.path else self._inputs / str(part.source)

    @cached_property
    def _inputs(self) -> Path:
        folder = self.folder / "in"
        wanted: tuple[dict[str, Entry], dict[str, Entry]] = ({}, {})  # stored here, and in buckets
        for part in {part for datum in self.batch.datums for part in datum.parts}:
            files = self.files[part.source]
            if files.lazy:
                continue
            for entry in self.entries(part):
                path = f"{part.source}/{entry.path}"
                if files.empty_files and entry.kind == "file":
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path).touch()
                else:
                    wanted[self.lies_elsewhere(part)][path] = msgspec.structs.replace(entry, path=path)
        folder.mkdir(exist_ok=True)
        for blobs, some in zip(self._blobs, wanted, strict=True):
            blobs.place([some[path] for path in sorted(some)], folder)
        return folder


def run_batch(given: Path, performer: Performer) -> Path:
    """Run the datums of a batch; gives a file with their records. A datum that fails fails alone."""
    here, batch = at_hand(), decode_batch(given.read_bytes())
    blobs = here.stores().blobs
    folder = Path(tempfile.mkdtemp(prefix="batch-", dir=here.scratch))
    place, results = Place(batch, blobs, folder, takes_lazy=performer.takes_lazy), folder / "out"
    results.mkdir()
    records = [_run(place, performer, number, datum, results) for number, datum in enumerate(batch.datums)]
    linked = [_by_reference(place, datum, results / str(number)) for number, datum in enumerate(batch.datums)]
    made = _store(blobs, results)
    done = [
        msgspec.structs.replace(record, made=[*made.get(number, ()), *linked[number]], run_id=here.run_id)
        for number, record in enumerate(records)
    ]
    path = folder / "results.msgpack"
    path.write_bytes(encode_records(done))
    return path


def _run(place: Place, performer: Performer, number: int, datum: Datum, results: Path) -> Record:
    definition, began = place.batch.definition, time.monotonic()
    out, tries, error = results / str(number), 0, ""
    state: DatumState = "failed"
    while state == "failed" and tries <= definition.retries:
        tries += 1
        if tries > 1 and definition.retry_delay_s:
            time.sleep(definition.retry_delay_s * 2 ** (tries - 2))
        _empty(out)
        limit = _limit(place.batch)
        if limit is not None and limit <= 0:
            error = f"The run took longer than {definition.job_timeout_s:g} s before this datum's turn"
            break
        try:
            performer.perform(place, datum, out, limit)
            state = "done"
        except (Exception, SystemExit) as failure:  # the edge: a datum may raise anything
            error = _said(failure, datum, tries)
    if state == "failed":
        _empty(out)
        with contextlib.suppress(OSError):
            state = "recovered" if performer.recover(place, datum, out) else "failed"
        shutil.rmtree(out, ignore_errors=True)
    return Record(
        id=datum.id, hash=datum.hash, state=state, parts=datum.parts, seconds=round(time.monotonic() - began, 4),
        tries=tries, error="" if state == "done" else error, at_ms=now_ms(),
    )  # fmt: skip


def _limit(batch: Batch) -> float | None:
    left = None if batch.deadline_ms is None else (batch.deadline_ms - now_ms()) / 1000
    timeout = batch.definition.timeout_s
    return timeout if left is None else left if timeout is None else min(left, timeout)


def _said(failure: BaseException, datum: Datum, tries: int) -> str:
    paths = ", ".join(f"{part.name}/{part.path}" for part in datum.parts[:3])
    sys.stderr.write(f"--- datum {paths}, try {tries} failed\n")
    traceback.print_exception(failure)
    line = "".join(traceback.format_exception_only(failure)).strip().splitlines()[-1]
    return line.removeprefix(f"{TenfoldError.__module__}.")[:ERROR_CHARACTERS]


def _empty(out: Path) -> None:
    if out.exists():
        shutil.rmtree(out)
    out.mkdir()


def _by_reference(place: Place, datum: Datum, out: Path) -> list[Made]:
    """Links into the inputs become what they lead to, without reading it: how a step passes files on."""
    made: list[Made] = []
    if not out.is_dir():
        return made
    for folder, names, files in os.walk(out):
        for name in [*names, *files]:
            path = Path(folder, name)
            if not path.is_symlink():
                continue
            target = str(Path(folder) / path.readlink())
            for part in datum.parts:
                found = _led_to(place, part, target)
                if found is not None:
                    at = path.relative_to(out).as_posix()
                    path.unlink()
                    meant = {
                        f"{at}/{e.path[len(found) + 1 :]}" if e.path != found else at: e
                        for e in place.entries(part)
                        if e.path == found or not found or e.path.startswith(f"{found}/")
                    }
                    if place.lies_elsewhere(part):
                        _bring(place.blobs(part), meant, out)
                    else:
                        made += [Made(at, e.digest, e.size_bytes, e.mode, e.kind) for at, e in meant.items()]
                    break
    return made


def _bring(blobs: Blobs, meant: dict[str, Entry], out: Path) -> None:
    """Write files that lie in a bucket where a link to them stood."""
    for at, entry in meant.items():
        (out / at).parent.mkdir(parents=True, exist_ok=True)
        with blobs.open(entry.digest) as source, (out / at).open("xb") as into:
            shutil.copyfileobj(source, into, 1 << 20)


def _led_to(place: Place, part: Part, target: str) -> str | None:
    """The path in the dataset that a link's target means, when it is this part or below it."""
    roots = [f"/pfs/{part.name}"]
    if not place.files[part.source].lazy:
        roots.append(str(place.path(part))[: -len(part.path) - 1] if part.path else str(place.path(part)))
    clean = os.path.normpath(target)
    for root in roots:
        if clean == root or clean.startswith(f"{root}/"):
            path = clean[len(root) + 1 :]
            if path == part.path or not part.path or path.startswith(f"{part.path}/"):
                return path
    return None


def _store(blobs: Blobs, results: Path) -> dict[int, list[Made]]:
    """Store all outputs in one go; gives what each datum made, by its number."""
    found: dict[int, list[Made]] = {}
    tree = blobs.put_folder(results)
    for entry in blobs.entries(tree.digest):
        number, _, path = entry.path.partition("/")
        if path:
            made = Made(path, entry.digest, entry.size_bytes, entry.mode, entry.kind)
            found.setdefault(int(number), []).append(made)
    return found


@contextlib.contextmanager
def alarm(timeout_s: float | None) -> Iterator[None]:
    """Raises TimeoutError inside after this long, and ends every process started inside; in the main thread only."""
    if timeout_s is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise TimeoutError(f"took longer than {timeout_s:g} s")

    there = frozenset(child.pid for child in psutil.Process().children())
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    except TimeoutError:
        signal.setitimer(signal.ITIMER_REAL, 0)
        kill_below(psutil.Process(), spare=there)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
