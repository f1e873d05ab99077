"""What live uploads hold against garbage collection: pins (content in use) and sessions (uploads of several packs).

The rule that makes collection safe while others write: a writer first writes its pin, then looks for a trash list
newer than its index; a collector first writes its trash list, then looks for new pins. Whatever the order of these
four, one of the two sees the other. docs/format.md tells it in full.
"""

from __future__ import annotations

import contextlib

from tenfold.base import ids
from tenfold.base.errors import BlobNotFound
from tenfold.contracts import Medium
from tenfold.stores.blobs.notes import decode_note, encode_note

FRESH_MS = 10 * 60_000
"""A writer relies on objects in packs younger than this without pinning them; a collector's grace covers them."""

PIN_MS = 24 * 3_600_000
"""How long a pin holds: the time a caller has from the end of a put to the publication of its version."""

SESSION_MS = 2 * 3_600_000
"""How long a session holds after its last sign of life."""


def write_pin(medium: Medium, digests: list[bytes]) -> None:
    """Hold this content, and all it reaches, for PIN_MS."""
    medium.put(f"pins/{ids.new_id()}", encode_note(b"".join(digests)))


def read_pins(medium: Medium, now_ms: int, *, delete_old: bool = False) -> dict[str, list[bytes]]:
    """The digests of each live pin, by the pin's name. Raises Damaged, naming the pin that cannot be read."""
    found: dict[str, list[bytes]] = {}
    for name, _, at_ms in medium.scan("pins/"):
        if at_ms < now_ms - PIN_MS:
            if delete_old:
                medium.delete(name)
            continue
        with contextlib.suppress(BlobNotFound):
            (joined,) = decode_note(name, medium.get(name), tuple[bytes], before=lambda found: (found,))
            found[name] = [joined[i : i + 32] for i in range(0, len(joined), 32)]
    return found


def write_session(medium: Medium, name: str, since_ms: int) -> None:
    """Say that an upload that began then goes on. Said again it counts from anew."""
    medium.put(f"sessions/{name}", encode_note(since_ms))


def end_session(medium: Medium, name: str) -> None:
    """The upload ended."""
    medium.delete(f"sessions/{name}")


def oldest_session(medium: Medium, now_ms: int, *, delete_old: bool = False) -> int | None:
    """When the oldest live upload began (UTC ms); None when there is none. Raises Damaged, naming what cannot be read."""
    oldest: int | None = None
    for name, _, at_ms in medium.scan("sessions/"):
        if at_ms < now_ms - SESSION_MS:
            if delete_old:
                medium.delete(name)
            continue
        with contextlib.suppress(BlobNotFound):
            (since_ms,) = decode_note(name, medium.get(name), tuple[int], before=lambda found: (found["since_ms"],))
            oldest = since_ms if oldest is None else min(oldest, since_ms)
    return oldest
