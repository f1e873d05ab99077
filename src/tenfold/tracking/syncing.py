"""Send what processes that are gone left in the journals folder: deeds, points, console output."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tenfold.base.errors import RunNotFound
from tenfold.contracts import Stores
from tenfold.stores.series.place import claimed, discard, left_behind, run_id_of
from tenfold.stores.series.shipper import ship_left
from tenfold.tracking.capture.console import send_new
from tenfold.tracking.outbox import is_away, perform, replay, take


@dataclass
class Synced:
    """What a sync did. `kept` says of each folder that could not be sent why not; it stays as it is."""

    points: int = 0
    deeds: int = 0
    folders: int = 0
    live: int = 0
    """Folders whose owner lives and sends them itself."""
    kept: dict[str, str] = field(default_factory=dict)


def sync(stores: Stores, journals: Path, *, run_id: str | None = None) -> Synced:
    """Send what dead processes left, of one run or of all, each thing once, and delete what was sent.

    Several processes may sync at once. What cannot be sent stays for the next time.
    """
    done = Synced()
    for folder in left_behind(journals):
        if run_id is not None and run_id_of(folder) != run_id:
            continue
        with claimed(folder) as mine:
            if not mine:
                done.live += folder.exists()
                continue
            try:
                _send(stores, folder, done)
            except RunNotFound:
                done.kept[folder.name] = "its run is not in this store"
            except Exception as error:
                done.kept[folder.name] = str(error)
                if is_away(error):
                    break
    return done


def _send(stores: Stores, folder: Path, done: Synced) -> None:
    for _ in range(2):  # what was set aside when the process died, then what came after
        take(folder)
        done.deeds += replay(stores, folder)
    done.points += ship_left(stores.series, folder)
    send_new(folder, run_id_of(folder), lambda deed, content: perform(stores, deed, content), everything=True)
    discard(folder)
    done.folders += 1
