"""Read a run's console output back, whole or from where the reader stopped."""

from __future__ import annotations

from tenfold.contracts import Stores
from tenfold.records import Version


def console_text(stores: Stores, run_id: str, *, offset: int = 0) -> str:
    """What a run printed, in order, from an offset in characters; '' when there is nothing (yet).

    While the run goes on the text only grows, unless several processes print for it.
    """
    return "".join(_text(stores, version) for version in console_pieces(stores, run_id))[offset:]


def console_pieces(stores: Stores, run_id: str) -> list[Version]:
    """The versions that together hold what a run printed, in order: for readers that want a part without reading all."""
    own = stores.versions.search("log", run_id, limit=10_000)
    others = stores.versions.search("log", run_id=run_id, limit=100)
    pieces = {version.id: version for version in (*own, *others)}
    return sorted(_without_repeats(list(pieces.values())), key=lambda version: version.number)


def _without_repeats(pieces: list[Version]) -> list[Version]:
    """A piece that was sent again, longer, stands for those that lie within it."""
    kept: list[Version] = []
    reached: dict[str, int] = {}
    for version in sorted(pieces, key=lambda each: (_span(each)[0], -_span(each)[1])):
        source, end = str(version.metadata.get("source", version.id)), _span(version)[1]
        if end > reached.get(source, -1):
            reached[source] = end
            kept.append(version)
    return kept


def _span(version: Version) -> tuple[int, int]:
    return int(version.metadata.get("start", 0)), int(version.metadata.get("end", 0))


def _text(stores: Stores, version: Version) -> str:
    if version.inline is not None:
        return version.inline.decode("utf-8", "replace")
    files = [entry for entry in stores.blobs.entries(version.digest) if entry.kind == "file"]
    return "".join(stores.blobs.get_bytes(entry.digest).decode("utf-8", "replace") for entry in files)
