"""A dataset: versions of a tree of files under one name, with branches and tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tenfold.base.addresses import check_name, check_ref
from tenfold.base.clock import Clock, now_ms
from tenfold.base.errors import BlobNotFound, Conflict
from tenfold.base.user import user_name
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.branches import is_branch, parent_on
from tenfold.data.comparing import diff_table, diff_text, diff_versions
from tenfold.data.diff import Diff, diff_of
from tenfold.data.files import check_out, files_of, local_file, matching, open_file, tree_of
from tenfold.data.history import At, every_version, first_parents, version_meant
from tenfold.data.merging import MergePlan, Prefer, common_ancestor, merge_trees, plan_merge
from tenfold.data.part import read_table, scan_entries, tables_below
from tenfold.data.publishing import KIND, TAG, make_ref, publish_tree, tagged
from tenfold.data.referenced import blobs_of
from tenfold.data.sources import Source, ignored, store_source
from tenfold.records import Entry, Move, Ref, Tree, Version

if TYPE_CHECKING:
    import polars

    from tenfold.data.tables_diff import TableDiff


class Dataset:
    """`data:<name>` in these stores. Holds nothing but the name, so any number may be in use at once.

    Args:
        on_commit: Called with each version that `commit` recorded, after it is recorded. Not for one found again.
    """

    def __init__(
        self,
        stores: Stores,
        name: str,
        *,
        clock: Clock = now_ms,
        on_commit: Callable[[Version], None] | None = None,
    ) -> None:
        self.stores = stores
        self.name = check_name(name)
        self._clock = clock
        self._on_commit = on_commit

    def commit(
        self,
        source: Source,
        *,
        message: str = "",
        branch: str = "main",
        add: bool = False,
        author: str = "",
        run_id: str | None = None,
        based_on: At = None,
        progress: Progress | None = None,
    ) -> Version:
        """Record files as the next version and move the branch to it, both at once.

        Readers see the version all at once or not at all. The tree the branch names already gives that version again.

        Args:
            source: A folder or a file on disk, a tree stored before, or a mapping {path in the dataset: file, folder
                or bytes}.
            add: Keep the other files of the version before. Otherwise the source is the whole new tree.
            run_id: The run that made it; it gets the edge "produced".
            based_on: The version the source was made from. The branch must still name it; without it, the branch
                must not move while the source is stored.

        Raises:
            RefMoved: Somebody else committed meanwhile. Nothing was recorded; what was stored makes trying again quick.
        """
        check_ref(branch)
        parent = parent_on(self.stores, self.name, branch, None if based_on is None else self.at(based_on))
        blobs = self.stores.blobs
        kept = {e.path: e for e in files_of(self.stores, parent)} if add and parent is not None else {}
        tree = store_source(blobs, source, kept, progress=progress)
        head = self.stores.refs.find(KIND, self.name, branch)
        if parent is not None and head is not None and head.version_id == parent.id and tree.digest == parent.digest:
            return parent
        expect = None if head is None else (parent.id if parent is not None else None)
        why = Move(ref=branch, expect=expect, who=author or user_name(), why=message)
        return self._publish(tree, [parent.id] if parent is not None else [], why, run_id)

    def merge(
        self,
        theirs: At,
        *,
        into: At = "main",
        prefer: Prefer | None = None,
        message: str = "",
        author: str = "",
    ) -> Version:
        """Bring the changes of another branch or version into a branch: three-way, by path.

        Where only the other side moved, the branch moves to it. Otherwise the merged tree is a new version with both
        as parents. Merging what is merged already gives the version that is there.

        Args:
            into: A branch. A version that no branch need name gives a version that no branch names.
            prefer: "ours" or "theirs": whose content a path gets that both changed.

        Raises:
            Conflict: Both sides changed a path; names them. Nothing was recorded. See `plan_merge`.
            RefMoved: Somebody committed to the branch meanwhile. Nothing was recorded.
        """
        ours, other = self.at(into), self.at(theirs)
        plan = self.plan_merge(other, into=ours)
        if plan.nothing_new:
            return ours
        text = message or f"merge v{other.number} into v{ours.number}"
        why = Move(ref=str(into), to=other.id, expect=ours.id, who=author or user_name(), why=text)
        is_on_branch = isinstance(into, str) and is_branch(self.stores, self.name, into)
        if plan.base == ours.digest:
            if is_on_branch:
                self.stores.refs.move(KIND, self.name, why, at_ms=self._clock())
            return other
        tree = merge_trees(self.stores.blobs, plan, prefer=prefer, names=f"{other.address} into {ours.address}")
        return self._publish(tree, [ours.id, other.id], why, None, move=is_on_branch)

    def plan_merge(self, theirs: At, *, into: At = "main") -> MergePlan:
        """What `merge` would do: paths taken from theirs, and paths that both sides changed. Changes nothing."""
        ours, other = self.at(into), self.at(theirs)
        base = common_ancestor(self.stores, ours, other)
        return plan_merge(self.stores.blobs, None if base is None else base.digest, ours.digest, other.digest)

    def status(self, folder: str | Path, at: At = None) -> Diff:
        """What a folder (or file) on disk has that a version has not, and the other way round. Stores nothing."""
        version = self.at(at)
        return diff_of(self.stores.blobs.diff_folder(tree_of(version), Path(folder), ignore=ignored)[1])

    def at(self, at: At = None) -> Version:
        """The version that is meant. Raises VersionNotFound, saying what is there instead."""
        return version_meant(self.stores, self.name, at)

    def log(self, at: At = None) -> list[Version]:
        """A version and those it was made from, the newest first."""
        return first_parents(self.stores, self.at(at))

    def versions(self) -> list[Version]:
        """All versions outside the bin, on whatever branch, the newest first."""
        return every_version(self.stores, KIND, self.name)

    def refs(self) -> list[Ref]:
        """Branches and tags, sorted by name."""
        return self.stores.refs.all(KIND, self.name)

    def branches(self) -> list[Ref]:
        """The refs that commits move, sorted by name."""
        fixed = tagged(self.stores, self.name)
        return [ref for ref in self.refs() if ref.ref not in fixed]

    def tags(self) -> list[Ref]:
        """The refs that stay, sorted by name."""
        fixed = tagged(self.stores, self.name)
        return [ref for ref in self.refs() if ref.ref in fixed]

    def branch(self, name: str, at: At = None, *, author: str = "") -> Ref:
        """Make a branch that begins at a version. Raises RefMoved when there is a ref of that name elsewhere."""
        version = self.at(at)
        move = Move(ref=check_ref(name), to=version.id, expect=None, who=author or user_name(), why="branch")
        return make_ref(self.stores, self.name, move, at_ms=self._clock())

    def tag(self, name: str, at: At = None, *, author: str = "") -> Ref:
        """Give a version a name that stays. Raises RefMoved when there is a ref of that name elsewhere."""
        version = self.at(at)
        move = Move(ref=check_ref(name), to=version.id, expect=None, who=author or user_name(), why=TAG)
        return make_ref(self.stores, self.name, move, at_ms=self._clock())

    def diff(self, before: At, after: At = None, *, tables_too: bool = True) -> Diff:
        """What changed from one version to another.

        Args:
            tables_too: Also count rows and compare columns of the tables among the files, where Polars is installed.
        """
        return diff_versions(self.stores, self.at(before), self.at(after), tables_too=tables_too)

    def diff_table(
        self,
        path: str,
        before: At,
        after: At = None,
        *,
        key: str | Sequence[str] = (),
        rows: int = 20,
        statistics: bool = True,
    ) -> TableDiff:
        """Which rows and columns of one table changed from one version to another. Needs the extra `tables`.

        Args:
            path: A table file; or a folder or glob, whose table files are compared as one table.
            key: The column or columns that name a row; without them rows are compared whole.
            rows: At most so many changed, added and removed rows are given each.
            statistics: Also give the statistics of each column on both sides.

        Raises:
            BlobNotFound: Neither version has a table there.
            Invalid: A column of the key is missing on a side, or a file cannot be read as a table.
        """
        wanted = [key] if isinstance(key, str) else list(key)
        sides = self.at(before), self.at(after)
        return diff_table(self.stores, *sides, path, key=wanted, rows=rows, statistics=statistics)

    def diff_text(self, path: str, before: At, after: At = None) -> str | None:
        """The unified diff of a text file; None when a side is no text or over 1 MiB, "" when nothing changed.

        Raises:
            BlobNotFound: Neither version has that file.
        """
        versions = [self.at(at) for at in (before, after)]
        old, new = ((blobs_of(self.stores, v), self.stores.blobs.find_entry(tree_of(v), path)) for v in versions)
        if old[1] is None and new[1] is None:
            raise BlobNotFound(f"Neither version has a file {path!r}. See what differs with diff()", field="path")
        return diff_text(old, new)

    def files(self, at: At = None) -> list[Entry]:
        """Files, symlinks and empty folders of a version, sorted by path."""
        return files_of(self.stores, self.at(at))

    def glob(self, path: str, at: At = None) -> list[Entry]:
        """The entries of a file, a folder or a glob (`2013/**/*.csv`), sorted by path. Raises BlobNotFound for none."""
        return matching(self.stores, self.at(at), path)

    def open(self, path: str, at: At = None) -> BinaryIO:
        """A seekable reader of one file, which fetches only what is read. Raises BlobNotFound."""
        return open_file(self.stores, self.at(at), path)

    def path(self, path: str, at: At = None) -> Path:
        """A read-only file on this machine with the content of one file, named by its hash. Raises BlobNotFound."""
        return local_file(self.stores, self.at(at), path)

    def checkout(
        self,
        folder: str | Path,
        at: At = None,
        *,
        paths: list[str] | None = None,
        link: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> int:
        """Write a version, or only these paths or globs and what lies below them, into a folder; gives the files written.

        Files that are right already, and files the version does not have, are left alone.

        Args:
            link: Ways to place files, best first: reflink, hardlink, symlink, copy; see `Blobs.checkout`.
        """
        return check_out(self.stores, self.at(at), Path(folder), paths, link=link, progress=progress)

    def table(
        self, at: At = None, *, paths: list[str] | None = None, columns: list[str] | None = None
    ) -> polars.DataFrame:
        """The table files of a version, or only these, as one table in order of their paths. Needs the extra `tables`.

        With `columns`, nothing else of Parquet files is fetched.
        """
        return read_table(self.stores, self.at(at), paths, columns)

    def scan(self, path: str = "", at: At = None) -> polars.LazyFrame:
        """The tables at a path as one lazy frame that fetches only what a query asks for. Needs the extra `tables`.

        `sales.scan("2013/*.parquet").select("price").collect()` fetches one column of each file.

        Args:
            path: A table file, a folder or a glob; empty: all table files of the version.

        Raises:
            BlobNotFound: Nothing is there.
            Invalid: No table file is among what is there.
        """
        version = self.at(at)
        return scan_entries(blobs_of(self.stores, version), tables_below(self.stores, version, path))

    def delete(self, at: At) -> Version:
        """Put a version into the bin. Raises Conflict while a branch or tag names it."""
        version = self.at(at)
        named = [ref.ref for ref in self.refs() if ref.version_id == version.id]
        if named:
            raise Conflict(f"{version.address} is what {', '.join(named)} names. Move or remove that first")
        self.stores.versions.set_deleted([version.id], at_ms=self._clock())
        return version

    def restore(self, number: int) -> Version:
        """Take a version out of the bin. Raises VersionNotFound when there never was one of that number."""
        found = self.stores.versions.find(KIND, self.name, number)
        if found is None:
            return self.at(number)
        self.stores.versions.set_deleted([found.id], at_ms=None)
        return self.stores.versions.get([found.id])[0]

    def _publish(self, tree: Tree, parents: list[str], why: Move, run_id: str | None, *, move: bool = True) -> Version:
        version = publish_tree(self.stores, self.name, tree, parents, why, run_id, move=move, at_ms=self._clock())
        if self._on_commit is not None:
            self._on_commit(version)
        return version
