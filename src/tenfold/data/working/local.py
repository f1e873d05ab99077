"""What all work on tracked paths shares: stores, the folder one stands in, and what each working copy was last made to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenfold.base.errors import Conflict, Invalid, NotFound
from tenfold.base.files import locked, write_atomic
from tenfold.base.hashing import digest
from tenfold.contracts import Blobs, Stores
from tenfold.data.dataset import Dataset
from tenfold.data.diff import Pair
from tenfold.data.pointers import SUFFIX, Pointer, find_tracked, is_pointer_name, pointer_path, read_pointer
from tenfold.data.publishing import KIND
from tenfold.data.sources import ignored
from tenfold.records import Entry, Tree, Version

LOCK_S = 60.0


@dataclass(frozen=True)
class Local:
    """Where working copies are.

    Records (versions, refs) are opened only by what needs them: a `status` costs no database.

    Args:
        folder: Relative paths start here, and tracked paths are looked for below it.
        cache: A folder for records of working copies: losing it costs a question, never data.
        on_commit: Called with each new version.
        run_id: The run that commits, if any.
    """

    blobs: Blobs
    open_stores: Callable[[], Stores]
    folder: Path
    cache: Path
    on_commit: Callable[[Version], None] | None = None
    run_id: str | None = None

    @property
    def stores(self) -> Stores:
        """Records and bytes."""
        return self.open_stores()

    def dataset(self, name: str) -> Dataset:
        """A dataset of these stores."""
        return Dataset(self.stores, name, on_commit=self.on_commit)

    def absolute(self, path: str | Path) -> Path:
        """The path itself, not what it links to; also of one given by its pointer."""
        given = Path(path)
        if is_pointer_name(given.name) and not (self.folder / given).is_dir():
            given = given.with_name(given.name.removesuffix(SUFFIX))
        whole = Path(self.folder.absolute(), given)
        return Path(*_without_dots(whole.parts))

    def shown(self, path: Path) -> str:
        """A path as messages show it: from the folder one stands in, where it is below it."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)


@dataclass(frozen=True)
class Tracked:
    """A tracked path and its pointer."""

    path: Path
    pointer: Pointer

    @property
    def there(self) -> bool:
        """True when there is a working copy."""
        return self.path.is_symlink() or self.path.exists()


class Record(msgspec.Struct, frozen=True):
    """Digests of trees: what a working copy was last made to be, what a checkout under way makes it, what a commit under way
    records."""

    tree: str = ""
    towards: str = ""
    offered: str = ""


def tracked_in(local: Local, paths: Sequence[str | Path] = ()) -> list[Tracked]:
    """The tracked paths among these and below these; all below the folder one stands in when none are given.

    Raises:
        NotFound: A path is not tracked and has nothing tracked below it.
        Conflict, Invalid: A pointer cannot be read.
    """
    found: dict[Path, Tracked] = {}
    for path in [local.absolute(given) for given in paths] or [local.folder.absolute()]:
        pointer = read_pointer(path)
        inside = [path] if pointer is not None else list(find_tracked(path))
        if not inside and paths:
            raise NotFound(
                f"{local.shown(path)} is not tracked. Track it with: tenfold data add {local.shown(path)}",
                field="paths",
            )
        for one in inside:
            pointer = read_pointer(one)
            if pointer is not None:
                found[one] = Tracked(one, pointer)
    return list(found.values())


def version_of(local: Local, pointer: Pointer) -> Version | None:
    """The version a pointer names, by its id or, in a store where it has another, by its tree; None when it is not here."""
    versions = local.stores.versions
    same_tree = versions.search(KIND, pointer.dataset, digest=pointer.tree)
    return next((v for v in same_tree if v.id == pointer.version_id), same_tree[0] if same_tree else None)


