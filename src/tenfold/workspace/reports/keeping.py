"""Where reports are kept: each save is a version of `writeup:<name>`; two who save at once do not overwrite each other."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, NotFound, RefMoved
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.records import ANY, Draft, Move, Version
from tenfold.records.version import INLINE_LIMIT_BYTES
from tenfold.workspace.reports.panels import panels_of

KIND = "writeup"
FILE = "report.md"
HEAD = "main"
"""The ref that is moved with each save: who saved over a version he had not seen is refused."""
LIMIT_BYTES = 500_000
_TITLE_CHARACTERS = 200


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report."""

    name: str
    title: str
    text: str
    version: int
    newest: int
    address: str
    author: str
    message: str
    saved_at_ms: int


class ReportInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list."""

    name: str
    title: str
    version: int
    author: str
    saved_at_ms: int


def save(
    stores: Stores, name: str, text: str, *, expect: int | None = None, author: str = "", message: str = ""
) -> Report:
    """Keep a report; gives the newest version as it is when the text is the same.

    Args:
        text: Markdown; blocks fenced as `tenfold` hold panels.
        expect: The version that was read before this change, 0 for a report that shall be new; anything when None.

    Raises:
        RefMoved: Somebody saved after that version; nothing was kept.
        Invalid: The text is too long, a panel cannot be read, or the name cannot be used.
    """
    check_name(name, what="name of a report")
    content = text.encode("utf-8", "replace")
    if len(content) > LIMIT_BYTES:
        raise Invalid(f"The report has {len(content):,} bytes, more than {LIMIT_BYTES:,}. Split it", field="text")
    panels_of(text)
    newest = stores.versions.find(KIND, name)
    if newest is not None and _text(stores, newest) == text and expect in (None, newest.number):
        return _report(stores, newest, newest.number)
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, type="markdown", author=author, message=message, created_at_ms=now_ms(),
        metadata={"title": title_of(text) or name}, parents=[newest.id] if newest else [], **_kept(stores, content),
        moves=[Move(ref=HEAD, expect=_expected(stores, name, expect), who=author, why=message)],
    )  # fmt: skip
    try:
        version = stores.versions.publish([draft])[0]
    except RefMoved as error:
        raise RefMoved(
            f"Somebody saved the report {name!r} after version {expect}. Read the newest, put your change into it, and "
            "save again",
            field="expect",
        ) from error
    return _report(stores, version, version.number)


def load(stores: Stores, name: str, number: int | None = None) -> Report:
    """A version of a report, the newest when no number is given. Raises NotFound."""
    newest = stores.versions.find(KIND, name)
    version = newest if number is None else stores.versions.find(KIND, name, number)
    if version is None or newest is None or version.deleted_at_ms is not None:
        there = ", ".join(info.name for info in listed(stores)[:5]) or "none yet"
        raise NotFound(
            f"No report {name!r}{f' version {number}' if number else ''}. There are: {there}. Write one with: "
            f"tenfold reports save {name} FILE.md",
            field="name",
        )
    return _report(stores, version, newest.number)


def listed(stores: Stores) -> list[ReportInfo]:
    """All reports, the one saved last first."""
    found = [stores.versions.find(KIND, name) for _, name, _, _ in stores.versions.names(KIND)]
    infos = [_info(version) for version in found if version is not None]
    return sorted(infos, key=lambda info: (-info.saved_at_ms, info.name))


def history_of(stores: Stores, name: str) -> list[Version]:
    """The versions of a report, newest first. Raises NotFound."""
    load(stores, name)
    return stores.versions.search(KIND, name, limit=1000)


def bin_report(stores: Stores, name: str) -> int:
    """Put all versions of a report into the bin; gives their number. Raises NotFound."""
    return stores.versions.set_deleted([version.id for version in history_of(stores, name)], at_ms=now_ms())


def restore_report(stores: Stores, name: str) -> int:
    """Take a report out of the bin; gives the number of versions. Raises NotFound."""
    binned = stores.versions.search(KIND, name, deleted=True, limit=1000)
    if not binned:
        raise NotFound(f"No report {name!r} is in the bin. List reports with: tenfold reports list", field="name")
    return stores.versions.set_deleted([version.id for version in binned], at_ms=None)


def title_of(text: str) -> str:
    """The first heading, or ''."""
    for line in text.splitlines():
        if line.startswith("#"):
            return line.lstrip("#").strip()[:_TITLE_CHARACTERS]
    return ""


def _expected(stores: Stores, name: str, number: int | None) -> str | None:
    """The id of the version that a save builds on."""
    if number is None:
        return ANY
    if number == 0:  # a report in the bin leaves its name behind
        there = stores.refs.find(KIND, name, HEAD)
        return there.version_id if there is not None and stores.versions.find(KIND, name) is None else None
    found = stores.versions.find(KIND, name, number)
    if found is None:
        raise NotFound(f"The report {name!r} has no version {number}", field="expect")
    return found.id


def _kept(stores: Stores, content: bytes) -> dict[str, Any]:
    if len(content) <= INLINE_LIMIT_BYTES:
        return {"digest": digest(content), "inline": content, "size_bytes": len(content)}
    tree = stores.blobs.put_tree({FILE: content})
    return {"digest": tree.digest, "size_bytes": tree.size_bytes, "files": tree.files}


def _text(stores: Stores, version: Version) -> str:
    if version.inline is not None:
        return version.inline.decode("utf-8", "replace")
    entry = stores.blobs.find_entry(version.digest, FILE)
    if entry is None:
        return ""
    with stores.blobs.open(entry.digest) as reader:
        return reader.read().decode("utf-8", "replace")


def _report(stores: Stores, version: Version, newest: int) -> Report:
    info = _info(version)
    return Report(
        name=info.name, title=info.title, text=_text(stores, version), version=version.number, newest=newest,
        address=version.address, author=version.author, message=version.message, saved_at_ms=version.created_at_ms,
    )  # fmt: skip


def _info(version: Version) -> ReportInfo:
    return ReportInfo(
        name=version.name,
        title=str(version.metadata.get("title") or version.name),
        version=version.number,
        author=version.author,
        saved_at_ms=version.created_at_ms,
    )
