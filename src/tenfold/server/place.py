"""What a route needs to know of where it runs: the stores, and the local folder beside them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.contracts import Medium, Stores
    from tenfold.workspace import Workspace
    from tenfold.workspace.lineage import PredictionFinder


@cache
def version() -> str:
    """Of the installed package."""
    return metadata.version("tenfold")


@dataclass
class Place:
    """The stores of a server. Those of a workspace are opened at first use, once, so that the first page waits for nothing."""

    name: str
    """Folder or address of the store, without secrets."""
    folder: Path | None = None
    """The local folder beside the stores: journals, predictions, logs of steps that run."""
    opened: Stores | None = None
    opened_medium: Medium | None = None
    workspace: Workspace | None = None
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    """What routes keep between requests, by who keeps it."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def stores(self) -> Stores:
        if self.opened is None:
            with self._lock:
                if self.opened is None:
                    assert self.workspace is not None
                    self.opened = self.workspace.stores
        return self.opened

    @property
    def medium(self) -> Medium | None:
        """Where the bytes lie; None when this server does not hand them on."""
        if self.opened_medium is None and self.workspace is not None:
            self.opened_medium = self.workspace.medium
        return self.opened_medium

    @property
    def predictions(self) -> Path | None:
        """Where prediction journals lie that are not versions yet."""
        return self.folder / "predictions" if self.folder is not None else None

    @property
    def find_prediction(self) -> PredictionFinder:
        """How a prediction is found: in the store, and in the journals of this machine."""
        from tenfold.workspace import finder_in

        return finder_in(self.predictions)


def place_of(workspace: Workspace) -> Place:
    """The place of a workspace, nothing opened yet."""
    return Place(name=str(workspace.location), folder=workspace.folder, workspace=workspace)


def place_of_stores(
    stores: Stores, *, name: str = "", folder: Path | None = None, medium: Medium | None = None
) -> Place:
    """A place of stores that are open already; `folder` is the one that holds journals and predictions."""
    return Place(name=name, folder=folder, opened=stores, opened_medium=medium)
