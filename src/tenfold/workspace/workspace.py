"""A workspace: the stores in use, opened once a process, and the local folder beside them."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.base import settings
from tenfold.base.errors import Unavailable
from tenfold.workspace.family import inherited_place
from tenfold.workspace.location import Location, locate

if TYPE_CHECKING:
    from tenfold.contracts import Blobs, Medium, Stores

WORKER_OPENER = "tenfold.workspace:open_worker_stores"
"""How a pipeline's worker process opens the stores of the run it works for."""


@dataclass(frozen=True)
class Workspace:
    """Stores are opened at first use, so that naming a workspace costs nothing."""

    location: Location

    @cached_property
    def stores(self) -> Stores:
        """All stores of this place. Made and migrated when they do not exist yet."""
        return _open_stores(self.location)

    @cached_property
    def blobs(self) -> Blobs:
        """The bytes alone, without opening a database where that can be: what `tenfold data status` needs."""
        if "stores" in self.__dict__ or self.location.kind == "server":
            return self.stores.blobs
        from tenfold.stores.blobs import open_blobs

        ensure_folder(self.location)
        return open_blobs(self.location.blobs or self.folder / "objects", self.folder / "cache")

    @property
    def medium(self) -> Medium:
        """Where the bytes lie, for a server that hands them on."""
        from tenfold.stores.blobs import open_medium

        return open_medium(self.location.blobs or self.folder / "objects")

    @property
    def folder(self) -> Path:
        """The local folder for journals, predictions and caches."""
        return self.location.folder

    @property
    def journals(self) -> Path:
        return self.folder / "journals"

    @property
    def predictions(self) -> Path:
        return self.folder / "predictions"

    @property
    def project(self) -> str:
        """The project of a run that names none."""
        return settings.get("project") or "default"

    def opener(self) -> dict[str, str | None]:
        """What a worker process needs to open the same stores: keyword arguments of `open_worker_stores`.

        Holds no token: workers inherit it by environment.
        """
        return {"store": self.location.store, "blobs": self.location.blobs, "folder": str(self.folder)}


def ensure_folder(location: Location) -> None:
    """Make the local folder of a location. Raises Unavailable when it cannot be made or written to."""
    ignore = location.folder / ".gitignore"
    try:
        location.folder.mkdir(parents=True, exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        raise Unavailable(
            f"The folder {location.folder} cannot be made or written to ({error.strerror}). Name another with --store "
            "or TENFOLD_STORE",
            field="store",
        ) from error


def _open_stores(location: Location) -> Stores:
    from tenfold.contracts import Stores

    ensure_folder(location)
    if location.kind == "server":
        from tenfold.stores.http import open_http

        return open_http(location.store, location.token, location.folder / "cache")
    from tenfold.stores.blobs import open_blobs
    from tenfold.stores.sql import open_sql

    url = f"sqlite:///{location.folder / 'tenfold.db'}" if location.kind == "folder" else location.store
    sql = open_sql(url)
    blobs = open_blobs(location.blobs or location.folder / "objects", location.folder / "cache")
    return Stores(
        runs=sql.runs,
        series=sql.series,
        versions=sql.versions,
        refs=sql.refs,
        lineage=sql.lineage,
        tasks=sql.tasks,
        events=sql.events,
        blobs=blobs,
    )


_current: Workspace | None = None
_lock = threading.RLock()


def open_workspace(store: str | None = None, *, blobs: str | None = None, token: str | None = None) -> Workspace:
    """A workspace at the place that arguments, environment and tenfold.toml name; see `locate`."""
    return Workspace(locate(store, blobs=blobs, token=token))


def current() -> Workspace:
    """This process's workspace, opened once: the one set by `use`, else that of the run that started this process, else
    the one settings name."""
    global _current
    with _lock:
        if _current is None:
            store, blobs = inherited_place()
            _current = open_workspace(store, blobs=blobs)
        return _current


def use(place: Workspace | str, *, blobs: str | None = None, token: str | None = None) -> Workspace:
    """Make a workspace the one `current()` gives in this process; gives it back.

    Args:
        place: A workspace, or where its store is: a folder, postgresql://… (with `blobs`), http://server.
    """
    global _current
    workspace = open_workspace(place, blobs=blobs, token=token) if isinstance(place, str) else place
    with _lock:
        _current = workspace
    return workspace


def open_worker_stores(store: str, blobs: str | None = None, folder: str | None = None) -> Stores:
    """The stores of a run, in a worker process; also makes them this process's workspace."""
    location = locate(store, blobs=blobs)
    if folder is not None:
        location = Location(location.kind, location.store, Path(folder), location.blobs, location.token)
    return use(Workspace(location)).stores


def _after_fork() -> None:
    """A forked child opens its own connections; its parent's stay untouched."""
    global _current, _lock
    _lock = threading.RLock()
    if _current is not None:
        _current = Workspace(_current.location)


os.register_at_fork(after_in_child=_after_fork)
