"""Starting to track a path, and making a new version of what a tracked path holds."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenfold.base.addresses import check_name
from tenfold.base.errors import AlreadyExists, Conflict, NotFound, RefMoved
from tenfold.contracts.blobs import Progress
from tenfold.data import git
from tenfold.data.pointers import SUFFIX, Pointer, is_pointer, pointer_path, pointer_to, read_pointer, write_pointer
from tenfold.data.publishing import KIND
from tenfold.data.sources import ignored
from tenfold.data.working.local import (
    Local,
    Record,
    Tracked,
    check_trackable,
    holding,
    read_record,
    refuse_if_cut_short,
    tracked_in,
    version_of,
    write_record,
)
from tenfold.records import Entry, Tree, Version


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one path: its version, whether that is new, and what one should know about its files."""

    path: str
    version: Version
    is_new: bool
    notes: list[str] = []


def add(
    local: Local,
    paths: Sequence[str | Path],
    *,
    name: str | None = None,
    branch: str = "main",
    message: str = "",
    author: str = "",
    progress: Progress | None = None,
) -> list[Committed]:
    """Store paths, record a version of each and write a pointer beside it; inside git, the path itself is ignored.

    A tracked path is committed. The path is only read. Each path is done before the next is begun.

    Args:
        name: Of the dataset; else the path's own. Given, it may be a dataset that is there: its next version.

    Raises:
        AlreadyExists: A dataset is called as the path is, and holds something else.
        Invalid, Conflict: A path cannot be tracked; said before any is stored.
    """
    wanted = [local.absolute(path) for path in paths]
    for path in wanted:
        check_trackable(local, path)
    done = []
    for path in wanted:
        with holding(local, path, f"add {local.shown(path)}"):
            pointer = read_pointer(path)
            if pointer is not None:
                tracked = Tracked(path, pointer)
                done.append(_commit(local, tracked, message, pointer.branch, author, progress))
            else:
                done.append(_add(local, path, name, branch, message, author, progress))
    return done


def commit(
    local: Local,
    paths: Sequence[str | Path] = (),
    *,
    message: str = "",
    branch: str | None = None,
    author: str = "",
    progress: Progress | None = None,
) -> list[Committed]:
    """Record a new version of each tracked path that changed, and write its pointer. Unchanged ones are left alone.

    Args:
        branch: Another branch than the one the pointers name; made where it is not there.

    Raises:
        RefMoved: Somebody committed to the branch since the pointer was written. Nothing is lost: see its message.
        Conflict: A checkout of the path was cut short.
    """
    done = []
    for tracked in tracked_in(local, paths):
        if not tracked.there:
            continue
        with holding(local, tracked.path, f"commit {local.shown(tracked.path)}"):
            done.append(_commit(local, tracked, message, branch or tracked.pointer.branch, author, progress))
    return done


def put_again(local: Local, paths: Sequence[str | Path] = ()) -> list[str]:
    """Store the content of tracked paths again, recording nothing; gives the paths."""
    done = []
    for tracked in tracked_in(local, paths):
        if tracked.there:
            local.blobs.put_folder(tracked.path, ignore=ignored)
            done.append(local.shown(tracked.path))
    return done


def _add(
    local: Local, path: Path, name: str | None, branch: str, message: str, author: str, progress: Progress | None
) -> Committed:
    dataset = local.dataset(check_name(name or path.name))

    def ignore(inner: str) -> bool:
        if inner.endswith(SUFFIX) and is_pointer(path / inner):
            raise _tracked_inside(local, path, path / inner.removesuffix(SUFFIX))
        return ignored(inner)

    tree = local.blobs.put_folder(path, ignore=ignore, progress=progress)
    newest = local.stores.versions.find(KIND, dataset.name)
    if name is None and newest is not None and newest.digest != tree.digest:
        raise AlreadyExists(
            f"data:{dataset.name} is there already and holds other files. To make this its next version: tenfold data add "
            f"{local.shown(path)} --name {dataset.name}; for another dataset take another name",
            field="name",
        )
    version = dataset.commit(
        tree, message=message or f"add {path.name}", branch=branch, author=author, run_id=local.run_id
    )
    notes = _notes(local, None, tree)
    if git.ignore(path):
        notes.append(f"{path.with_name('.gitignore').name} now ignores {path.name}")
    _write(local, path, pointer_to(version, branch=branch, kind="folder" if path.is_dir() else "file"))
    return Committed(
        path=local.shown(path), version=version, is_new=newest is None or version.id != newest.id, notes=notes
    )


def _tracked_inside(local: Local, path: Path, inner: Path) -> Conflict:
    shown, other = local.shown(path), local.shown(inner)
    return Conflict(
        f"{shown} holds {other}, which is tracked by itself. Make it part of {shown} with: tenfold data untrack {other}, then "
        f"tenfold data add {shown}; or add the other paths of {shown} one by one",
        field="paths",
    )


