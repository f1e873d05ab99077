"""Collecting: objects of the cache, and of a remote, that nothing chosen refers to are removed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Damaged, Invalid, NotFound
from tenfold.doors.dvc.choosing import chosen_ever, chosen_outs
from tenfold.doors.dvc.content.moving import bring
from tenfold.doors.dvc.content.objects import is_md5
from tenfold.doors.dvc.content.remotes import Remote, open_remote
from tenfold.doors.dvc.records import MD5
from tenfold.doors.dvc.repo import Repo, open_repo
from tenfold.doors.dvc.revisions import revisions_of


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed from one place, or would be; `young` counts what only its age keeps."""

    place: str
    objects: int
    size_bytes: int
    kept: int
    young: int = 0


def collect(
    repo: Repo,
    *,
    branches: bool = False,
    tags: bool = False,
    commits: bool = False,
    revisions: Iterable[str] = (),
    projects: Iterable[Path] = (),
    cloud: bool = False,
    remote: str = "",
    preview: bool = False,
    grace_s: float = 0.0,
    skip_failed: bool = False,
) -> list[Collected]:
    """Remove what neither the working copies' .dvc files and dvc.lock nor those of the chosen revisions refer to.

    Args:
        branches: Keep what the tips of all branches refer to; `tags` and `commits` alike.
        projects: Other repositories that share the cache: the same is kept for each of them.
        cloud: Collect in the remote, too.
        preview: Remove nothing, only say what would be.
        grace_s: Leave objects that are younger, in seconds.
        skip_failed: Pass over revisions and folders of which nobody can say what they refer to.

    Raises:
        Invalid: The DVC files of a revision cannot be read, so that nobody knows what it refers to; nothing was removed.
        NotFound: The list of a folder's files is neither in the cache nor in the remote, so its files are not known.
    """
    used: dict[bool, set[str]] = {False: set(), True: set()}
    with ExitStack() as stack:
        for one in [repo, *(open_repo(project) for project in projects)]:
            if one is not repo and one.cache.folder.resolve() != repo.cache.folder.resolve():
                raise Invalid(f"{one.root} has a cache of its own, {one.cache.folder}. Leave it out, or collect there")
            stack.enter_context(one.locked("gc"))
            known = [*revisions, *revisions_of(one, branches=branches, tags=tags, commits=commits)]
            _mark(one, known, used, remote=remote, skip_failed=skip_failed)
        older_than_s = time.time() - grace_s
        done = [
            _sweep(repo.cache.folder, used[legacy], legacy=legacy, older_than_s=older_than_s, preview=preview)
            for legacy in (False, True)
        ]
        total = Collected(
            place=str(repo.cache.folder),
            objects=sum(one.objects for one in done),
            size_bytes=sum(one.size_bytes for one in done),
            kept=sum(one.kept for one in done),
            young=sum(one.young for one in done),
        )
        if not cloud:
            return [total]
        there = open_remote(repo.config, remote)
        return [total, _sweep_remote(there, used, older_than_s=older_than_s, preview=preview)]


def _mark(repo: Repo, revisions: list[str], used: dict[bool, set[str]], *, remote: str, skip_failed: bool) -> None:
    """Note what the working copy and the revisions refer to.

    Of a folder whose list of files is nowhere nobody can say which objects are its own. In the working copy that stops the
    collecting; in an old revision it is what an earlier one left.
    """
    current = {one.out.content.md5 for one in chosen_outs(repo, []) if one.out.content is not None}
    for one in chosen_ever(repo, [], revisions, skip_failed=skip_failed):
        content = one.out.content
        if content is None:
            continue
        legacy = content.hash != MD5
        used[legacy].add(content.md5)
        if not content.is_folder:
            continue
        try:
            if not repo.cache.has(content.md5, legacy=legacy):
                bring(repo.cache, open_remote(repo.config, remote or one.out.remote), [content.md5], legacy, None)
            used[legacy].update(repo.cache.folder_files(content.md5, legacy=legacy).values())
        except (BlobNotFound, Damaged, NotFound) as error:
            if content.md5 in current and not skip_failed:
                raise NotFound(
                    f"{repo.shown(one.out.place)} is a folder whose list of files, {content.md5}, is neither in the cache nor in the "
                    "remote, so nobody can say which objects are its own. Pass it over with --skip-failed"
                ) from error


def _sweep_remote(remote: Remote, used: dict[bool, set[str]], *, older_than_s: float, preview: bool) -> Collected:
    objects = size = kept = young = 0
    for legacy, prefix in ((False, "files/md5/"), (True, "")):
        for name in remote.names(prefix):
            head, _, tail = name.removeprefix(prefix).partition("/")
            if not is_md5(head + tail):
                continue
            if head + tail in used[legacy]:
                kept += 1
                continue
            size_bytes, changed_s = remote.facts(name)
            if changed_s > older_than_s:
                young += 1
                continue
            objects, size = objects + 1, size + size_bytes
            if not preview:
                remote.remove(name)
    return Collected(place=remote.url, objects=objects, size_bytes=size, kept=kept, young=young)


def _sweep(folder: Path, used: set[str], *, legacy: bool, older_than_s: float, preview: bool) -> Collected:
    top = folder if legacy else folder / "files" / "md5"
    objects = size = kept = young = 0
    for head in sorted(_heads(top)):
        with os.scandir(top / head) as entries:
            for entry in entries:
                md5 = (head + entry.name).removesuffix(".unpacked")
                if not is_md5(md5):
                    continue
                info = entry.stat(follow_symlinks=False)
                if md5 in used:
                    kept += 1
                elif info.st_mtime > older_than_s or info.st_ctime > older_than_s:
                    young += 1
                else:
                    objects, size = objects + 1, size + info.st_size
                    if not preview:
                        Path(entry.path).unlink(missing_ok=True)
    return Collected(place=str(folder), objects=objects, size_bytes=size, kept=kept, young=young)


def _heads(top: Path) -> list[str]:
    if not top.is_dir():
        return []
    return [
        entry.name for entry in top.iterdir() if len(entry.name) == 2 and is_md5(entry.name * 16) and entry.is_dir()
    ]
