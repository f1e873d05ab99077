"""One path of another repository brought here: downloaded, or into the cache for what `dvc import` tracks."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import msgspec

from tenfold.base.errors import BlobNotFound, Conflict
from tenfold.contracts.blobs import Progress
from tenfold.doors.dvc.choosing import Chosen
from tenfold.doors.dvc.content.moving import Moved
from tenfold.doors.dvc.content.objects import encode_folder
from tenfold.doors.dvc.elsewhere import elsewhere
from tenfold.doors.dvc.repo import Repo


class Got(msgspec.Struct, frozen=True):
    """What was brought: where it is now, how many files, bytes in all."""

    path: str
    files: int
    size_bytes: int


def get(
    url: str,
    path: str,
    target: Path,
    *,
    revision: str = "",
    remote: str = "",
    force: bool = False,
    progress: Progress | None = None,
) -> Got:
    """Download one path of another repository; it appears whole or not at all, and nothing here tracks it.

    Raises:
        Conflict: The target is there; `force` replaces it.
        NotFound: No such repository, revision or path, or its content is nowhere.
    """
    if (target.exists() or target.is_symlink()) and not force:
        raise Conflict(f"{target} is there already. Replace it with --force, or name another place with --out")
    path = os.path.normpath(path)
    with elsewhere(url, revision, remote=remote) as other:
        files, _ = other.take(path, progress)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            size = 0
            for inside, (md5, legacy) in files.items():
                place = temporary / inside if inside else temporary
                place.parent.mkdir(parents=True, exist_ok=True)
                is_executable = other.is_executable(f"{path}/{inside}" if inside else path)
                other.cache.place(md5, str(place), is_executable=is_executable, legacy=legacy)
                size += place.stat().st_size
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            temporary.replace(target)
        finally:
            if temporary.is_dir():
                shutil.rmtree(temporary)
            temporary.unlink(missing_ok=True)
    return Got(str(target), len(files), size)


def fetch_import(repo: Repo, one: Chosen, progress: Progress | None = None) -> Moved:
    """Bring the content of what `dvc import` tracks into the cache, from the repository it was imported from.

    Raises:
        NotFound: The other repository, or the content in it, is not there any more, or is another by now.
    """
    dep, content = one.stage.deps[0], one.out.content
    assert content is not None
    given = dep.foreign["repo"]
    revision = given.get("rev_lock") or given.get("rev") or ""
    with elsewhere(given["url"], revision, cache=repo.cache, base=repo.root) as other:
        files, moved = other.take(os.path.normpath(dep.path), progress)
    if content.is_folder:
        md5, data = encode_folder({inside: md5 for inside, (md5, _) in files.items()})
        repo.cache.put_bytes(md5, data)
        repo.cache.clean()
    if not repo.cache.has(content.md5):
        raise BlobNotFound(
            f"{dep.path} of {given['url']} at {revision[:12]} is not what {repo.shown(one.out.place)} was imported from. "
            "Import it anew with dvc"
        )
    return moved
