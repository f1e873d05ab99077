"""Making working copies what their pointers say, without losing what is in no version yet."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Conflict, NotFound
from tenfold.contracts.blobs import Progress
from tenfold.data import git
from tenfold.data.diff import Pair
from tenfold.data.pointers import SUFFIX, Pointer, decode_pointer, pointer_to, write_pointer
from tenfold.data.sources import is_temporary
from tenfold.data.working.local import (
    Local,
    Record,
    Tracked,
    content_of,
    holding,
    only_entry,
    read_record,
    tracked_in,
    work_pairs,
    write_record,
)
from tenfold.records import Entry

_US_A_FILE, _BYTES_A_S = 100, 1e9
"""For previews: what writing took on a laptop's disk, measured with bench/data.py."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkout did to one path, or would do."""

    path: str
    dataset: str
    number: int
    files: int
    """Files written."""
    size_bytes: int
    """Bytes of these."""
    removed: int
    kept: list[str] = []
    """Changed here and not in the version asked for: left as they are."""

    @property
    def seconds(self) -> float:
        """About how long the writing takes."""
        return (self.files + self.removed) * _US_A_FILE / 1e6 + self.size_bytes / _BYTES_A_S


class _Plan(msgspec.Struct, frozen=True):
    tracked: Tracked
    write: list[Entry]
    remove: list[str]
    kept: list[str]
    lost: list[str]
    """Paths that would be overwritten and are in no version."""


