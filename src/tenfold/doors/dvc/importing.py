"""The history of a DVC repository as datasets: a version wherever a commit of git changed what DVC tracks at a path.

Each tracked path becomes one dataset with the author, date and message of the commits, git's branches as branches and
git's tags as tags. Importing again adds what came since.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_ref
from tenfold.base.errors import InvalidAddress, NotFound, TenfoldError
from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.contracts.blobs import Progress
from tenfold.data.publishing import KIND, TAG
from tenfold.doors.dvc.looking.status import missing
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import Commit, at_revision, commits, git, small_files
from tenfold.doors.dvc.transfer import fetch_contents
from tenfold.records import Draft, Entry, Move, Tree, Version

_WHO = "tenfold import dvc"
_LONGEST_MESSAGE = 1_000

Tracked = dict[str, Content]
"""{path below the root: its content}."""


class Taken(msgspec.Struct, kw_only=True):
    """What an import came to. `unplaced` counts, by what it is, that which has no place here."""

    commits: int = 0
    datasets: int = 0
    versions: int = 0
    new_versions: int = 0
    files: int = 0
    size_bytes: int = 0
    unplaced: dict[str, int] = {}


def import_history(
    repo: Repo,
    stores: Stores,
    *,
    prefix: str = "",
    fetch: bool = True,
    remote: str = "",
    progress: Progress | None = None,
) -> Taken:
    """Take every version of every tracked path, of all branches and tags of git.

    Content that many versions share is read and stored once. Twice in a row the second adds nothing.

    Args:
        prefix: Put before the names of the datasets, with a dot; two repositories may else share a name.
        fetch: Get what the cache lacks from the remote; without it, such versions are counted as not imported.

    Raises:
        NotFound: The folder is no git repository, or has no commits.
    """
    work = _Import(repo, stores, prefix)
    history = commits(repo, "--branches", "--tags", "--remotes", "HEAD")
    with repo.locked("import"):
        for number, commit in enumerate(history):
            work.read(commit)
            if progress is not None:
                progress(number, 2 * len(history))
        if fetch:
            work.fetch(remote)
        for number, commit in enumerate(history):
            work.record(commit)
            if progress is not None:
                progress(len(history) + number, 2 * len(history))
    work.move_refs()
    return work.done(len(history))


class _Import:
    def __init__(self, repo: Repo, stores: Stores, prefix: str) -> None:
        self._repo, self._stores, self._prefix = repo, stores, prefix
        self._read: dict[frozenset[tuple[str, str]], Tracked] = {}
        self._tracked: dict[str, Tracked] = {}
        self._versions: dict[str, dict[str, Version]] = {}
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, str] = {}
        self._unplaced: Counter[str] = Counter()
        self._taken = Taken()

    def read(self, commit: Commit) -> None:
        """What DVC tracked at a commit; the same small files are read once."""
        files = frozenset(small_files(self._repo, commit.id).items())
        if files not in self._read:
            self._read[files] = self._read_anew(commit)
        self._tracked[commit.id] = self._read[files]

    def _read_anew(self, commit: Commit) -> Tracked:
        found: Tracked = {}
        try:
            with at_revision(self._repo, commit.id) as past:
                for stage in past.stages:
                    if stage.is_pipeline and not stage.is_locked:
                        self._unplaced["stages without an entry in dvc.lock"] += 1
                    for out in stage.outs:
                        if out.files is not None:
                            self._unplaced["outputs versioned by a cloud"] += 1
                        elif out.cache and out.content is not None and out.place.is_relative_to(past.root):
                            found[out.place.relative_to(past.root).as_posix()] = out.content
        except (TenfoldError, OSError) as error:
            if isinstance(error, NotFound) and not self._tracked and "git" in str(error):
                raise
            self._unplaced[f"revisions whose DVC files cannot be read ({str(error).replace(chr(10), ' ')[:90]})"] += 1
        return found

    def fetch(self, remote: str) -> None:
        """Bring what the cache lacks; what the remote lacks as well is counted when its version is due."""
        wanted = {content.md5: content for tracked in self._tracked.values() for content in tracked.values()}
        lacking = [content for content in wanted.values() if missing(self._repo, content)]
        for content in lacking:
            try:
                fetch_contents(self._repo, [content], remote)
            except NotFound:
                continue

    def record(self, commit: Commit) -> None:
        """The versions that begin with a commit."""
        mine = self._versions.setdefault(commit.id, {})
        for path, content in sorted(self._tracked[commit.id].items()):
            parents = [self._versions[one][path] for one in commit.parents if path in self._versions.get(one, {})]
            same = [one for one in parents if one.metadata.get("md5") == content.md5]
            if same:
                mine[path] = same[0]
                continue
            version = self._publish(commit, path, content, list(dict.fromkeys(one.id for one in parents)))
            if version is not None:
                mine[path] = version

    def _publish(self, commit: Commit, path: str, content: Content, parents: list[str]) -> Version | None:
        name = self._name(path)
        tail = int(digest(f"dvc {name} {commit.id} {content.md5}".encode())[:20], 16)
        id_ = ids.encode(min(max(commit.at_ms, 0), 2**48 - 1), tail)
        self._taken.versions += 1
        try:
            return self._stores.versions.get([id_])[0]
        except NotFound:
            pass
        if missing(self._repo, content):
            self._unplaced["versions whose content is neither in the cache nor in a remote"] += 1
            self._taken.versions -= 1
            return None
        tree = self._tree(path, content)
        self._taken.new_versions += 1
        self._taken.files += tree.files
        self._taken.size_bytes += tree.size_bytes
        draft = Draft(
            id=id_,
            kind=KIND,
            name=name,
            digest=tree.digest,
            size_bytes=tree.size_bytes,
            files=tree.files,
            type="folder",
            metadata={"git_commit": commit.id, "path": path, "md5": content.md5},
            message=commit.message[:_LONGEST_MESSAGE],
            parents=parents,
            author=commit.author,
            created_at_ms=commit.at_ms,
        )
        return self._stores.versions.publish([draft])[0]

    def _tree(self, path: str, content: Content) -> Tree:
        legacy, cache = content.hash != MD5, self._repo.cache
        name = path.rpartition("/")[2]
        listed = cache.folder_files(content.md5, legacy=legacy) if content.is_folder else {name: content.md5}
        files: dict[str, Path | bytes | Entry] = {}
        for inside, md5 in listed.items():
            known = self._entries.get(md5)
            entry = (
                Path(cache.path(md5, legacy=legacy)) if known is None else msgspec.structs.replace(known, path=inside)
            )
            files[inside] = entry
        tree = self._stores.blobs.put_tree(files)
        if any(md5 not in self._entries for md5 in listed.values()):
            mode = 0o755 if content.is_executable else 0o644
            stored = {entry.path: entry for entry in self._stores.blobs.entries(tree.digest)}
            for inside, md5 in listed.items():
                if md5 not in self._entries and inside in stored:
                    self._entries[md5] = msgspec.structs.replace(stored[inside], mode=0o644, mtime_ns=0)
            again = {
                one: msgspec.structs.replace(self._entries[md5], path=one, mode=mode) for one, md5 in listed.items()
            }
            tree = self._stores.blobs.put_tree(again)  # objects are read-only; files of a version need not be
        return tree

    def move_refs(self) -> None:
        """Branches and tags of git, for each dataset that is there at their commit; `main` for the checked-out branch."""
        found: dict[str, tuple[str, bool]] = {}
        form = "--format=%(refname) %(objectname) %(*objectname)"
        for row in (
            git(self._repo, "for-each-ref", form, "refs/heads", "refs/tags").decode("utf-8", "replace").splitlines()
        ):
            name, commit_id, peeled = row.split(" ")
            found[name] = (peeled or commit_id, name.startswith("refs/tags/"))
        for name, (commit_id, is_tag) in sorted(found.items()):
            ref = ref_of(name.split("/", 2)[2])
            for version in self._versions.get(commit_id, {}).values():
                self._move(version, ref, why=TAG if is_tag else f"git {name}")
        head = git(self._repo, "rev-parse", "HEAD").decode().strip()
        if "refs/heads/main" not in found:
            for version in self._versions.get(head, {}).values():
                self._move(version, "main", why="git HEAD")

    def _move(self, version: Version, ref: str, *, why: str) -> None:
        now = self._stores.refs.find(KIND, version.name, ref)
        if now is not None and now.version_id == version.id:
            return
        if now is not None and now.version_id not in self._mine():
            self._unplaced[f"refs that were moved here since ({version.name}@{ref})"] += 1
            return
        expect = now.version_id if now is not None else None
        move = Move(ref=ref, to=version.id, expect=expect, who=_WHO, why=why)
        self._stores.refs.move(KIND, version.name, move, at_ms=version.created_at_ms)

    def _mine(self) -> set[str]:
        return {version.id for versions in self._versions.values() for version in versions.values()}

    def _name(self, path: str) -> str:
        """The dataset's name: dots for slashes; a path whose name is taken gets one with a bit of its hash."""
        if path not in self._names:
            full = f"{self._prefix}.{path}" if self._prefix else path
            name = re.sub(r"[^A-Za-z0-9 ._+-]", "-", full.replace("/", ".")).strip(" ._+-")[:180] or "data"
            if name in self._names.values():
                name = f"{name}-{digest(path.encode())[:8]}"
            self._names[path] = name
        return self._names[path]

    def done(self, count: int) -> Taken:
        """The report."""
        self._taken.commits, self._taken.datasets = count, len(self._names)
        self._taken.unplaced = dict(self._unplaced)
        return self._taken


def ref_of(name: str) -> str:
    """A ref's name for one of git's: dots for slashes. `v3` and `3` mean versions here, so they get `git-` before them."""
    made = re.sub(r"[^A-Za-z0-9._+-]", "-", name.replace("/", ".")).lstrip("._+-")[:120] or "ref"
    try:
        return check_ref(made)
    except InvalidAddress:
        return check_ref(f"git-{made}")