def work_pairs(local: Local, path: Path, kind: str, tree: str | None) -> tuple[Tree | None, list[Pair]]:
    """(tree, pairs) of a working copy beside a stored tree: before is stored, after is on disk.

    A tracked file that was renamed with its pointer is the same file: the paths of its pairs are its name on disk.
    """
    blobs = local.blobs
    if not (path.is_symlink() or path.exists()):
        gone = [] if tree is None else [one for _, one in blobs.diff(None, tree)]
        if kind == "file" and tree is not None:
            gone = [only_entry(local, tree, path.name)]
        return None, [(one, None) for one in gone]
    if kind == "folder":
        return blobs.diff_folder(tree, path, ignore=ignored)
    found, pairs = blobs.diff_folder(None, path)
    after = pairs[0][1] if pairs else None
    before = only_entry(local, tree, path.name) if tree is not None else None
    same = before is not None and after is not None and content_of(before) == content_of(after)
    return found, [] if same or before is after is None else [(before, after)]


def only_entry(local: Local, tree: str, name: str) -> Entry | None:
    """The file of a tree of one, under another name."""
    entries = local.blobs.entries(tree)
    return msgspec.structs.replace(entries[0], path=name) if len(entries) == 1 else None


def content_of(entry: Entry | None) -> tuple[str, str, int] | None:
    """What makes two entries the same: content, kind, executable bit."""
    return None if entry is None else (entry.digest, entry.kind, entry.mode & 0o100)


def read_record(local: Local, path: Path, pointer: Pointer | None = None) -> Record:
    """What is known of a working copy; nothing when it was never checked out here.

    Args:
        pointer: When it names what a commit here was about to record, that commit was killed, or the disk became full,
            between writing the pointer and saying so: the working copy is made from that.
    """
    try:
        record = msgspec.json.decode(_record_path(local, path).read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return Record()
    if pointer is not None and record.offered == pointer.tree:
        return Record(pointer.tree, record.towards)
    return record


def write_record(local: Local, path: Path, record: Record) -> None:
    """Remember what a working copy was made to be."""
    place = _record_path(local, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(place, msgspec.json.encode(record), durable=False)


def refuse_if_cut_short(local: Local, path: Path) -> None:
    """Raise Conflict when a checkout of this path was killed half-way: what is there is no state anybody chose."""
    if read_record(local, path).towards:
        raise Conflict(
            f"A checkout of {local.shown(path)} was cut short. End it first: tenfold data checkout {local.shown(path)}"
        )


@contextmanager
def holding(local: Local, path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock of one working copy. Raises Unavailable, naming the holder, when it is not had within a minute."""
    with locked(_record_path(local, path).with_suffix(".lock"), timeout_s=LOCK_S, purpose=f"tenfold data {purpose}"):
        yield


def check_trackable(local: Local, path: Path) -> None:
    """Raise Invalid or Conflict when a path cannot be tracked, and say why."""
    shown = local.shown(path)
    if not path.is_symlink() and not path.exists():
        raise Invalid(f"{shown} is not there. Check the path", field="paths")
    if path.is_symlink() and path.is_dir():
        raise Invalid(f"{shown} is a symlink to a folder. Track the folder itself: {path.resolve()}", field="paths")
    if (path / ".git").exists() or path in local.folder.absolute().parents or path == local.folder.absolute():
        raise Invalid(
            f"{shown} holds where you stand, or a repository, and has no place beside it for its pointer. Name a folder or "
            "file inside it",
            field="paths",
        )
    if is_pointer_name(path.name) or path.name == SUFFIX:
        raise Invalid(f"{shown} is a pointer or a store. Name the data beside it", field="paths")
    for above in path.parents:
        if above.name and pointer_path(above).is_file():
            raise Conflict(
                f"{shown} lies in {local.shown(above)}, which is tracked. Commit that: tenfold data commit "
                f"{local.shown(above)}",
                field="paths",
            )


def _record_path(local: Local, path: Path) -> Path:
    return local.cache / "copies" / f"{digest(str(path).encode('utf-8', 'surrogateescape'))[:32]}.json"


def _without_dots(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept = kept[:-1] if len(kept) > 1 else kept
        elif part != ".":
            kept.append(part)
    return kept
