"""A version that comes from another home, as what is recorded here: under its own id, with the next number of this store."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tenfold.data.parts import ELSEWHERE
from tenfold.records import Draft, Version

FETCHED = "fetched"
"""Why a ref like `origin.main` was moved: what tells it from a branch of this store."""


def draft_of(version: Version, *, parents: Collection[str] | None = None, elsewhere: str | None = None) -> Draft:
    """The draft of a version made in another store.

    The run that made it stays there; its id is kept in the metadata.

    Args:
        parents: Ids of the versions that are here with it; others it was made from were purged, and are left out.
        elsewhere: The remote that has the files, when they are not stored here.
    """
    tags = {key: value for key, value in version.tags.items() if key != ELSEWHERE}
    return Draft(
        id=version.id,
        kind=version.kind,
        name=version.name,
        digest=version.digest,
        size_bytes=version.size_bytes,
        files=version.files,
        inline=version.inline,
        type=version.type,
        metadata=version.metadata | ({"made_by_run": version.run_id} if version.run_id else {}),
        message=version.message,
        parents=[id_ for id_ in version.parents if parents is None or id_ in parents],
        author=version.author,
        created_at_ms=version.created_at_ms,
        description=version.description,
        tags=tags | ({ELSEWHERE: elsewhere} if elsewhere else {}),
    )


def parents_first(versions: Iterable[Version]) -> list[Version]:
    """Versions in an order in which each comes after those it was made from; older ones first where that is free."""
    by_id = {version.id: version for version in versions}
    done: dict[str, Version] = {}
    for version in sorted(by_id.values(), key=lambda version: (version.created_at_ms, version.number, version.id)):
        waiting = [version]
        while waiting:
            last = waiting[-1]
            missing = [by_id[parent] for parent in last.parents if parent in by_id and parent not in done]
            if missing and last.id not in done:
                waiting += missing
            else:
                done.setdefault(last.id, last)
                waiting.pop()
    return list(done.values())


def own_refs(refs: Iterable[str], reasons: dict[str, str]) -> list[str]:
    """The refs that are this store's own: not those that say where a remote's branches are."""
    return sorted(ref for ref in refs if reasons.get(ref) != FETCHED)


def whole(version: Version, stored: Collection[str]) -> bool:
    """True when a version's files are stored, or it has none to store: it was purged, or is in its record."""
    return version.is_purged or version.inline is not None or version.digest in stored
