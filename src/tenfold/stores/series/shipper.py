"""Shipping: from journals to a store, exactly once whatever dies when. No thread lives here; tracking/ has one."""

from __future__ import annotations

import math
import time
from pathlib import Path

from tenfold.contracts import Series
from tenfold.stores.series import segment
from tenfold.stores.series.journal import BATCH_BYTES, Journal
from tenfold.stores.series.place import run_id_of

SUFFIX = ".seg"


def ship(series: Series, journal: Journal, *, for_s: float = math.inf) -> int:
    """Send what a journal of this process holds and the store has not; gives the points sent.

    One thread at a time per journal. An error of the store is raised as it is, nothing is lost, and the next call
    goes on from there.

    Args:
        for_s: After so many seconds no further batch is begun: a loop may log faster than any store takes.
    """
    sent, deadline = 0, time.monotonic() + for_s
    while time.monotonic() < deadline and (batch := journal.pending()) is not None:
        points, offset = batch
        if points and journal.place is not None:
            series.append(journal.place.run_id, points, source=journal.place.source, offset=offset)
            sent += sum(part.count for part in points.values())
        journal.mark_shipped(offset)
    return sent


def ship_left(series: Series, folder: Path) -> int:
    """Send what a dead process left in its journal's folder and delete the segments; gives the points sent.

    The caller holds the folder (`place.claimed`). What the dead process, or an earlier call that died, had sent is
    not sent again.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        return 0
    source, run_id, sent = folder.name, run_id_of(folder), 0
    stored = series.stored(source)
    for path in paths:
        data = path.read_bytes()
        header = segment.read_header(data)
        if header is not None:
            found = segment.records(data[segment.HEADER_BYTES :])
            names = segment.keys(found)
            first = header.base + segment.HEADER_BYTES
            record = max(0, stored - first) // segment.RECORD_BYTES
            at_once = BATCH_BYTES // segment.RECORD_BYTES
            for start in range(record, len(found), at_once):
                part = found[start : start + at_once]
                points = segment.points(part, names)
                if points:
                    offset = first + (start + len(part)) * segment.RECORD_BYTES
                    series.append(run_id, points, source=source, offset=offset)
                    sent += sum(each.count for each in points.values())
        path.unlink()
    return sent
