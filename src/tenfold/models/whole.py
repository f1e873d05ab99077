"""What is said of a registered model as a whole: description, tags, and which aliases need approval.

It is kept in a version of kind `registered-model`, the same that MLflow's client reads and writes through its door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenfold.base import clock, ids
from tenfold.base.addresses import check_name, check_ref
from tenfold.base.errors import VersionNotFound
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.records import Draft, Version

KIND = "registered-model"
NEEDS_APPROVAL = "tenfold.needs_approval"
"""Tag: the aliases that only take approved versions, joined by commas."""

BLOCKED = "tenfold.blocked."
"""Beginning of the tags of those who let no version into a guarded alias, each with the reason."""

_OWN = "tenfold."


def find_whole(stores: Stores, name: str) -> Version | None:
    """The record of a model as a whole, None while nothing was said of it."""
    return stores.versions.find(KIND, name)


def describe_whole(
    stores: Stores, name: str, *, description: str | None = None, tags: Mapping[str, str | None] | None = None
) -> Version:
    """Change what is said of a model; None removes a tag.

    Raises:
        VersionNotFound: No version of this model was ever saved, and nothing said of it.
    """
    record = find_whole(stores, name) or _make(stores, name)
    return stores.versions.describe(record.id, description=description, tags=dict(tags or {}))


def tags_of_whole(record: Version | None) -> dict[str, str]:
    """The tags that people gave."""
    return {key: value for key, value in record.tags.items() if not key.startswith(_OWN)} if record else {}


def needing_approval(record: Version | None) -> list[str]:
    """The aliases that only take approved versions, sorted."""
    said = record.tags.get(NEEDS_APPROVAL, "") if record else ""
    return sorted(alias for alias in said.split(",") if alias)


def require_approval(stores: Stores, name: str, aliases: Iterable[str]) -> list[str]:
    """Say which aliases need approval, in place of those that did; gives them sorted."""
    wanted = sorted({check_ref(alias) for alias in aliases})
    describe_whole(stores, name, tags={NEEDS_APPROVAL: ",".join(wanted) or None})
    return wanted


def blocks(record: Version | None) -> dict[str, str]:
    """Who lets no version into a guarded alias, and why."""
    return {key[len(BLOCKED) :]: why for key, why in record.tags.items() if key.startswith(BLOCKED)} if record else {}


def block_promotions(stores: Stores, name: str, who: str, why: str) -> bool:
    """Let no version into the guarded aliases of a model but with a reason; '' lifts it. False when it was so already."""
    if blocks(find_whole(stores, name)).get(who, "") == why[:500]:
        return False
    describe_whole(stores, name, tags={f"{BLOCKED}{who}": why[:500] or None})
    return True


def _make(stores: Stores, name: str) -> Version:
    check_name(name)
    if stores.versions.find("model", name) is None:
        raise VersionNotFound(f"No model is called {name!r}. List them with: tenfold models list", field="name")
    content = name.encode()
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, digest=digest(content), inline=content, size_bytes=len(content), files=1,
        type="text", created_at_ms=clock.now_ms(),
    )  # fmt: skip
    return stores.versions.publish([draft])[0]
