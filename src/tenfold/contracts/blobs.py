"""Two contracts for bytes: `Medium`, where immutable objects lie, and `Blobs`, what the engines use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from tenfold.records import Entry, Tree

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all or 0 when unknown) while long work goes on."""


class ObjectWriter(ABC):
    """An object on its way to a medium. Nothing of it is seen before `keep`; not for several threads at once."""

    @abstractmethod
    def write(self, data: bytes | memoryview) -> None:
        """Append bytes, which the caller may change afterwards. Raises StoreFull; then, and after any other error, `drop` it."""

    @abstractmethod
    def keep(self) -> None:
        """Make it seen, durable on return. Raises StoreFull."""

    @abstractmethod
    def drop(self) -> None:
        """Give it up and remove what was written; after `keep` this does nothing."""


class _Gathered(ObjectWriter):
    """For a medium that takes objects whole: the pieces wait in memory."""

    def __init__(self, medium: Medium, name: str) -> None:
        self._medium, self._name = medium, name
        self._parts: list[bytes] = []

    def write(self, data: bytes | memoryview) -> None:
        self._parts.append(bytes(data))

    def keep(self) -> None:
        self._medium.put(self._name, b"".join(self._parts))

    def drop(self) -> None:
        self._parts.clear()


class Medium(ABC):
    """Named immutable objects: a folder, a bucket, a server, memory. Names are POSIX paths like `packs/ab/abcd…`.

    The medium must give: a put is seen whole or not at all; a get after a finished put finds it.
    """

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Store an object; durable on return. Putting a name again leaves equal bytes there. Raises StoreFull."""

    def put_parts(self, name: str, parts: list[bytes | memoryview]) -> None:
        """Store an object given in pieces, as `put` does; a medium that need not join them overrides this."""
        self.put(name, b"".join(parts))

    def writer(self, name: str) -> ObjectWriter:
        """A writer of an object that comes piece by piece; a medium that need not hold the pieces overrides this."""
        return _Gathered(self, name)

    def put_new(self, name: str, data: bytes) -> bool:
        """Store an object under a name that nobody has put; False when somebody did, and theirs stays.

        Of several at once one gets True. Here it is done with `has`, so two who come within one moment may both get
        True; a medium that can do it at one stroke overrides this. Data that no two callers share makes it repeatable.
        """
        if not self.has(name):
            self.put(name, data)
        return self.get(name) == data

    takes_files: bool = False
    """True when `take` may work: the objects are files of this machine."""

    def take(self, name: str, path: Path) -> bool:
        """Make a file the object, durable on return, by moving it; False when it lies on another disk, and stays there."""
        return False

    def local_file(self, name: str) -> Path | None:
        """The file that an object is, not to be written to; None where objects are no files of this machine."""
        return None

    @abstractmethod
    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """The object, or a range of it. Raises BlobNotFound."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """True when the object is there."""

    def stamp(self, name: str) -> str:
        """A text that changes when the object's bytes are touched; '' when there is none, or that cannot be told."""
        return ""

    @abstractmethod
    def scan(self, prefix: str = "") -> list[tuple[str, int, int]]:
        """(name, size in bytes, modified UTC ms) of the objects whose names begin with the prefix, sorted by name."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""


class Blobs(ABC):
    """Content-addressed bytes and trees: chunked, packed, compressed, verified on read (see docs/format.md).

    Digests are blake3-256 of the whole content in hex. What a `put_…` returned from is durable. Content already
    stored is not stored again.
    """

    @abstractmethod
    def put_bytes(self, data: bytes) -> str:
        """Store bytes; gives their digest."""

    @abstractmethod
    def put_file(self, path: Path) -> Entry:
        """Store one file; the entry's path is its name. Raises Conflict when it changes while being read."""

    def place_to_make(self) -> Path | None:
        """A folder for files that are made to be given to `put_made`; None: any will do."""
        return None

    def put_made(self, path: Path) -> Entry:
        """Store a file that was made for this: it may be moved into the store as it is, and its bytes not written again."""
        return self.put_file(path)

    @abstractmethod
    def put_tree(self, files: Mapping[str, Path | bytes | Entry], *, progress: Progress | None = None) -> Tree:
        """Store a tree of {path in the tree: file on disk, bytes, or an entry stored before}. Raises InvalidAddress."""

    @abstractmethod
    def edit_tree(self, tree: str, put: Mapping[str, Entry], remove: Iterable[str] = ()) -> Tree:
        """Store a tree with some paths gone, then others there; only the folders on the way to them are read and written.

        Args:
            tree: One that a version names: what stays of it is not looked through.
            put: Files and symlinks whose contents are stored.
            remove: Files and symlinks; a path that is not there is no error. A folder goes with its last file.

        Raises:
            InvalidAddress: A path to put is there and not to be removed, or is a file and a folder.
            BlobNotFound: No such tree, or content that is not stored.
        """

    @abstractmethod
    def put_folder(
        self, folder: Path, *, ignore: Callable[[str], bool] | None = None, progress: Progress | None = None
    ) -> Tree:
        """Store everything below a folder: files with mode and time, symlinks, empty folders."""

    @abstractmethod
    def has(self, digests: Iterable[str]) -> set[str]:
        """Those of the digests that are stored."""

    @abstractmethod
    def sound(self, digests: Iterable[str]) -> set[str]:
        """Those of the digests (of contents and trees, with all below them) whose bytes are stored and match their hashes.

        Every byte is read; what has not been touched since it was read is not read again. The next put of what was found
        damaged stores it anew, and copies in the cache that are wrong are gone. Where bytes lie beyond a network, large
        content (64 MiB) that was never seen before is not fetched, only looked at: it is read once it was touched.
        """

    @abstractmethod
    def get_bytes(self, digest: str) -> bytes:
        """The whole content, verified. Raises BlobNotFound, Damaged."""

    @abstractmethod
    def open(self, digest: str) -> BinaryIO:
        """A seekable reader that fetches only the chunks it is asked for, each verified."""

    @abstractmethod
    def local_path(self, digest: str) -> Path:
        """A read-only file with the content, made in the store's cache when needed: for memory maps and other programs."""

    @abstractmethod
    def entries(self, tree: str) -> list[Entry]:
        """The entries of a tree, sorted by path. Raises BlobNotFound when there is no such tree."""

    @abstractmethod
    def find_entry(self, tree: str, path: str) -> Entry | None:
        """One path of a tree, without reading the rest of a large one."""

    @abstractmethod
    def folder_entries(
        self, tree: str, folder: str = "", *, find: str = "", offset: int = 0, limit: int | None = None
    ) -> tuple[list[tuple[Entry, int]], int]:
        """Some of what lies directly in one folder of a tree, as (entry, files), and how much there is in all.

        Folders come first, then files, each by name; the rest of the tree is not read. A folder is an entry of that kind
        with the size of all below it, and counts its files; others count one. Times are not read. Nothing, where there
        is no such folder.

        Args:
            find: Only names that hold this; case is ignored.
        """

    @abstractmethod
    def diff(self, before: str | None, after: str | None) -> list[tuple[Entry | None, Entry | None]]:
        """(before, after) of each path where two trees differ in content, kind or executable bit, sorted by path.

        None for a tree stands for an empty one. Reads only the folders that differ. A changed time is no difference.
        """

    @abstractmethod
    def diff_folder(
        self, tree: str | None, folder: Path, *, ignore: Callable[[str], bool] | None = None
    ) -> tuple[Tree, list[tuple[Entry | None, Entry | None]]]:
        """The tree that a folder (or file) on disk is now, and what differs from a stored one. Stores nothing.

        Files that did not change since they were last read are not read again.
        """

    @abstractmethod
    def checkout(
        self,
        tree: str,
        folder: Path,
        *,
        paths: list[str] | None = None,
        link: Sequence[str] = (),
        relink: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """Write a tree (or only these paths and what lies below them) into a folder; gives the files written.

        Files already right are left alone, others of the tree are replaced whole; files not in the tree are not
        touched. Never writes outside `folder`, also through a symlink that is there.

        Args:
            link: Ways to place files, the one liked best first: reflink, hardlink, symlink, copy. What the file
                systems cannot do is passed over, and copy is always the last. Hard links and symlinks are read-only
                and share their time.
            relink: Also place files anew that are right but placed in another way.
        """

    @abstractmethod
    def place(
        self,
        entries: Iterable[Entry],
        folder: Path,
        *,
        link: Sequence[str] = (),
        relink: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """Write entries, of whatever trees, into a folder as `checkout` does; gives the files written."""

    @abstractmethod
    def pins(self) -> Iterator[str]:
        """Digests that live uploads hold against garbage collection."""

    @abstractmethod
    def collect(
        self, keep: Iterable[str], *, grace_ms: int, dry_run: bool = False, only: Iterable[str] | None = None
    ) -> tuple[int, int]:
        """Remove what no tree or blob of `keep` reaches and is older than the grace; gives (objects, bytes) freed.

        Safe while others write. With `only`, nothing goes but what these trees and blobs reach.
        """

    @abstractmethod
    def verify(self, *, progress: Progress | None = None) -> list[str]:
        """Read everything; gives one line for each damaged or missing object, none when sound."""

    @abstractmethod
    def repair(self, keep: Iterable[str]) -> tuple[int, list[str]]:
        """Remove damaged copies of what is sound elsewhere too; gives (objects removed, what `verify` says after it).

        Content that `verify` found damaged is stored anew by the next put of it: put what a working copy still has
        between the two. What this store's cache has is put here. Nothing else is changed.

        Args:
            keep: All that is named. What cannot be read at all is only removed where nothing of this is missing then.
        """

    @abstractmethod
    def usage(self, groups: Mapping[str, Iterable[str]]) -> dict[str, tuple[int, int]]:
        """For groups of trees: (bytes stored for it, bytes stored for it alone), compressed and without twins."""

    @abstractmethod
    def size(self) -> tuple[int, int]:
        """(objects, bytes) that the store takes on its medium."""
