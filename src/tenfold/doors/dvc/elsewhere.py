"""Other repositories, in a folder or behind a URL of git: what they hold at a revision, one path of it brought here.

A path may be tracked by DVC there, be a plain file of git, or a folder with both.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import msgspec

from tenfold.base.errors import NotFound
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.content.cache import Cache
from tenfold.doors.dvc.content.moving import Moved, bring
from tenfold.doors.dvc.content.remotes import FolderRemote, Remote, open_remote
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import at_revision, git, read_blobs


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a listing, with the keys of `dvc list --json`."""

    isout: bool
    isdir: bool
    isexec: bool
    size: int | None
    md5: str | None
    path: str


class _File(msgspec.Struct, frozen=True):
    """A file of the other repository: an object of DVC's, or one of git (a blob's id, or '' for the file on disk)."""

    md5: str | None = None
    legacy: bool = False
    blob: str = ""
    size: int | None = None
    is_executable: bool = False


class Elsewhere:
    """Another repository at one revision.

    Args:
        state: Its DVC files as they are there.
        home: Where its git and its own cache are; a clone where it was given by URL.
        revision: '' for the working copy of a folder.
        scratch: What has to be fetched goes here.
    """

    def __init__(self, state: Repo, home: Repo, revision: str, scratch: Cache, remote: str) -> None:
        self._state, self._home, self._revision, self._remote = state, home, revision, remote
        self.cache = scratch

    def listing(self, path: str = "", *, recursive: bool = False, dvc_only: bool = False) -> list[Item]:
        """What is at a path, in order of names; of folders only their names, unless `recursive`. Raises NotFound."""
        below = self.below(path)
        found: dict[str, Item] = {}
        for inside, file in below.items():
            if dvc_only and file.md5 is None:
                continue
            name = inside or path.rpartition("/")[2]
            head, _, rest = name.partition("/")
            if rest and not recursive:
                whole = self._outs.get(f"{path}/{head}" if path else head)
                found[head] = Item(
                    isout=whole is not None, isdir=True, isexec=False, size=whole.size if whole else None,
                    md5=whole.md5 if whole else None, path=head,
                )  # fmt: skip
                continue
            found[name] = Item(
                isout=file.md5 is not None, isdir=False, isexec=file.is_executable, size=self._size(file, inside, path),
                md5=file.md5, path=name,
            )  # fmt: skip
        return [found[name] for name in sorted(found)]

    def below(self, path: str) -> dict[str, _File]:
        """{path inside: file} of a folder, or {'': file}. Raises NotFound."""
        if path in ("", "."):
            return self._files
        if path in self._files:
            return {"": self._files[path]}
        found = {name[len(path) + 1 :]: file for name, file in self._files.items() if name.startswith(f"{path}/")}
        if not found:
            raise NotFound(
                f"{self._home.root} has no {path!r}{f' at {self._revision}' if self._revision else ''}. "
                f"See what it has with: tenfold dvc list {self._home.root} -R"
            )
        return found

    def take(self, path: str, progress: Progress | None = None) -> tuple[dict[str, tuple[str, bool]], Moved]:
        """Bring all files of a path into the cache; {path inside: (md5, whether it lies where DVC 2 put it)}.

        Raises:
            NotFound: The path is not there, or its content is in neither the other's cache nor its remote.
        """
        files = self.below(path)
        done, moved, size = {}, 0, 0
        for legacy in (False, True):
            wanted = {file.md5 for file in files.values() if file.md5 is not None and file.legacy == legacy}
            lacking = wanted - self.cache.having(wanted, legacy=legacy)
            moved += len(lacking)
            self._bring(lacking, legacy, progress)
            size += sum(Path(self.cache.path(md5, legacy=legacy)).stat().st_size for md5 in lacking)
        blobs = read_blobs(self._home, {inside: file.blob for inside, file in files.items() if file.blob})
        for inside, file in files.items():
            if file.md5 is not None:
                done[inside] = (file.md5, file.legacy)
            elif file.blob:
                done[inside] = (_put(self.cache, blobs[inside]), False)
            else:
                done[inside] = (_put(self.cache, self._on_disk(path, inside).read_bytes()), False)
        self.cache.clean()
        return done, Moved(remote=str(self._home.root), objects=moved, size_bytes=size, there=len(files) - moved)

    def is_executable(self, path: str) -> bool:
        """True for a file that may be run."""
        file = self._files.get(path)
        return file is not None and file.is_executable

    def _on_disk(self, path: str, inside: str) -> Path:
        return self._home.root / path / inside if inside else self._home.root / path

    def _size(self, file: _File, inside: str, path: str) -> int | None:
        if file.size is None and file.md5 is not None:
            for cache in (self._home.cache, self.cache):
                place = Path(cache.path(file.md5, legacy=file.legacy))
                if place.exists():
                    return place.stat().st_size
        return file.size

    @cached_property
    def _outs(self) -> dict[str, Content]:
        found = {}
        for stage in self._state.stages:
            for out in stage.outs:
                if out.cache and out.content is not None and out.place.is_relative_to(self._state.root):
                    found[out.place.relative_to(self._state.root).as_posix()] = out.content
        return found

    @cached_property
    def _files(self) -> dict[str, _File]:
        found = dict(self._of_git())
        for path, content in self._outs.items():
            legacy = content.hash != MD5
            if not content.is_folder:
                found[path] = _File(content.md5, legacy, size=content.size, is_executable=content.is_executable)
                continue
            self._bring({content.md5}, legacy, None)
            for inside, md5 in self.cache.folder_files(content.md5, legacy=legacy).items():
                found[f"{path}/{inside}"] = _File(md5, legacy)
        return dict(sorted(found.items()))

    def _of_git(self) -> Iterator[tuple[str, _File]]:
        yield from self._committed() if self._revision else self._on_this_disk("")

    def _committed(self) -> Iterator[tuple[str, _File]]:
        for row in git(self._home, "ls-tree", "-r", "-z", "-l", self._revision, "./").split(b"\x00"):
            meta, _, name = row.partition(b"\t")
            if name and meta.split()[1] == b"blob":
                mode, _, blob, size = meta.decode().split()
                path = name.decode("utf-8", "surrogateescape")
                if not path.startswith(".dvc/"):
                    yield path, _File(blob=blob, size=int(size), is_executable=mode == "100755")

    def _on_this_disk(self, folder: str) -> Iterator[tuple[str, _File]]:
        with os.scandir(self._home.root / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                path = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if path in self._outs or self._home.ignoring.is_out(path, is_folder=is_folder):
                    continue
                if is_folder:
                    yield from self._on_this_disk(path)
                elif entry.is_file():
                    info = entry.stat()
                    yield path, _File(size=info.st_size, is_executable=bool(info.st_mode & 0o111))

    def _bring(self, md5s: Iterable[str], legacy: bool, progress: Progress | None) -> None:
        lacking = set(md5s) - self.cache.having(md5s, legacy=legacy)
        for open_source in (self._own_cache, self._own_remote):
            if lacking:
                lacking = bring(self.cache, open_source(), sorted(lacking), legacy, progress)
        if lacking:
            raise NotFound(
                f"{len(lacking)} objects of {self._home.root} are neither in its cache nor in its remote, {min(lacking)} "
                "among them. Have them pushed from where they are"
            )

    def _own_cache(self) -> Remote:
        return FolderRemote("cache", str(self._home.cache.folder))

    def _own_remote(self) -> Remote:
        return open_remote(self._home.config, self._remote)


@contextmanager
def elsewhere(
    url: str, revision: str = "", *, remote: str = "", cache: Cache | None = None, base: Path | None = None
) -> Iterator[Elsewhere]:
    """Another repository, while the block lasts.

    Args:
        url: A folder, or what git can clone.
        revision: Of git. None stands for the working copy of a folder, and for HEAD of a clone.
        remote: Which of its remotes to use where its own cache lacks something.
        cache: Where what it sends is put; a scratch folder when not given.
        base: What a relative folder is relative to.

    Raises:
        NotFound: git cannot clone the URL, or there is no such revision.
    """
    with ExitStack() as stack:
        folder = Path(os.path.normpath((base or Path.cwd()) / url))
        if "://" not in url and folder.is_dir():
            home = Repo(folder)
        else:
            home = Repo(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "clone")
            _clone(url, home.root)
            revision = revision or "HEAD"
            _take_settings(home, revision)
        state = stack.enter_context(at_revision(home, revision)) if revision else home
        scratch = cache or Cache(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        yield Elsewhere(state, home, revision, scratch, remote)


def _clone(url: str, place: Path) -> None:
    done = subprocess.run(
        ["git", "clone", "-q", "--no-checkout", "--", url, str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotFound(
            f"{url} is no folder here and git cannot clone it: {done.stderr.strip()[-200:]}. Check the address"
        )


def _take_settings(home: Repo, revision: str) -> None:
    """The clone's .dvc/config, which nobody checked out."""
    home.dvc_folder.mkdir()
    try:
        (home.dvc_folder / "config").write_bytes(git(home, "show", f"{revision}:./.dvc/config"))
    except NotFound:
        return  # a repository without DVC: only git's files


def _put(cache: Cache, data: bytes) -> str:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    cache.put_bytes(md5, data)
    return md5
