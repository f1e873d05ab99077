"""What a run tells its store besides points: done at once, or, while the store is away, kept in order for later.

Every deed may be done twice with the same effect as once, so a kill between doing and noting does no harm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Union

import msgspec

from tenfold.base.errors import Damaged, TenfoldError, Unavailable
from tenfold.base.patience import patience
from tenfold.contracts import Stores
from tenfold.records import Draft, Edge, Entry, Run, RunChange, RunState, Version
from tenfold.stores.series.place import Place

SPOOL, TAKEN = "deeds", "deeds-taken"
PATIENCE_S = 3.0
"""How long a call of the user's program waits for a store that does not answer, before it is left for later."""
FILES = "files"
Content = dict[str, Path | bytes]
"""{path in the tree: file on disk or bytes}."""


class Create(msgspec.Struct, frozen=True, tag="create"):
    """A run begins to exist."""

    run: Run


class Change(msgspec.Struct, frozen=True, tag="change"):
    """Some fields of a run change."""

    run_id: str
    change: RunChange


class Transition(msgspec.Struct, frozen=True, tag="transition"):
    """A run comes into another state."""

    run_id: str
    to: RunState
    expect: list[RunState]
    at_ms: int
    change: RunChange | None = None


class Used(msgspec.Struct, frozen=True, tag="used"):
    """A run used a version."""

    edge: Edge


class Publish(msgspec.Struct, frozen=True, tag="publish"):
    """A version is made. `files` lie in the spool's folder: {path in the tree: name there}. None: it is inline."""

    draft: Draft
    files: dict[str, str] | None = None


Deed = Union[Create, Change, Transition, Used, Publish]  # noqa: UP007 - msgspec takes tagged unions by this name


class Outbox:
    """The deeds of one run in one process, in order. Any thread may add; one at a time is done.

    Until `open` is called, by the thread that made it, other threads wait: the run's own beginning goes first.
    """

    def __init__(self, stores: Stores, place: Callable[[], Place], warn: Callable[[str, str], None]) -> None:
        self._stores, self._place, self._warn = stores, place, warn
        self._lock = threading.RLock()  # held while the store is spoken to
        self._lock.acquire()
        self._spooling = threading.Lock()  # held for moments, while the spool changes
        self._waiting = False

    def open(self) -> None:
        """Let other threads in."""
        self._lock.release()

    def do(self, deed: Deed, content: Content | None = None) -> Version | None:
        """Do a deed now if the store is there and none waits before it; else keep it. Waits a few seconds at most.

        Gives the version of a `Publish`, None when it has to wait. Raises what the store refuses (a wrong name, a
        version that does not exist), never that it is away.
        """
        if not self._waiting and self._lock.acquire(timeout=PATIENCE_S):
            try:
                if not self._waiting:
                    with patience(PATIENCE_S):
                        return perform(self._stores, deed, content)
            except Exception as error:
                if not is_away(error):
                    raise
                self._warn("away", f"The store cannot be used: {error}. The run goes on and is sent later")
            finally:
                self._lock.release()
        self._keep(deed, content or {})
        return None

    @property
    def waiting(self) -> bool:
        """True when something is kept for later."""
        return self._waiting

    def flush(self) -> bool:
        """Do what waits; True when nothing waits any more. While it goes on others may add, and wait for nothing."""
        with self._lock:
            while self._waiting:
                folder = self._place().folder
                with self._spooling:
                    take(folder)
                try:
                    replay(self._stores, folder)
                except Exception as error:
                    if is_away(error):
                        return False
                    raise
                with self._spooling:
                    self._waiting = (folder / SPOOL).exists()
            return True

    def flush_quietly(self) -> bool:
        """The same for a thread that serves others too: an error counts as "not yet"."""
        try:
            return self.flush()
        except Exception as error:
            self._warn("spool", f"What was kept for later cannot be sent: {error}. It stays on disk")
            return False

    def after_fork(self) -> None:
        """In a forked child: what waits is the parent's to send."""
        self._lock, self._spooling, self._waiting = threading.RLock(), threading.Lock(), False

    def _keep(self, deed: Deed, content: Content) -> None:
        try:
            folder = self._place().folder
            if content and isinstance(deed, Publish):
                deed = msgspec.structs.replace(deed, files=_keep_files(folder / FILES, deed.draft.id, content))
            line = msgspec.msgpack.encode(deed)
            with self._spooling:
                with (folder / SPOOL).open("ab") as spool:
                    spool.write(len(line).to_bytes(4, "little") + line)
                self._waiting = True
        except OSError as error:
            self._warn("spool", f"Something of the run could not be kept for later: {error}. Free space there")


def perform(stores: Stores, deed: Deed, content: Content | None = None) -> Version | None:
    """Do one deed; doing it again changes nothing more."""
    if isinstance(deed, Create):
        stores.runs.create([deed.run])
    elif isinstance(deed, Change):
        stores.runs.update(deed.run_id, deed.change)
    elif isinstance(deed, Transition):
        stores.runs.transition(deed.run_id, deed.to, expect=deed.expect, at_ms=deed.at_ms, change=deed.change)
    elif isinstance(deed, Used):
        stores.lineage.add([deed.edge])
    else:
        draft = deed.draft
        if content:
            files: dict[str, Path | bytes | Entry] = {**content}
            tree = stores.blobs.put_tree(files)
            draft = msgspec.structs.replace(draft, digest=tree.digest, size_bytes=tree.size_bytes, files=tree.files)
        return stores.versions.publish([draft])[0]
    return None


def take(folder: Path) -> None:
    """Set aside the deeds a folder keeps, for `replay`, unless some are set aside already."""
    if (folder / SPOOL).exists() and not (folder / TAKEN).exists():
        (folder / SPOOL).rename(folder / TAKEN)


def replay(stores: Stores, folder: Path) -> int:
    """Do the deeds that are set aside, then forget them; gives how many. A last one torn by a kill is passed over."""
    taken = folder / TAKEN
    if not taken.exists():
        return 0
    deeds = _read(taken)
    for deed in deeds:
        content: Content = {}
        if isinstance(deed, Publish) and deed.files is not None:
            content = {path: folder / FILES / name for path, name in deed.files.items()}
        try:
            perform(stores, deed, content)
        except TenfoldError as error:
            if is_away(error) or isinstance(error, Damaged):
                raise
            # a run deleted meanwhile, a name refused: it will never be taken, and what follows shall not wait for it
    taken.unlink()
    return len(deeds)


def is_away(error: BaseException) -> bool:
    """True when an error says that the store cannot be reached or has no room: worth another try."""
    if isinstance(error, TenfoldError):
        return isinstance(error, (Unavailable, OSError)) and not isinstance(error, PermissionError)
    return isinstance(error, OSError)


def _keep_files(folder: Path, id_: str, content: Content) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    names = {}
    for index, (path, data) in enumerate(content.items()):
        names[path] = f"{id_}-{index}"
        (folder / names[path]).write_bytes(data if isinstance(data, bytes) else data.read_bytes())
    return names


def _read(spool: Path) -> list[Deed]:
    data, deeds, at = spool.read_bytes(), [], 0
    decoder: msgspec.msgpack.Decoder[Deed] = msgspec.msgpack.Decoder(Deed)
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + length > len(data):
            break
        deeds.append(decoder.decode(data[at + 4 : at + 4 + length]))
        at += 4 + length
    return deeds