def _commit(
    local: Local, tracked: Tracked, message: str, branch: str, author: str, progress: Progress | None
) -> Committed:
    path, pointer = tracked.path, tracked.pointer
    refuse_if_cut_short(local, path)
    base = named = version_of(local, pointer)
    dataset = local.dataset(pointer.dataset)
    if base is None and local.stores.versions.find(KIND, pointer.dataset) is not None:
        raise NotFound(
            f"{pointer.dataset} v{pointer.number}, which the pointer of {local.shown(path)} names, is not in this store. "
            "Name the store that has it with --store",
            field="store",
        )
    tree = local.blobs.put_folder(path, ignore=ignored, progress=progress)
    record = read_record(local, path, pointer)
    made_from = record.tree
    if made_from not in ("", pointer.tree):  # git brought another pointer since
        if tree.digest == made_from and base is not None:
            note = f"{local.shown(path)} is unchanged, but older than its pointer. Next: tenfold data checkout"
            return Committed(path=local.shown(path), version=base, is_new=False, notes=[note])
        base = _base_elsewhere(local, tracked, made_from, branch)
    elif base is not None:
        base = _own_unfinished(local, pointer, base, branch, {record.offered, tree.digest})
    if base is not None and tree.digest == base.digest and branch == pointer.branch:
        if base is not named:
            write_pointer(path, pointer_to(base, branch=branch, kind=pointer.kind))
        write_record(local, path, Record(tree.digest))
        return Committed(path=local.shown(path), version=base, is_new=False)
    write_record(local, path, Record(made_from, offered=tree.digest))
    try:
        version = dataset.commit(
            tree, message=message, branch=branch, author=author, run_id=local.run_id, based_on=base
        )
    except RefMoved as error:
        raise RefMoved(_moved(local, tracked, branch), field="branch") from error
    notes = _notes(local, None if base is None else base.digest, tree)
    _write(local, path, pointer_to(version, branch=branch, kind="folder" if path.is_dir() else "file"))
    return Committed(path=local.shown(path), version=version, is_new=base is None or version.id != base.id, notes=notes)


def _own_unfinished(local: Local, pointer: Pointer, base: Version, branch: str, offered: set[str]) -> Version:
    """The version to go on from: the branch's head, where it is what a commit that was killed before it could write the
    pointer recorded (or has just this content); else the pointer's."""
    head = local.stores.refs.find(KIND, pointer.dataset, branch)
    if head is None or head.version_id == base.id:
        return base
    newest = local.stores.versions.get([head.version_id])[0]
    return newest if newest.parents == [base.id] and newest.digest in offered else base


def _base_elsewhere(local: Local, tracked: Tracked, made_from: str, branch: str) -> Version | None:
    """The version that changed files were made from, where the pointer names another one by now."""
    pointer, shown = tracked.pointer, local.shown(tracked.path)
    found = local.stores.versions.search(KIND, pointer.dataset, digest=made_from)
    if branch == pointer.branch or not found:
        raise Conflict(
            f"{shown} has changes made to {'v' + str(found[0].number) if found else 'another version'}, while its pointer "
            f"names v{pointer.number} by now. Take that in with: tenfold data checkout {shown} (changes that do not clash "
            f"stay); or keep yours apart and merge: tenfold data commit {shown} --branch mine, then tenfold data merge "
            f"{shown} {pointer.branch}",
            field="paths",
        )
    return found[0]


def _write(local: Local, path: Path, pointer: Pointer) -> None:
    try:
        write_pointer(path, pointer)
    finally:  # the version is there, whether or not the pointer could be written
        write_record(local, path, Record(pointer.tree))


def _moved(local: Local, tracked: Tracked, branch: str) -> str:
    pointer, shown = tracked.pointer, local.shown(tracked.path)
    head = local.stores.refs.find(KIND, pointer.dataset, branch)
    now = f"v{head.number}" if head is not None else "another version"
    return (
        f"data:{pointer.dataset}@{branch} is at {now}; {pointer_path(tracked.path).name} names v{pointer.number}: somebody "
        f"committed meanwhile. Your files are as they were. Keep them on a branch of their own and bring the other in: "
        f"tenfold data commit {shown} --branch mine, then tenfold data merge {shown} {branch}"
    )


def _notes(local: Local, before: str | None, tree: Tree) -> list[str]:
    """What is kept as it is but may surprise elsewhere: links that lead out, names that differ only in case."""
    new = [two for _, two in local.blobs.diff(before, tree.digest) if two is not None]
    notes = [
        f"{entry.path} is a symlink to {target}, which is not part of the dataset; the link alone is kept"
        for entry in new
        if entry.kind == "symlink" and _leads_out(entry, target := _target(local, entry))
    ]
    seen: dict[str, str] = {}
    for entry in new:
        other = seen.setdefault(entry.path.casefold(), entry.path)
        if other != entry.path:
            notes.append(f"{other} and {entry.path} differ only in case; macOS and Windows can hold one of them")
    return notes


def _target(local: Local, entry: Entry) -> str:
    return local.blobs.get_bytes(entry.digest).decode("utf-8", "backslashreplace")


def _leads_out(entry: Entry, target: str) -> bool:
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    return target.startswith("/") or joined == ".." or joined.startswith("../")