def checkout(
    local: Local,
    paths: Sequence[str | Path] = (),
    *,
    rev: str | None = None,
    at: str | int | None = None,
    force: bool = False,
    link: Sequence[str] = (),
    relink: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> list[Restored]:
    """Make each tracked path what its pointer names. Deleted files come back; files of no version are left alone.

    A file that was changed here stays when the version asked for has it unchanged; when that has it changed, too,
    nothing at all is written. A checkout that was killed is ended by another one.

    Args:
        rev: First take the pointers of this git revision.
        at: First make the pointers name this version, branch or tag of their datasets.
        force: Overwrite changed files. What no version has and stands in no way stays even so.
        link: Ways to place files, best first: reflink, hardlink, symlink, copy.
        relink: Place files anew that are right but placed in another way.
        dry_run: Only say what would be done.

    Raises:
        Conflict: Changed files would be overwritten; names them. Nothing was written.
        NotFound: The store lacks what a pointer names.
    """
    wanted = _at_revision(local, paths, rev) if rev is not None else tracked_in(local, paths)
    if at is not None:
        wanted = [Tracked(tracked.path, _moved(local, tracked.pointer, at)) for tracked in wanted]
    plans = [_plan(local, tracked, force=force) for tracked in wanted]
    _refuse_loss(local, plans)
    if not dry_run:
        for plan in plans:
            with holding(local, plan.tracked.path, f"checkout {local.shown(plan.tracked.path)}"):
                _apply(local, plan, link, relink, progress)
                if rev is not None or at is not None:
                    write_pointer(plan.tracked.path, plan.tracked.pointer)
    return [
        Restored(
            path=local.shown(plan.tracked.path),
            dataset=plan.tracked.pointer.dataset,
            number=plan.tracked.pointer.number,
            files=sum(entry.kind != "folder" for entry in plan.write),
            size_bytes=sum(entry.size_bytes for entry in plan.write),
            removed=len(plan.remove),
            kept=plan.kept,
        )
        for plan in plans
    ]


def pointers_at(local: Local, rev: str) -> dict[Path, Pointer]:
    """{path: pointer} of a git revision. Raises NotFound outside a repository, Invalid for an unknown revision."""
    top = git.repository(local.folder.absolute())
    if top is None:
        raise NotFound(f"{local.folder} is in no git repository. Name a version instead: --at v3", field="rev")
    found = git.files_at(top, rev, SUFFIX)
    return {
        top / name.removesuffix(SUFFIX): decode_pointer(text, f"{rev}:{name}")
        for name, text in sorted(found.items())
        if text.startswith("format:")
    }


def _at_revision(local: Local, paths: Sequence[str | Path], rev: str) -> list[Tracked]:
    then = pointers_at(local, rev)
    asked = [local.absolute(path) for path in paths] or [local.folder.absolute()]
    found = [Tracked(path, pointer) for path, pointer in then.items() if any(path.is_relative_to(top) for top in asked)]
    if not found and paths:
        raise NotFound(f"{', '.join(map(str, paths))} was not tracked at {rev}. See: git log", field="paths")
    return found


def _moved(local: Local, pointer: Pointer, at: str | int) -> Pointer:
    dataset = local.dataset(pointer.dataset)
    branches = {ref.ref for ref in dataset.branches()}
    return pointer_to(dataset.at(at), branch=str(at) if str(at) in branches else pointer.branch, kind=pointer.kind)


def _plan(local: Local, tracked: Tracked, *, force: bool) -> _Plan:
    path, pointer = tracked.path, tracked.pointer
    _refuse_if_not_stored(local, tracked)
    if tracked.there and path.is_dir() != (pointer.kind == "folder"):
        raise Conflict(
            f"{local.shown(path)} is {'a folder' if path.is_dir() else 'a file'}, but its pointer names a {pointer.kind}. Move it "
            "away, then try again"
        )
    try:
        _, pairs = work_pairs(local, path, pointer.kind, pointer.tree)
    except BlobNotFound as error:
        raise NotFound(f"{error} It belongs to {local.shown(path)}") from error
    local_changes = _local_changes(local, tracked, pairs) if pairs and tracked.there else {}
    plan = _Plan(tracked, [], [], [], [])
    for wanted, here in pairs:
        name = (wanted or here).path  # type: ignore[union-attr]
        before = local_changes.get(name)
        if before is None or here is None:
            pass
        elif wanted is None and before[0] is None:
            continue  # a file of no version, not in the way
        elif content_of(before[0]) == content_of(wanted) and not force:
            plan.kept.append(name)
            continue
        elif not force and not _is_beginning(local, tracked, here, wanted):
            plan.lost.append(name)
            continue
        if wanted is not None:
            plan.write.append(wanted)
        else:
            plan.remove.append(name)
    return plan


def _refuse_if_not_stored(local: Local, tracked: Tracked) -> None:
    pointer = tracked.pointer
    if not local.blobs.has([pointer.tree]):
        raise NotFound(
            f"{pointer.dataset} v{pointer.number}, which the pointer of {local.shown(tracked.path)} names, is not in this "
            "store. Name the store that has it with --store",
            field="store",
        )


def _local_changes(local: Local, tracked: Tracked, pairs: list[Pair]) -> dict[str, Pair]:
    """What was changed here since the last checkout or commit, by path: (then, now)."""
    path, pointer = tracked.path, tracked.pointer
    base = read_record(local, path, pointer).tree
    if base and base != pointer.tree and local.blobs.has([base]):
        pairs = work_pairs(local, path, pointer.kind, base)[1]
    elif base != pointer.tree:  # no record: what is there counts as changed, unless it is just what some version has
        found, _ = work_pairs(local, path, pointer.kind, pointer.tree)
        known = found is not None and local.stores.versions.search("data", pointer.dataset, digest=found.digest)
        pairs = [] if known else [(None, here) for _, here in pairs if here is not None]
    return {(two or one).path: (one, two) for one, two in pairs}  # type: ignore[union-attr]


def _is_beginning(local: Local, tracked: Tracked, here: Entry, wanted: Entry | None) -> bool:
    """True when a file on disk holds only the beginning of what is wanted: what a killed checkout leaves."""
    if wanted is None or here.kind != "file" or wanted.kind != "file" or here.size_bytes > wanted.size_bytes:
        return False
    path = tracked.path if tracked.pointer.kind == "file" else tracked.path / here.path
    with path.open("rb") as mine, local.blobs.open(wanted.digest) as theirs:
        while block := mine.read(1 << 20):
            if theirs.read(len(block)) != block:
                return False
    return True


def _refuse_loss(local: Local, plans: list[_Plan]) -> None:
    lost = [
        local.shown(plan.tracked.path / name)
        if plan.tracked.pointer.kind == "folder"
        else local.shown(plan.tracked.path)
        for plan in plans
        for name in plan.lost
    ]
    if lost:
        some = ", ".join(lost[:5]) + (f" and {len(lost) - 5:,} more" if len(lost) > 5 else "")
        raise Conflict(
            f"A checkout would overwrite what is in no version: {some}. Nothing was written. Commit it first (tenfold data "
            "commit), or give it up with --force"
        )


def _apply(local: Local, plan: _Plan, link: Sequence[str], relink: bool, progress: Progress | None) -> None:
    path, pointer = plan.tracked.path, plan.tracked.pointer
    record = read_record(local, path, pointer)
    if record.towards:
        _sweep(path if pointer.kind == "folder" else path.parent, deep=pointer.kind == "folder")
    if plan.write or plan.remove:
        write_record(local, path, Record(record.tree, pointer.tree))
    base = path if pointer.kind == "folder" else path.parent
    is_new = pointer.kind == "folder" and not plan.tracked.there
    for name in reversed(plan.remove):  # what lies in a folder before the folder
        _remove(base, name)
    blobs = local.blobs
    if is_new:  # with the times of its folders, which what differs does not tell
        blobs.checkout(pointer.tree, base, link=link, progress=progress)
    elif plan.write:
        blobs.place(plan.write, base, link=link, progress=progress)
    if relink:
        kept = set(plan.kept)
        entries = blobs.entries(pointer.tree) if pointer.kind == "folder" else [_alone(local, plan.tracked)]
        blobs.place([e for e in entries if e.path not in kept], base, link=link, relink=True, progress=progress)
    write_record(local, path, Record(pointer.tree))


def _alone(local: Local, tracked: Tracked) -> Entry:
    entry = only_entry(local, tracked.pointer.tree, tracked.path.name)
    if entry is None:
        raise Conflict(f"The pointer of {local.shown(tracked.path)} says one file, but its tree holds several")
    return entry


def _sweep(folder: Path, *, deep: bool) -> None:
    """Remove what a killed checkout was writing."""
    for place in folder.rglob(f".*{SUFFIX}") if deep else folder.glob(f".*{SUFFIX}"):
        if is_temporary(place.name):
            place.unlink(missing_ok=True)


def _remove(base: Path, name: str) -> None:
    """Remove a file, symlink or empty folder, and the folders that this leaves empty."""
    path = base / name
    if path.is_dir() and not path.is_symlink():
        with contextlib.suppress(OSError):  # something of no version is in it
            path.rmdir()
        return
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == base:
            return
        try:
            folder.rmdir()
        except OSError:
            return
