"""Which inputs made one file of an incremental pipeline's output, back through a chain of them."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.base.addresses import Address, parse
from tenfold.base.clock import iso
from tenfold.contracts import Stores, resolve
from tenfold.pipelines.datums import Record, read_records
from tenfold.records import Reason, Version

MOST_LEVELS = 20
MOST_SHOWN = 20


def made_of(stores: Stores, address: str) -> list[Reason]:
    """A reason for the datum that made a file (`data:thumbs@main/a.png`), then for those that made its inputs.

    None for an address without a path, and for files that no incremental pipeline made.
    """
    wanted = parse(address)
    if wanted.path is None or wanted.kind != "data":
        return []
    found: list[Reason] = []
    level, seen = [(resolve(stores, wanted), wanted.path)], set[tuple[str, str]]()
    for _ in range(MOST_LEVELS):
        level = [one for one in level if (one[0].id, one[1]) not in seen]
        seen |= {(version.id, path) for version, path in level}
        above: list[tuple[Version, str]] = []
        for version, path in level[:MOST_SHOWN]:
            for record, sources in _makers(stores, version, path):
                found.append(_reason(version, path, record, sources))
                above += [(sources[part.source], part.path) for part in record.parts if part.source in sources]
        level = above
    return found


def _makers(stores: Stores, version: Version, path: str) -> Iterator[tuple[Record, dict[int, Version]]]:
    """The datums that made a file, or the files below a folder, of an output; with the versions they read."""
    state_id = version.metadata.get("datums")
    if version.is_purged or not isinstance(state_id, str):
        return
    state = stores.versions.get([state_id])[0]
    if state.is_purged:
        return
    versions = dict(enumerate(stores.versions.get(state.metadata.get("sources", []))))
    for record in read_records(stores, state):
        if any(not path or made.path == path or made.path.startswith(f"{path}/") for made in record.made):
            yield record, versions


def _reason(version: Version, path: str, record: Record, sources: dict[int, Version]) -> Reason:
    inputs = []
    for part in record.parts:
        source = sources.get(part.source)
        if source is not None:
            read = Address("data", source.name, number=source.number, path=part.path or None)
            inputs.append(f"{read}  {part.content.partition(':')[2][:12] or part.content[:12]}")
    whole = Address(version.kind, version.name, number=version.number, path=path or None)
    took = f" in {record.seconds:.2f} s" + (f", try {record.tries}" if record.tries > 1 else "")
    return Reason(
        what="file",
        says=f"{path or version.name} made by datum {record.id[:12]} {iso(record.at_ms)}{took}",
        address=str(whole),
        page=f"/runs/{record.run_id}",
        details=inputs[:MOST_SHOWN] + ([f"and {len(inputs) - MOST_SHOWN} more"] if len(inputs) > MOST_SHOWN else []),
    )
