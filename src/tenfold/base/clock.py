"""Time. Functions take `clock: Clock = now_ms` so that a test can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from tenfold.base.errors import Invalid

Clock = Callable[[], int]


def now_ms() -> int:
    """UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def iso(at_ms: int) -> str:
    """`2026-11-23T09:30:00.123Z` for UTC milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span_of(text: str, zone: tzinfo = UTC) -> tuple[int, int]:
    """The UTC milliseconds a text means, first and last: all of a day for '2026-03-03', else one moment twice.

    >>> span_of("2026-03-03T14:00")
    (1772546400000, 1772546400000)

    A time without an offset is of `zone`, a day from its midnight there to the next.

    Raises:
        Invalid: It is no date and no time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        first = round(moment.timestamp() * 1000)
        is_day = len(text.strip()) <= len("2026-03-03")
        return first, round((moment + timedelta(days=1)).timestamp() * 1000) - 1 if is_day else first
    except (ValueError, OverflowError):
        raise Invalid(
            f"{text!r} is no date and no time. Write it like 2026-03-03 or 2026-03-03T14:00", field="at"
        ) from None
