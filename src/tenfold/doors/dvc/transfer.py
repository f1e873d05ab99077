"""Push, fetch and pull: objects between the cache and the remotes, checked where they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import msgspec

from tenfold.base.errors import NotFound
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.checking_out import CheckedOut, check_out
from tenfold.doors.dvc.choosing import Chosen, chosen_ever, chosen_outs
from tenfold.doors.dvc.content.moving import Moved, bring, each, move_runs
from tenfold.doors.dvc.content.remotes import FolderRemote, Remote, open_remote
from tenfold.doors.dvc.getting import fetch_import
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo

_Parts = dict[str, Callable[[str], bool]]
"""{md5: which paths of it, where it is a folder}."""


class Pulled(msgspec.Struct, frozen=True):
    """What came from the remotes, and what was put right in the working copy."""

    fetched: list[Moved]
    checked_out: list[CheckedOut]


def push(
    repo: Repo,
    targets: Iterable[str] = (),
    *,
    remote: str = "",
    with_deps: bool = False,
    run_cache: bool = False,
    revisions: Iterable[str] = (),
    progress: Progress | None = None,
) -> list[Moved]:
    """Send to the remotes what they have not. Files go before the object of the folder that lists them.

    Args:
        with_deps: Also what the targets are made from.
        run_cache: Also what stages gave for inputs seen before.
        revisions: Of git, whose data is sent, too.

    Raises:
        NotFound: The cache lacks an object that the remote lacks, too; all others were sent.
    """
    with repo.locked("push"):
        every = chosen_ever(repo, targets, revisions, with_deps=with_deps)
        chosen = [one for one in every if one.out.push and not one.stage.is_from_repository]
        done = [_push(repo, *group, progress) for group in _groups(repo, chosen, remote)]
        if run_cache:
            move_runs(repo.cache, open_remote(repo.config, remote), is_push=True)
        return done


def fetch(
    repo: Repo,
    targets: Iterable[str] = (),
    *,
    remote: str = "",
    with_deps: bool = False,
    run_cache: bool = False,
    revisions: Iterable[str] = (),
    progress: Progress | None = None,
) -> list[Moved]:
    """Bring into the cache what it has not, each object hashed before it counts. The working copy is not touched.

    Raises:
        NotFound: The remote has not all of it; what it has was brought.
        Damaged: An object arrived twice with another md5 than its name says.
    """
    with repo.locked("fetch"):
        chosen = chosen_ever(repo, targets, revisions, with_deps=with_deps)
        done = _fetch_all(repo, chosen, remote, progress)
        if run_cache:
            move_runs(repo.cache, open_remote(repo.config, remote), is_push=False)
        return done


def pull(
    repo: Repo,
    targets: Iterable[str] = (),
    *,
    remote: str = "",
    with_deps: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Pulled:
    """`fetch`, then `checkout`. With nothing to fetch the remotes are not asked."""
    with repo.locked("pull"):
        chosen = chosen_outs(repo, targets, with_deps=with_deps)
        fetched = _fetch_all(repo, chosen, remote, progress)
        return Pulled(fetched, check_out(repo, chosen, force=force, progress=progress))


def fetch_contents(repo: Repo, contents: Iterable[Content], remote: str = "", progress: Progress | None = None) -> None:
    """Bring these contents, whichever revision names them, into the cache. Raises as `fetch` does."""
    for legacy in (False, True):
        parts: _Parts = {content.md5: _all for content in contents if (content.hash != MD5) == legacy}
        if parts:
            _fetch(repo, open_remote(repo.config, remote), parts, legacy, progress)


def _groups(repo: Repo, chosen: Iterable[Chosen], remote: str) -> list[tuple[Remote, bool, list[Chosen]]]:
    groups: dict[tuple[str, bool], list[Chosen]] = {}
    for one in chosen:
        if one.out.content is not None:
            groups.setdefault((remote or one.out.remote, one.out.content.hash != MD5), []).append(one)
    return [(open_remote(repo.config, name), legacy, ones) for (name, legacy), ones in groups.items()]


def _push(repo: Repo, remote: Remote, legacy: bool, chosen: list[Chosen], progress: Progress | None) -> Moved:
    files: set[str] = set()
    folders: dict[str, set[str]] = {}
    lacking: set[str] = set()
    for one in chosen:
        content = one.out.content
        assert content is not None
        if not content.is_folder:
            files.add(content.md5)
        elif repo.cache.has(content.md5, legacy=legacy):
            inside = repo.cache.folder_files(content.md5, legacy=legacy)
            wanted = {md5 for path, md5 in inside.items() if one.takes(path)}
            folders.setdefault(content.md5, set()).update(wanted)
            files |= wanted
        else:
            lacking.add(content.md5)
    every = files.union(folders)
    there = remote.having(every | lacking, legacy=legacy)
    here = repo.cache.having(every - there, legacy=legacy)
    lacking = (lacking | every) - there - here
    whole = {folder for folder, wanted in folders.items() if folder in here and not wanted & lacking}
    size = 0
    for batch in (sorted(files & here), sorted(whole)):
        size += sum(Path(repo.cache.path(md5, legacy=legacy)).stat().st_size for md5 in batch)
        each(remote, batch, partial(_send, repo, remote, legacy), progress)
    if isinstance(remote, FolderRemote):
        remote.close()
    if lacking:
        raise NotFound(
            f"{len(lacking)} objects are neither in the cache nor in remote {remote.name!r}, {min(lacking)} among them. "
            "Get them from where they are with: tenfold dvc fetch, or make them again with: tenfold dvc repro"
        )
    return Moved(remote=remote.name, objects=len(here), size_bytes=size, there=len(there))


def _send(repo: Repo, remote: Remote, legacy: bool, md5: str) -> None:
    remote.put(md5, repo.cache.path(md5, legacy=legacy), legacy=legacy)


def _fetch_all(repo: Repo, chosen: Iterable[Chosen], remote: str, progress: Progress | None) -> list[Moved]:
    wanted: dict[tuple[str, bool], _Parts] = {}
    done: list[Moved] = []
    for one in chosen:
        content = one.out.content
        if content is None or _is_here(repo, one, content):
            continue
        if one.stage.is_from_repository:
            done.append(fetch_import(repo, one, progress))
        else:
            parts = wanted.setdefault((remote or one.out.remote, content.hash != MD5), {})
            parts[content.md5] = one.takes if content.md5 not in parts else _all
    for (name, legacy), parts in wanted.items():
        done.append(_fetch(repo, open_remote(repo.config, name), parts, legacy, progress))
    return done


def _all(path: str) -> bool:
    return True


def _is_here(repo: Repo, one: Chosen, content: Content) -> bool:
    legacy = content.hash != MD5
    if not repo.cache.has(content.md5, legacy=legacy):
        return False
    if not content.is_folder:
        return True
    inside = repo.cache.folder_files(content.md5, legacy=legacy)
    wanted = {md5 for path, md5 in inside.items() if one.takes(path)}
    return repo.cache.having(wanted, legacy=legacy) == wanted


def _fetch(repo: Repo, remote: Remote, parts: _Parts, legacy: bool, progress: Progress | None) -> Moved:
    """The objects of folders first, since they say which files there are."""
    cache = repo.cache
    folders = {md5 for md5 in parts if md5.endswith(".dir")}
    first = sorted(set(parts) - cache.having(parts, legacy=legacy))
    lacking = bring(cache, remote, first, legacy, progress)
    files: set[str] = set()
    for md5 in folders - lacking:
        files |= {inner for path, inner in cache.folder_files(md5, legacy=legacy).items() if parts[md5](path)}
    there = cache.having(files, legacy=legacy)
    second = sorted(files - there)
    lacking |= bring(cache, remote, second, legacy, progress)
    cache.clean()
    if lacking:
        raise NotFound(
            f"Remote {remote.name!r} ({remote.url}) lacks {len(lacking)} objects, {min(lacking)} among them. "
            "Have them pushed from where they are, or name another remote with -r"
        )
    brought = [*first, *second]
    size = sum(Path(cache.path(md5, legacy=legacy)).stat().st_size for md5 in brought)
    return Moved(remote=remote.name, objects=len(brought), size_bytes=size, there=len(parts) - len(first) + len(there))
