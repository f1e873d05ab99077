"""Merging in working copies: another branch into a tracked path, and two edits of one pointer as git finds them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tenfold.base.errors import Conflict, NotFound, TenfoldError
from tenfold.base.files import write_atomic
from tenfold.data.history import At
from tenfold.data.merging import MergePlan, Prefer
from tenfold.data.pointers import Pointer, decode_pointer, encode_pointer, pointer_to, read_pointer, write_pointer
from tenfold.data.working.local import Local, Tracked, version_of
from tenfold.data.working.restore import checkout
from tenfold.data.working.status import status_of
from tenfold.records import Ref, Version


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """The version a tracked path has after a merge, and what of the other side was taken."""

    path: str
    version: Version
    taken: list[str]


def merge(
    local: Local, path: str | Path, theirs: At, *, prefer: Prefer | None = None, message: str = "", author: str = ""
) -> Merged:
    """Merge another branch or version into the branch of a tracked path, write its pointer and check it out.

    Raises:
        Conflict: Both sides changed a path, or the working copy has changes that are not committed. Nothing was done.
        RefMoved: The branch has moved on. Nothing was done.
    """
    place = local.absolute(path)
    tracked, ours = _clean(local, place)
    pointer = tracked.pointer
    dataset = local.dataset(pointer.dataset)
    head = local.stores.refs.find("data", pointer.dataset, pointer.branch)
    into: At = pointer.branch if head is not None and head.version_id == ours.id else ours
    plan = dataset.plan_merge(theirs, into=into)
    version = _merged_before(local, head, ours, dataset.at(theirs))
    if version is None:
        version = dataset.merge(theirs, into=into, prefer=prefer, message=message, author=author)
    write_pointer(place, pointer_to(version, branch=pointer.branch, kind=pointer.kind))
    checkout(local, [place])
    return Merged(path=local.shown(place), version=version, taken=plan.taken)


def _merged_before(local: Local, head: Ref | None, ours: Version, theirs: Version) -> Version | None:
    """The branch's head, where it is just this merge: one that was killed before it could write the pointer."""
    if head is None or head.version_id in (ours.id, theirs.id):
        return None
    newest = local.stores.versions.get([head.version_id])[0]
    return newest if newest.parents == [ours.id, theirs.id] else None


def plan(local: Local, path: str | Path, theirs: At) -> MergePlan:
    """What `merge` would do."""
    tracked, ours = _clean(local, local.absolute(path), may_be_changed=True)
    return local.dataset(tracked.pointer.dataset).plan_merge(theirs, into=ours)


def merge_pointers(local: Local, base: Path, ours: Path, theirs: Path, name: str) -> Version | None:
    """Merge two edits of a pointer, called by git with three files; the result is written to `ours`.

    The merged version is recorded; the branch moves to it where it names one of the two sides. None when both sides
    name the same tree.

    Raises:
        Conflict: Both sides changed a path of the data, or name different datasets. `ours` then holds both pointers
            between git's marks.
    """
    texts = [path.read_text("utf-8") for path in (base, ours, theirs)]
    try:
        return _merge_texts(local, texts, ours, name)
    except TenfoldError:
        marked = f"<<<<<<< ours\n{texts[1]}=======\n{texts[2]}>>>>>>> theirs\n"
        write_atomic(ours, marked.encode(), durable=False)
        raise


def _merge_texts(local: Local, texts: list[str], place: Path, name: str) -> Version | None:
    mine, other = (decode_pointer(text, name) for text in texts[1:])
    if mine.dataset != other.dataset or mine.kind != other.kind:
        raise Conflict(
            f"{name} names data:{mine.dataset} on one side and data:{other.dataset} on the other. Take one side"
        )
    if mine.tree == other.tree:
        return None
    dataset = local.dataset(mine.dataset)
    one, two = _here(local, mine), _here(local, other)
    head = local.stores.refs.find("data", mine.dataset, mine.branch)
    if head is not None and head.version_id == two.id:
        one, two = two, one
    into: At = mine.branch if head is not None and head.version_id == one.id else one
    version = dataset.merge(two, into=into)
    write_atomic(place, encode_pointer(pointer_to(version, branch=mine.branch, kind=mine.kind)).encode(), durable=False)
    return version


def _clean(local: Local, place: Path, *, may_be_changed: bool = False) -> tuple[Tracked, Version]:
    pointer = read_pointer(place)
    if pointer is None:
        raise NotFound(f"{local.shown(place)} is not tracked. Track it with: tenfold data add {local.shown(place)}")
    tracked = Tracked(place, pointer)
    state = status_of(local, tracked).state
    if state not in ("clean", "missing") and not may_be_changed:
        raise Conflict(
            f"{local.shown(place)} is {state}. Commit or check out first: tenfold data commit {local.shown(place)}, or "
            f"tenfold data checkout {local.shown(place)}"
        )
    return tracked, _here(local, pointer)


def _here(local: Local, pointer: Pointer) -> Version:
    found = version_of(local, pointer)
    if found is None:
        raise NotFound(
            f"{pointer.dataset} v{pointer.number} is not in this store. Name the store that has it with --store",
            field="store",
        )
    return found
