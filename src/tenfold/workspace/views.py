"""Views: ways to look at a project, kept in the store under a name. A version of kind `view`, a few kilobytes inline."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, InvalidAddress, NotFound
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.records import Draft, Version

KIND = "view"
LIMIT_BYTES = 16_000
_VIEW = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")
_TAKEN = re.compile(r"[^A-Za-z0-9 ._+-]")


def name_of(project: str, view: str) -> str:
    """The artifact that keeps a view: `flights.overview`. A view's name has no dot, so the last one parts the two.

    Raises:
        InvalidAddress: No view may be called so.
    """
    if not _VIEW.fullmatch(view) or view.endswith(" "):
        raise InvalidAddress(
            f"A view cannot be called {view!r}. Take 1 to 64 letters, digits, spaces or _ - and begin with a letter or "
            "digit",
            field="view",
        )
    plain = _TAKEN.sub("-", project)[:120].lstrip(" ._+-") or "project"
    return f"{plain if plain == project else f'{plain}-{digest(project.encode())[:8]}'}.{view}"


def saved(stores: Stores, project: str, view: str, page: str, content: dict[str, Any], *, author: str = "") -> Version:
    """Keep a view; gives the version that is there already when nothing changed.

    Raises:
        Invalid: The content is too large, or a name cannot be used.
    """
    data = msgspec.json.encode({"page": page, "content": content}, order="deterministic")
    if len(data) > LIMIT_BYTES:
        raise Invalid(f"The view has {len(data):,} bytes, more than {LIMIT_BYTES:,}. Keep less in it", field="content")
    name = name_of(project, view)
    newest = stores.versions.find(KIND, name)
    if newest is not None and newest.inline == data:
        return newest
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, digest=digest(data), inline=data, size_bytes=len(data), type="json",
        metadata={"project": project, "view": view}, author=author, created_at_ms=now_ms(),
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def listed(stores: Stores, project: str) -> list[Version]:
    """The newest version of each view of a project, sorted by name."""
    names = (name for _, name, _, _ in stores.versions.names(KIND))
    found = (stores.versions.find(KIND, name) for name in names if _may_be_of(project, name))
    return [version for version in found if version is not None and version.metadata.get("project") == project]


def removed(stores: Stores, project: str, view: str) -> int:
    """Put all versions of a view into the bin; gives how many. Raises NotFound when there is none."""
    found = stores.versions.search(KIND, name_of(project, view), limit=100_000)
    if not found:
        raise NotFound(f"Project {project!r} has no view {view!r}", field="view")
    return stores.versions.set_deleted([version.id for version in found], at_ms=now_ms())


def content_of(version: Version) -> tuple[str, dict[str, Any]]:
    """The page a view is of, and what it keeps."""
    kept = msgspec.json.decode(version.inline or b"{}", type=dict[str, Any])
    content = kept.get("content")
    return str(kept.get("page", "")), content if isinstance(content, dict) else {}


def _may_be_of(project: str, name: str) -> bool:
    return name.rpartition(".")[0] == name_of(project, "x").rpartition(".")[0]
